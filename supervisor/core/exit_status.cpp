#include "supervisor/core/exit_status.hpp"

#include "supervisor/core/overloaded.hpp"

#include <cstring>

namespace pandora::supervisor::core {

bool succeeded(const ExitStatus& status)
{
    const auto* exited = std::get_if<Exited>(&status);
    return exited && exited->code == 0;
}

int shell_code(const ExitStatus& status)
{
    return std::visit(Overloaded{[](const Exited& e) { return e.code; }, //
                                 [](const Killed& k) { return 128 + k.signal; },
                                 [](const NotStarted& n) { return n.code; }},
                      status);
}

std::string describe(const ExitStatus& status)
{
    return std::visit(
        Overloaded{[](const Exited& e) { return "exit " + std::to_string(e.code); },
                   [](const Killed& k) { return signal_name(k.signal) + (k.core_dumped ? " (core dumped)" : ""); },
                   [](const NotStarted& n) { return n.reason; }},
        status);
}

std::string describe(const End& end)
{
    return end.fault.empty() ? describe(end.status) : end.fault + ", " + describe(end.status);
}

std::string signal_name(int signal)
{
    const char* name = ::sigabbrev_np(signal); // a table lookup, no syscall
    return name ? std::string{"SIG"} + name : "signal " + std::to_string(signal);
}

} // namespace pandora::supervisor::core
