// What the router asks of the edge and tells it, beside bytes to write. Plain values.
#pragma once

#include "hub/core/failure.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/ids.hpp"
#include "hub/core/names.hpp"
#include "hub/core/routes.hpp"
#include "hub/core/waiters.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace pandora::hub::core {

/// An object's first selector appeared on a connection, or its last one is gone.
struct ObjectEvent {
    enum class Kind : std::uint8_t { published, unpublished } kind;
    Identity who;
    std::string object;
};

/// A connection gives no sign of life, or does again.
struct LivenessEvent {
    Identity who;
    bool unresponsive = false;
    Millis silent{};
};

/// A socket pair is wanted: opened() or cannot_open() follows.
struct ChannelWanted {
    PeerId caller{}, callee{};
    std::uint32_t caller_handle = 0, callee_handle = 0; // so that a slot that is used again is not mistaken
    std::uint32_t packet = 0;                           // of the caller's request
    NameNumber dst = 0;                                 // the selector that it asked by; 0: it is the text
    std::string selector;
};

/// How many take requests, or why there is nobody: deadline, busy, too_large, or caller_gone.
using WaitEnd = std::variant<std::uint32_t, Failure>;

/// The end of a wait_for().
struct Waited {
    WaitId id{};
    WaitEnd end;
};

struct RouteInfo {
    std::string client;
    Identity identity;
    Reach reach;
    bool draining;
    std::vector<std::string> selectors;
};

} // namespace pandora::hub::core
