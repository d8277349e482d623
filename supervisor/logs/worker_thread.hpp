// Threads that serve the logs.
#pragma once

#include <csignal>
#include <functional>
#include <pthread.h>
#include <thread>
#include <utility>

namespace pandora::supervisor::logs {

/// Every signal is blocked from the thread's first instruction: they are the main thread's business, SIGCHLD above
/// all. Blocked SIGXFSZ also turns a file that is as large as RLIMIT_FSIZE allows into a failed write.
/// `name`: at most 15 characters.
inline std::thread start_thread(const char* name, std::function<void()> body)
{
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread{[name, body = std::move(body)] {
        ::pthread_setname_np(::pthread_self(), name);
        body();
    }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

} // namespace pandora::supervisor::logs
