// What comes through one pipe, and where it goes.
#pragma once

#include "supervisor/logs/line_watch.hpp"
#include "supervisor/logs/output.hpp"

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pandora::supervisor::logs {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

struct InstanceKey {
    std::string process;
    std::uint32_t instance = 0; // 0-based
    auto operator<=>(const InstanceKey&) const = default;
};

enum class Stream : std::uint8_t { out, err };

/// One pipe.
struct Source {
    InstanceKey instance;
    std::string label;      // on the console: "web" or "web/1"
    std::size_t colour = 0; // chooses one of a few
    Stream stream = Stream::out;
    std::shared_ptr<const Output> output; // null = console and tail alone
    std::optional<LineWatch> watch;       // give both pipes of a run copies of the same one
};

/// A line (or a piece of an overlong one) of the tail in memory, without its newline.
struct TailLine {
    WallTime time;
    Stream stream = Stream::out;
    std::string text;
    std::uint64_t position = 0; // grows with each line of the instance; whoever follows asks for what is beyond
};

/// Of one process, all replicas and runs, since the master started.
struct Counts {
    std::uint64_t bytes = 0; // read
    std::uint64_t lines = 0;
    std::uint64_t dropped_bytes = 0; // of them never written to the file: a full or too slow disk
    std::uint64_t dropped_lines = 0;
    std::uint64_t write_errors = 0;
    std::uint64_t rotations = 0;
};

} // namespace pandora::supervisor::logs
