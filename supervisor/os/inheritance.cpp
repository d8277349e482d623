#include "supervisor/os/inheritance.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::os {

void mend_inheritance()
{
    for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        if (::open("/dev/null", O_RDWR) != fd) // the lowest free number is the one just found missing
            throw std::system_error{errno, std::generic_category(), "/dev/null"};
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void ignore_stray_signals()
{
    for (const int signal : {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF}) ::signal(signal, SIG_IGN);
}

} // namespace pandora::supervisor::os
