// What a monitor sees of one message, and what the hub says of its connections. Plain values.
#pragma once

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

/// Choice: enough for people, and for most calls to be replayed.
inline constexpr std::size_t tap_payload_max = 64 * 1024;
/// Records that wait for the monitor, and bytes of their texts; more are lost, and counted. Choice: what a turn of the
/// loop brings, unless it is a storm.
inline constexpr std::size_t tap_records_max = 16 * 1024;
inline constexpr std::size_t tap_bytes_max = 4 * 1024 * 1024;

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

/// A connection that the hub ended, and why.
struct CutInfo {
    std::string client;
    Identity identity;
    TimePoint at{};
    Disconnect reason{};
};

/// Choice: what a person reads.
inline constexpr std::size_t cuts_remembered = 64;

} // namespace pandora::hub::core
