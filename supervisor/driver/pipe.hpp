// A pair of connected descriptors through which a child's output comes.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <array>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace pandora::supervisor {

struct Pipe {
    os::UniqueFd reader;
    os::UniqueFd writer;
};

/// nullopt: out of descriptors; errno says which kind.
inline std::optional<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{os::UniqueFd{ends[0]}, os::UniqueFd{ends[1]}};
}

} // namespace pandora::supervisor
