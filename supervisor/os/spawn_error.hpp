// Why a program could not be started: which step, on what, and what the kernel said.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <system_error>

namespace pandora::supervisor::os {

/// The step that failed, in the order in which they are taken.
enum class SpawnStage : std::uint8_t {
    prepare, // in the parent
    clone,   // with SpawnRequest::cgroup, the entry into the cgroup, too
    session, // setsid
    signals,
    cgroup, // of version 1
    standard_streams,
    passed_descriptors,
    controlling_terminal,
    oom_score,
    resource_limits,
    priority, // nice
    io_priority,
    cpu_affinity,
    credentials, // setgroups, setgid, setuid
    capabilities,
    no_new_privileges,
    parent_death_signal, // or the parent died first
    working_directory,
    exec,
    watch, // in the parent: the loop takes no more descriptors
};

struct SpawnError {
    SpawnStage stage{};
    std::error_code cause;
    std::string subject; // the program, or the folder for working_directory
};

/// "cannot execute ./web: No such file or directory"
std::string describe(const SpawnError& error);

template <class T>
using SpawnResult = boost::system::result<T, SpawnError>;

} // namespace pandora::supervisor::os

/// What result<T, SpawnError>::value() throws would hide a bug: a SpawnError is an outcome, to be looked at first.
namespace boost::system {
[[noreturn]] BOOST_NORETURN inline void throw_exception_from_error(const pandora::supervisor::os::SpawnError& error,
                                                                   const boost::source_location&)
{
    throw std::system_error{error.cause, pandora::supervisor::os::describe(error)};
}
} // namespace boost::system
