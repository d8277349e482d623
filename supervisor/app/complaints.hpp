// Which workers give no sign of life, from what is said of their connections. Pure.
#pragma once

#include "hub/hub.hpp"
#include "supervisor/control/hub_messages.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::app {

/// A worker is unresponsive as long as one of its connections, or of its descendants', is.
class Complaints {
public:
    /// One of its connections is. What the supervisor is to be told, where that is new.
    std::optional<control::HubComplaint> silent(const hub::Identity& who, std::chrono::milliseconds lasted);

    /// What the supervisor is to be told of those none of whose connections is unresponsive any more: they are heard
    /// again, or have ended. To be asked every now and then while there are any().
    std::vector<control::HubComplaint> withdrawn(const std::vector<hub::ClientInfo>& clients);

    bool any() const { return !made_.empty(); }

    /// Whether the instance is still as it was said to be.
    bool holds(const control::HubComplaint& complaint) const;

private:
    using Name = std::pair<std::string, std::uint32_t>;

    std::map<Name, control::HubComplaint> made_; // and not withdrawn
};

} // namespace pandora::supervisor::app
