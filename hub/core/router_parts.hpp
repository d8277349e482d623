// What the files of the router hand each other while they handle one frame. The router's own; views live as long as
// that.
#pragma once

#include "hub/core/event.hpp"
#include "hub/core/failure.hpp"
#include "hub/core/fd.hpp"
#include "hub/core/ids.hpp"
#include "hub/core/message.hpp"
#include "hub/core/translation.hpp"
#include "hub/wire/decoder.hpp"
#include "hub/wire/legacy_json.hpp"
#include "hub/wire/native.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pandora::hub::core {

/// A legacy frame being handled.
struct Inbound {
    PeerId from;
    std::uint32_t packet;
    const wire::LegacyBody& body;
    const wire::Frame& frame;
    TimePoint now;
};

/// A native control frame being handled.
struct ControlFrame {
    PeerId from;
    std::uint32_t packet;
    std::uint8_t flags;
    const wire::NativeBody& body;
    std::span<const Fd> fds;
    TimePoint now;
};

/// A callee has gone before it answered. `how`: what the hub itself has seen of it.
struct Loss {
    Failure failure;
    std::string_view how;
};

/// One message in the forms that its receivers need, each made when the first one needs it.
struct Forms {
    std::shared_ptr<const std::string> shared; // what the sender's own dialect hands on, for more than one
    std::optional<std::string> legacy;         // the `data` of a native message
    std::optional<NativeTail> native;          // of a legacy message
};

/// An event on its way to its subscribers.
struct Occurrence {
    const Message& message;
    const std::string& object;
    const wire::NativeBody* body;
    EventPtr made; // once somebody has to keep it
};

/// Somebody has published something, or an instance is there again: who waits for that is to be tried again.
struct Came {
    std::string process, object;
};

} // namespace pandora::hub::core
