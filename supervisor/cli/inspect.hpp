// `pandora ps`, `describe`, `logs` and `list`: what there is, and how it is.
#pragma once

#include "supervisor/cli/running_apps.hpp"
#include "supervisor/control/messages.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

// Each prints on standard output and returns 0. Throws std::runtime_error, in one line, where nobody can be asked or
// there is no such process.

/// The instances of these processes (none = all), as a table or as JSON: the array that the supervisor answers.
int ps(const Where& where, const std::vector<std::string>& processes, bool json);

/// One process or instance: its instances, its last changes, what the procfile says of it.
int describe(const Where& where, const std::string& target, bool json);

struct LogsOptions {
    std::string target;
    std::size_t lines = 100;
    bool follow = false; // until a signal ends the program
};

/// The last lines that it wrote; of several instances each with its name in front. Where there are none, a line on
/// standard error for each instance says how it is.
int logs(const Where& where, const LogsOptions& options);

/// The apps that run, one a line.
int list_apps(const Where& where, bool json);

/// The table of `ps`. `now`: Unix time, seconds.
std::string ps_table(const std::vector<control::InstanceView>& instances, double now);

/// The text of `describe`.
std::string description_text(const control::Description& description, double now);

/// Why there is nothing to show of it: "web/0 has written nothing that is kept; it is failed: exec web: ...".
std::string silence_text(const control::InstanceView& view, double now);

/// "web/0 | text" where `named`, else "text".
std::string log_line(const std::string& process, const control::TailLine& line, bool named);

} // namespace pandora::supervisor::cli
