// The native dialect's frames as plain values: flags, routing block, TLVs. PROTOCOL.md 9.2 to 9.5 is the source of
// every number here. Pure; a read keeps views of the frame's body, a write fills memory of the caller's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::wire {

/// Bits of FrameHeader::flags.
namespace flag {
inline constexpr std::uint8_t oneway = 0x80, request = 0x40, native = 0x20, binary = 0x10, fds = 0x08, more = 0x04,
                              control = 0x02, reserved = 0x01;
} // namespace flag

/// Bits of RoutingBlock::options.
namespace option {
inline constexpr std::uint8_t idempotent = 0x01, wait = 0x02, retain = 0x04, spread = 0x08, pooled = 0x10, known = 0x1f;
} // namespace option

enum class Verb : std::uint8_t { invoke, multi, reply, event, shout };
inline constexpr std::uint8_t verb_count = 5;

enum class ControlVerb : std::uint8_t {
    intern = 1,
    named,
    identity,
    ping,
    pong,
    cancel,
    credit,
    subscribe,
    unsubscribe,
    overflow,
    goaway,
    open_channel,
    channel,
    report,
    pool,
    release,
    wait_for,
};
inline constexpr std::uint8_t control_verb_end = 18; // one behind the last

enum class Status : std::uint8_t {
    ok,
    no_route,
    peer_gone,
    deadline,
    busy,
    denied,
    too_large,
    unsupported,
    app_error,
    shutting_down,
    invalid,
    canceled,
};
inline constexpr std::uint8_t status_count = 12;

std::string_view name_of(Status status);

/// What is asked of the callee of an INVOKE or MULTI.
enum class Act : std::uint8_t { call, introspect, get_property, subscribe, unsubscribe, raw };
inline constexpr std::uint8_t act_count = 6;

/// The kind of text that INTERN numbers.
enum class NameKind : std::uint8_t { selector, name };

inline constexpr std::size_t block_bytes_min = 32;
inline constexpr std::size_t block_bytes_max = 255 * 4;
inline constexpr std::size_t fds_max = 4;

/// The fixed part of the routing block, as numbers. What is outside an enumeration is kept: who reads decides.
struct RoutingBlock {
    std::uint8_t verb = 0;
    std::uint8_t status = 0;
    std::uint8_t nfds = 0;
    std::uint32_t dst = 0;
    std::uint32_t src = 0;
    std::uint32_t method = 0;
    std::uint64_t deadline = 0;
    std::uint32_t credit = 0;
    std::uint8_t options = 0;
    std::uint8_t act = 0;
    std::uint16_t schema = 0;
    bool operator==(const RoutingBlock&) const = default;
};

/// KiB and messages of a credit field.
constexpr std::uint32_t credit_of(std::uint16_t kib, std::uint16_t messages)
{
    return std::uint32_t{kib} << 16 | messages;
}

constexpr std::uint32_t kib_of(std::uint32_t credit) { return credit >> 16; }

constexpr std::uint32_t messages_of(std::uint32_t credit) { return credit & 0xffff; }

/// A payload in shared memory.
struct SharedPlace {
    std::uint32_t pool = 0, offset = 0, length = 0;
    bool operator==(const SharedPlace&) const = default;
};

inline constexpr std::size_t trace_bytes = 25;
inline constexpr std::size_t sticky_bytes_max = 64;

/// Views of the values; an empty one is absent.
struct Tlvs {
    std::string_view selector, name, trace, schema, sticky;
    std::optional<SharedPlace> shared;
    bool misunderstood = false; // one that must be understood is not known
    bool malformed = false;     // one that is known has an impossible length
};

/// A native frame's body. The views point into it.
struct NativeBody {
    RoutingBlock block;
    Tlvs tlvs;
    std::string_view after_block; // TLVs and payload: what a hub passes on behind a block of its own
    std::string_view payload;
};

/// nullopt: the block is not of its form, and the connection has to end.
std::optional<NativeBody> parse_native(std::string_view body);

/// The descriptors that must come with a frame: those its block states, 0 where the flags say that there are none.
/// Needs no more of the body than its first four bytes.
constexpr std::size_t frame_fds(std::uint8_t flags, std::string_view body)
{
    constexpr std::uint8_t with_fds = flag::native | flag::fds;
    return (flags & with_fds) == with_fds && body.size() > 3 ? static_cast<std::uint8_t>(body[3]) : 0;
}

using BlockBytes = std::array<char, block_bytes_min>;

/// The fixed part; `length` is in bytes, TLVs included, a multiple of 4 up to block_bytes_max.
BlockBytes encode_block(const RoutingBlock& block, std::size_t length = block_bytes_min);

/// What follows the fixed part. nullopt: they do not fit into a block.
std::optional<std::string> encode_tlvs(const Tlvs& tlvs);

/// A whole routing block, TLVs included. nullopt: they do not fit.
std::optional<std::string> encode_head(const RoutingBlock& block, const Tlvs& tlvs);

/// The length in bytes of the routing block that the body begins with, as parse_native() found it.
inline std::size_t head_bytes(const NativeBody& body)
{
    return block_bytes_min + body.after_block.size() - body.payload.size();
}

/// 25 bytes of a TRACE to the traceparent text of W3C Trace Context, version 00, and back; nullopt: it is none.
std::string traceparent(std::string_view trace);
std::optional<std::array<char, trace_bytes>> trace_from(std::string_view traceparent);

} // namespace pandora::hub::wire
