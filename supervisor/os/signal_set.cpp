#include "supervisor/os/signal_set.hpp"

#include <csignal>

namespace pandora::supervisor::os {

SignalSet ignored_signals()
{
    SignalSet found;
    for (int signal = 1; signal <= signal_max; ++signal) {
        struct sigaction present {};

        // libc refuses the two signals that it keeps for itself: those it never ignores.
        if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN) found.add(signal);
    }
    return found;
}

} // namespace pandora::supervisor::os
