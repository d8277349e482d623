// What has become of each instance lately, and how often it was started.
#pragma once

#include "supervisor/control/messages.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::control {

/// Bounded by the number of instances there have been. Not thread-safe.
class History {
public:
    /// Of one instance. Choice: some five runs of a process that fails.
    static constexpr std::size_t changes_kept = 20;

    void add(const StateChange& change);

    /// How often the instance has been started.
    std::uint64_t runs(const std::string& process, std::uint32_t instance) const;

    /// The changes that are kept of these instances, the oldest first.
    std::vector<StateChange> changes_of(const std::vector<InstanceView>& instances) const;

private:
    struct Past {
        std::uint64_t runs = 0;
        std::vector<StateChange> changes; // the oldest first
    };

    const Past* past_of(const std::string& process, std::uint32_t instance) const;

    std::map<std::pair<std::string, std::uint32_t>, Past> pasts_;
};

} // namespace pandora::supervisor::control
