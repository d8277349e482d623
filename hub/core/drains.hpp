// Which instances are being drained: they get no new calls where others can take them, and whoever asked is told when
// what they had in hand is done. Pure; one object a hub.
//
//     drain() ----> draining, waited for --- nothing in flight, or the time is over ---> draining, told
//                        |                                                                   |
//                        +------------------------- undrain() ------------------------------+--> as before
#pragma once

#include "hub/core/calls.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/ids.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pandora::hub::core {

/// One instance of a supervised process, whatever its present pid and however many connections it has.
struct InstanceName {
    std::string process;
    std::uint32_t instance = 0;
    auto operator<=>(const InstanceName&) const = default;
};

enum class DrainId : std::uint64_t {};

/// The answer to one drain().
struct Drained {
    DrainId id{};
    std::uint32_t in_flight = 0; // calls delivered to it and not yet answered; 0 = it is drained
    bool operator==(const Drained&) const = default;
};

class Drains {
public:
    /// A connection of a supervised process has come, or gone. Others have no name and are never drained.
    void connected(const InstanceName& name, PeerId peer);
    void disconnected(const InstanceName& name, PeerId peer);

    /// Its connections, in the order in which they came.
    const std::vector<PeerId>& connections(const InstanceName& name) const;

    /// `deadline`: when it is told at the latest. An instance may be waited for by several.
    DrainId drain(const InstanceName& name, TimePoint deadline);

    /// It takes calls again; who still waits is told how much is in flight.
    void undrain(const InstanceName& name, const CallTable& calls);

    bool is_draining(const InstanceName& name) const { return draining_.contains(name); }

    std::size_t size() const { return draining_.size(); }

    /// Tells those whose instance has nothing in flight any more, and those whose time is over.
    void settle(const CallTable& calls, TimePoint now);

    std::optional<TimePoint> next_deadline() const;

    /// What there is to tell, by swapping with `into`, whose old content is dropped.
    void take(std::vector<Drained>& into);

private:
    struct Waiting {
        DrainId id{};
        InstanceName name;
        TimePoint deadline{};
    };

    std::uint32_t in_flight(const InstanceName& name, const CallTable& calls) const;

    std::map<InstanceName, std::vector<PeerId>> connections_;
    std::set<InstanceName> draining_;
    std::vector<Waiting> waiting_; // few: a rolling restart has one or two at a time
    std::vector<Drained> told_;
    std::uint64_t last_id_ = 0;
};

} // namespace pandora::hub::core
