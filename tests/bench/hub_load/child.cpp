#include "tests/bench/hub_load/child.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace pandora::bench::hub_load {
namespace {

[[noreturn]] void run(const std::function<void(const std::function<void()>& ready)>& body, int ready_end)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        body([&] {
            if (::write(ready_end, "r", 1) != 1) ::_exit(1);
            ::close(ready_end);
        });
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "hub_load: child: %s\n", failure.what());
    }
    ::_exit(1);
}

} // namespace

Child::Child(const std::function<void(const std::function<void()>& ready)>& body)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error{errno, std::generic_category(), "pipe"};
    pid_ = ::fork();
    if (pid_ == 0) {
        ::close(ends[0]);
        run(body, ends[1]);
    }
    ::close(ends[1]);
    char word = 0;
    const bool ready = pid_ > 0 && ::read(ends[0], &word, 1) == 1;
    ::close(ends[0]);
    if (ready) return;
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    throw std::runtime_error{"the other side could not connect"};
}

Child::~Child()
{
    ::kill(pid_, SIGKILL); // not reaped yet, so the number is still its own
    ::waitpid(pid_, nullptr, 0);
}

} // namespace pandora::bench::hub_load
