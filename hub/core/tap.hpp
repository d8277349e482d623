// What a monitor sees of one message, and what the hub says of its connections. Plain values.
#pragma once

#include "hub/core/channels.hpp"
#include "hub/core/counters.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/ids.hpp"
#include "hub/wire/native.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pandora::hub::core {

/// A party to a message.
struct Party {
    std::string client, process;
    std::uint32_t instance = 0;
};

/// One thing that happened to a message.
struct TapRecord {
    enum class Kind : std::uint8_t { request, one_way, answer, failure, event };
    Kind kind{};
    TimePoint at{};
    std::uint64_t call = 0; // pairs an answer with its request; 0: one-way
    Party from, to;         // `to` is empty where it reached nobody
    std::string object, method;
    wire::Act act = wire::Act::raw;
    CallEnd end = CallEnd::ok;
    std::size_t bytes = 0;                           // of the whole payload
    std::optional<std::chrono::microseconds> lasted; // of an answer
    bool binary = false;
    std::optional<std::string> payload; // Tap::payloads: the first tap_payload_max bytes
};

/// What is kept of what happens.
enum class Tap : std::uint8_t { nothing, heads, payloads };

/// One connection as `pandora hub clients` shows it.
struct ClientInfo {
    std::string client;
    Identity identity;
    bool builtin = false, native = false, online = false, draining = false, unready = false, unresponsive = false;
    std::chrono::milliseconds age{};
    std::size_t queued_bytes = 0, queued_frames = 0, held_bytes = 0;
    std::uint32_t in_flight = 0, outstanding = 0;
    std::size_t subscriptions = 0, channels = 0;
    std::vector<std::string> selectors;
};

/// One direct channel, as both have told of it.
struct ChannelInfo {
    struct End {
        std::string client;
        Identity identity;
        std::uint32_t handle = 0; // as in `src`
        ChannelReport told;
    };

    ChannelId id{};
    End caller, callee;
    std::string object; // that the caller asked for; a long name is cut
    std::chrono::milliseconds age{};
};

/// A connection that the hub ended, and why.
struct CutInfo {
    std::string client;
    Identity identity;
    TimePoint at{};
    Disconnect reason{};
};

} // namespace pandora::hub::core
