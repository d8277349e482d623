// Runs a short command for its output.
#pragma once

#include "procfiles/load_context.hpp"

#include <chrono>
#include <cstddef>

namespace pandora::procfiles {

/// What the command writes to its standard output until it ends, in a process group of its own, without input, in this
/// process' environment and folder. Why there is nothing: it could not be started, ended with a code or a signal, ran
/// longer than `timeout` (it is killed with its group) or wrote more than `bytes_max`. Blocks until then.
CommandOutput run_command(const ShellCommand& command, std::chrono::milliseconds timeout, std::size_t bytes_max);

} // namespace pandora::procfiles
