// `pandora hub call` and `send`: one call, as any client makes it.
#pragma once

#include "supervisor/cli/hub_session.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

struct CallWords {
    WhichHub hub;
    std::string object;
    std::string method;
    std::vector<std::string> arguments; // each JSON, or a text; "-" = from standard input
    bool as_texts = false;              // each argument is a text, whatever it looks like
    std::string all_arguments;          // --args: a JSON array in place of them; "-" = from standard input
    std::string process;                // "web" or "web/1"
    std::string instance;               // of it; one that is coming back is waited for
    std::string tag;
    std::chrono::milliseconds timeout{5'000};
    bool idempotent = false;
    bool wait = false;
    std::string sticky;
    bool everybody = false; // --all: every provider, a line for each answer
    bool raw = false;       // strings and bytes as they are
};

/// Prints the result, or a line {client, process, instance, value | error} for each. Returns the exit code
/// (hub_outcome.hpp). Throws BadWords, and std::runtime_error where there is no hub to ask.
int hub_call(const CallWords& words);

/// The same without an answer: 0 says that the hub has it.
int hub_send(const CallWords& words);

} // namespace pandora::supervisor::cli
