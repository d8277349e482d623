// The journal of a ConfigStore: one line of text a change, newest last, each with a checksum.
//
// It is made to be cut anywhere. A line that is not whole is as if it had never been written; a snapshot says again
// what the lines before it have said. So whatever tail of a journal is left, and wherever a crash has torn a line, what
// is read is the state after the last whole line, as long as the tail begins before the last snapshot or at it.
#pragma once

#include "hub/config/config_store.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::config {

/// The line of one change, with its end.
std::string to_line(const Change& change);

/// The whole store as lines that make any journal before them superfluous.
std::string snapshot(const ConfigStore& store);

struct Loaded {
    ConfigStore store;
    std::size_t damaged_lines = 0; // skipped: torn, or beyond a bound. A torn last one is what a crash leaves
};

/// Never fails: what is no journal is an empty store.
Loaded load(std::string_view journal);

} // namespace pandora::hub::config
