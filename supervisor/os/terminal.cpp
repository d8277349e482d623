#include "supervisor/os/terminal.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

namespace pandora::supervisor::os {

std::optional<Terminal> open_terminal()
{
    UniqueFd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) return std::nullopt;
    std::array<char, 64> name{}; // "/dev/pts/N"
    if (::ptsname_r(master.get(), name.data(), name.size()) != 0) return std::nullopt;
    UniqueFd slave{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!slave) return std::nullopt;
    termios settings{};
    if (::tcgetattr(slave.get(), &settings) == 0) {
        settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR); // lines in logs end as the worker ended them
        ::tcsetattr(slave.get(), TCSANOW, &settings);
    }
    const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(slave.get(), TIOCSWINSZ, &size);
    return Terminal{std::move(master), std::move(slave)};
}

} // namespace pandora::supervisor::os
