// How a call over the hub ended, as text and exit code. Pure.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <string>

namespace pandora::supervisor::cli {

/// The exit codes of `pandora hub`. They are documented in README.md; scripts rely on them.
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1; // the callee's own error, and whatever has no code of its own
inline constexpr int usage = 2;
inline constexpr int no_route = 3;
inline constexpr int deadline = 4;
inline constexpr int denied = 5;
inline constexpr int busy = 6;
inline constexpr int peer_gone = 7;     // the callee, or the hub itself
inline constexpr int interrupted = 130; // by SIGINT; 143 by SIGTERM
inline constexpr int pipe_closed = 141; // as a shell shows the end by SIGPIPE
} // namespace exit_code

/// The outcome's name in hub/PROTOCOL.md 9.4, whichever dialect told it: "no_route", "peer_gone", ..., else
/// "app_error".
std::string outcome_name(const hub::client::CallError& error);

int exit_code_of(const hub::client::CallError& error);

/// "no_route: Cannot found any clients by selector: ..."; an error of the callee with the name it has there:
/// "app_error: no such picture (RangeError)"; whose fault it is, and what the supervisor knows of it, each once:
/// "peer_gone: it left before it answered; by web/0; crashed: SIGSEGV; restarting in 400 ms". Where nobody was reached
/// nobody is to blame, but who ought to have been there may have a reason: "no_route: ...; web: exit 3; gave up".
std::string failure_text(const hub::client::CallError& error);

/// {outcome, name, message}, and {process, instance, reason} as far as they are known.
hub::client::Json failure_json(const hub::client::CallError& error);

} // namespace pandora::supervisor::cli
