#include "supervisor/driver/outcome.hpp"

#include "supervisor/core/overloaded.hpp"

#include <cerrno>
#include <system_error>

namespace pandora::supervisor {

core::ExitStatus to_status(const os::ChildEnd& end)
{
    return std::visit(
        core::Overloaded{[](const os::ChildExited& e) -> core::ExitStatus { return core::Exited{e.code}; },
                         [](const os::ChildKilled& k) -> core::ExitStatus {
                             return core::Killed{k.signal, k.core_dumped};
                         }},
        end);
}

core::NotStarted to_failure(const os::SpawnError& error)
{
    return {os::describe(error), error.cause.value() == ENOENT ? 127 : 126};
}

core::NotStarted no_pipes(int error)
{
    const std::error_code cause{error, std::generic_category()};
    return to_failure(os::SpawnError{os::SpawnStage::prepare, cause, "the pipes of its output"});
}

} // namespace pandora::supervisor
