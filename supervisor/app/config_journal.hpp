// What of the config manager's journal the supervisor is told: each change, and now and then everything anew, so that
// what it keeps stays in proportion to what is configured. Pure.
#pragma once

#include "hub/config/journal.hpp"
#include "supervisor/control/hub_messages.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace pandora::supervisor::app {

class ConfigJournal {
public:
    /// `kept_bytes`: of what the supervisor has already.
    explicit ConfigJournal(std::size_t kept_bytes) : kept_bytes_{kept_bytes} {}

    /// What is to be sent, in this order. `store`: after the change.
    std::vector<control::ConfigPiece> changed(const hub::config::Change& change, const hub::config::ConfigStore& store);

private:
    std::size_t kept_bytes_;
};

/// Whole lines, of some control::config_piece_bytes together; at least one where there is any.
std::string_view lines_from(std::string_view journal, std::size_t offset);

} // namespace pandora::supervisor::app
