// Starts a program with clone3(CLONE_PIDFD | CLONE_VFORK | CLONE_VM): the parent's memory is never copied, the child's
// errors come back by value, and the child is known by a pidfd from birth.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <system_error>
#include <vector>

namespace pandora::supervisor::os {

/// The step that failed, in the order in which the child takes them.
enum class SpawnStage : std::uint8_t {
    prepare, // in the parent: descriptors could not be duplicated
    clone,
    session, // setsid
    signals,
    standard_streams,
    passed_descriptors,
    limits,              // setrlimit
    credentials,         // setgroups, setgid, setuid
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

/// Drop to this user before exec. Supplementary groups are cleared.
struct RunAs {
    uid_t uid = 0;
    gid_t gid = 0;
};

/// RLIMIT_NOFILE; see getrlimit(2).
struct DescriptorLimit {
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

/// Raises this process' soft limit to its hard one: a master needs four descriptors a worker. Returns what it was, for
/// the children: a program that uses select(2) must not get descriptors above 1023 without having asked.
DescriptorLimit raise_descriptor_limit();

/// Everything the child needs, prepared before there is a child: after the clone it only makes system calls.
struct SpawnRequest {
    std::vector<std::string> argv;           // argv[0] without a slash is looked up in the child's own PATH
    std::vector<std::string> environment;    // "NAME=value"
    std::filesystem::path working_directory; // empty = the parent's
    int standard_input = -1;                 // borrowed; -1 = /dev/null
    int standard_output = -1;                // borrowed; -1 = /dev/null
    int standard_error = -1;                 // borrowed; -1 = /dev/null
    std::vector<int> listen_fds;             // borrowed; become 3, 4, ... with LISTEN_FDS and LISTEN_PID set
    std::optional<int> executable;           // borrowed; executed instead of looking argv[0] up (execveat)
    std::optional<DescriptorLimit> descriptor_limit;
    std::optional<RunAs> run_as;
    bool no_new_privileges = false;
    int parent_death_signal = 15; // SIGTERM: what the child gets when the thread that spawned it dies
};

struct Spawned {
    pid_t pid = 0;
    UniqueFd pidfd;
};

template <class T>
using SpawnResult = boost::system::result<T, SpawnError>;

/// Returns once exec has succeeded, or with the step that failed (nothing is left behind then). The child leads its own
/// session and process group, has every signal at its default and none blocked, and only the descriptors asked for.
/// Blocks the caller until exec, ~50 us where the file system answers. To be called on one thread only, the one that
/// lives as long as the children: PR_SET_PDEATHSIG follows the spawning thread.
SpawnResult<Spawned> spawn(const SpawnRequest& request);

/// Kills the process group of a child that nobody can watch, and reaps the child.
void abandon(pid_t child);

} // namespace pandora::supervisor::os

/// What result<T, SpawnError>::value() throws would hide a bug: a SpawnError is an outcome, to be looked at first.
namespace boost::system {
[[noreturn]] BOOST_NORETURN inline void throw_exception_from_error(const pandora::supervisor::os::SpawnError& error,
                                                                   const boost::source_location&)
{
    throw std::system_error{error.cause, pandora::supervisor::os::describe(error)};
}
} // namespace boost::system
