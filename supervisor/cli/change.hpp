// `pandora start`, `stop`, `restart`, `reload`, `scale` and `signal`: ask, wait until it has come true, tell.
#pragma once

#include "supervisor/cli/running_apps.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

struct Patience {
    bool wait = true;                 // else the request is only handed over
    std::chrono::seconds timeout{60}; // of waiting
};

// Each returns the exit code: 0 when every instance is as asked for; 1 after a line on standard error that says which
// is not, and why. What has become of each instance is a line on standard output. Throws std::runtime_error, in one
// line, where the request is refused or nobody can be asked. `targets`: "web", "web/1", "ns:NAME" or "all".

int start(const Where& where, const std::vector<std::string>& targets, const Patience& patience);
int stop(const Where& where, const std::vector<std::string>& targets, const Patience& patience);
int restart(const Where& where, const std::vector<std::string>& targets, bool rolling, const Patience& patience);
int reload(const Where& where, const std::vector<std::string>& targets, const Patience& patience);
int scale(const Where& where, const std::string& process, std::uint32_t replicas, const Patience& patience);

/// Does not wait: what a signal does is between it and the process.
int signal(const Where& where, const std::vector<std::string>& targets, const std::string& signal);

} // namespace pandora::supervisor::cli
