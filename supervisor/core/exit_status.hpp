// How a process ended, or why it never began. Code and signal are kept apart: 128+n is a shell's convention, not data.
#pragma once

#include <string>
#include <variant>

namespace pandora::supervisor::core {

struct Exited {
    int code = 0;
    bool operator==(const Exited&) const = default;
};

struct Killed {
    int signal = 0;
    bool core_dumped = false;
    bool operator==(const Killed&) const = default;
};

/// The program could not be executed, or was not even tried; `code` is what a shell would have said (126, 127) or 1.
struct NotStarted {
    std::string reason;
    int code = 127;
    bool operator==(const NotStarted&) const = default;
};

using ExitStatus = std::variant<Exited, Killed, NotStarted>;

/// How a run ended, and why, where that was not its own doing.
struct End {
    ExitStatus status;
    std::string fault; // "liveness failed 3x: HTTP 503", "killed for memory"; empty = it ended by itself
    bool operator==(const End&) const = default;
};

/// True for exit code 0 alone.
bool succeeded(const ExitStatus& status);

/// The code `pandora run` passes on: the worker's own, or 128 + signal as shells do.
int shell_code(const ExitStatus& status);

/// "exit 3", "SIGSEGV (core dumped)", or the reason it was not started.
std::string describe(const ExitStatus& status);

/// "killed for memory, SIGKILL"; without a fault as the status says.
std::string describe(const End& end);

/// "SIGTERM" for 15; "signal 35" for what has no name.
std::string signal_name(int signal);

} // namespace pandora::supervisor::core
