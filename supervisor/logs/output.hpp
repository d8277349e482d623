// Where the output of a process goes, settled from what the procfile says.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::logs {

/// Where the output of one instance goes: its LogSpec with every path settled.
struct Output {
    std::filesystem::path out_file; // empty = none; the same as err_file unless the streams are separate
    std::filesystem::path err_file;
    procfiles::LogRotation rotation;
    procfiles::LogFormat format = procfiles::LogFormat::text;
    std::optional<std::string> timestamps; // strftime(3), for text
    bool metadata = true;                  // JSON names process and instance
    bool name_in_front = false;            // text: others write to the same file
    bool console = true;
    std::uint32_t tail_lines = 1'000;
};

/// How many instances write to each file that processes name (LogsInFile).
using Writers = std::map<std::filesystem::path, std::uint64_t>;
Writers writers_by_file(const std::vector<procfiles::ProcessSpec>& processes);

/// Pure. `instance` is 0-based; `default_directory` is the app's place for logs, absolute; `writers` are those of the
/// app.
Output output_of(const procfiles::ProcessSpec& process, std::uint32_t instance,
                 const std::filesystem::path& default_directory, const Writers& writers);

} // namespace pandora::supervisor::logs
