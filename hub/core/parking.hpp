// The calls that wait for a process to come back: which are held, for whom, and how much that is. Pure; one object a
// hub. Whether to wait at all is Expectations'; when a call has waited too long, its deadline ends it.
//
//     park() ----> held ---- take(): the process is back, or will not be ----> the caller of take() has them
//                    |
//                    +------ remove(): its deadline, its caller has gone ---> dropped
#pragma once

#include "hub/core/calls.hpp"
#include "hub/core/ids.hpp"
#include "hub/core/text_map.hpp"
#include "hub/wire/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pandora::hub::core {

/// One call, kept as the frame that brought it. A call with descriptors is not parked: they belong to the moment.
struct Parked {
    CallId call{};
    PeerId from{};
    std::uint8_t flags = 0;
    std::string body;
    std::uint32_t packet = 0; // the caller's id of it

    /// Its nodes in the list and the index, and those of a process that nobody else waits for.
    static constexpr std::size_t node_bytes = 192;

    /// What it is charged with: to the process that is waited for, and by the router to its caller.
    std::size_t bytes() const { return sizeof(Parked) + node_bytes + body.size(); }

    bool operator==(const Parked&) const = default;
};

class Parking {
public:
    /// Of `limits` those of one process: parked_calls_max and parked_bytes_max.
    explicit Parking(const wire::Limits& limits)
        : calls_max_{limits.parked_calls_max}, bytes_max_{limits.parked_bytes_max}
    {}

    /// Whether one call more may wait for the process, of so many bytes.
    bool has_room(std::string_view process, std::size_t bytes) const;

    /// Only where there is room. The call must not be parked already.
    void park(std::string_view process, Parked parked);

    /// Its bytes, as they were charged; 0: it is not parked.
    std::size_t remove(CallId call);

    /// All that wait for the process, the oldest first, in place of what was in `into`.
    void take(std::string_view process, std::vector<Parked>& into);

    bool holds(CallId call) const { return by_call_.contains(call); }

    bool empty() const { return by_call_.empty(); }

    /// Calls, and bytes, that wait for one process; calls of all.
    std::size_t size(std::string_view process) const;
    std::size_t bytes(std::string_view process) const;

    std::size_t size() const { return by_call_.size(); }

private:
    struct Lot {
        std::list<Parked> calls; // the oldest first
        std::size_t bytes = 0;
    };

    using Lots = TextMap<Lot>; // without empty ones

    /// Where a call stands: neither a map's nor a list's nodes move.
    struct Place {
        Lots::value_type* lot;
        std::list<Parked>::iterator call;
    };

    const Lot* lot_of(std::string_view process) const;

    std::size_t calls_max_, bytes_max_;
    Lots lots_;
    std::unordered_map<CallId, Place> by_call_;
};

} // namespace pandora::hub::core
