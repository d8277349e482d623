// `pandora hub publish`: an object whose methods are commands.
#pragma once

#include "supervisor/cli/hub_session.hpp"
#include "supervisor/cli/hub_words.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

struct PublishOptions {
    WhichHub hub;
    std::string object;
    std::vector<MethodCommand> methods;
    bool once = false;            // withdrawn with the first call that comes; end with its answer
    std::size_t at_once_max = 16; // commands that run at a time; further calls wait for their turn
};

/// Serves until a signal ends it. A command gets the array of parameters as JSON on standard input, the method's name
/// in PANDORA_CALL_METHOD and who calls, as JSON, in PANDORA_CALL_SOURCE; what it writes is the result (hub_words.hpp),
/// and every end but exit 0 the error `CommandFailed`. Prints a line when it is published. Returns the exit code
/// (hub_outcome.hpp). Throws std::runtime_error where there is no hub.
int hub_publish(const PublishOptions& options);

} // namespace pandora::supervisor::cli
