#include "supervisor/cli/output.hpp"

#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace pandora::supervisor::cli {

std::error_code write_output(std::string_view text)
{
    while (!text.empty()) {
        const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) { // somebody who shares our terminal or pipe has made it so
            pollfd room{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&room, 1, -1);
            continue;
        }
        if (written < 0) return {errno, std::generic_category()};
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

std::string output_failure(std::error_code error) { return "cannot write to standard output: " + error.message(); }

void print(std::string_view text)
{
    if (const auto error = write_output(text)) throw std::runtime_error{output_failure(error)};
}

} // namespace pandora::supervisor::cli
