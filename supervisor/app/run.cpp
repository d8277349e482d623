#include "supervisor/app/run.hpp"

#include "procfiles/load.hpp"
#include "supervisor/app/master.hpp"
#include "supervisor/os/inheritance.hpp"

#include <filesystem>
#include <iostream>
#include <iterator>
#include <malloc.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <utility>

namespace pandora::supervisor::app {

namespace {

// What a master opens, beside what it was started with: some 40 stay open (measured); the rest is for a worker, for the
// start of the hub, and for whoever asks it something. With less a master may start whose hub cannot, again and again.
constexpr rlim_t descriptors_min = 61;

rlim_t open_descriptors()
{
    std::error_code ignored;
    const std::filesystem::directory_iterator all{"/proc/self/fd", ignored};
    return static_cast<rlim_t>(std::distance(begin(all), end(all))) - (ignored ? 0 : 1); // one of them reads the others
}

/// Here, where it is known what is wrong: later it is whichever step takes the last one that fails. Throws
/// std::runtime_error. The hard limit counts, a master raises the other to it.
void check_descriptor_limit()
{
    rlimit limit{};
    const auto needed = open_descriptors() + descriptors_min;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max >= needed) return;
    throw std::runtime_error{"the limit of open files (" + std::to_string(limit.rlim_max) +
                             ") is too low: pandora needs " + std::to_string(needed) +
                             " and 3 for each process; raise it (`ulimit -n`, LimitNOFILE= of a systemd unit)"};
}

} // namespace

int run(const std::vector<std::filesystem::path>& files, const procfiles::LoadOptions& options)
{
    os::mend_inheritance();
    os::ignore_stray_signals();
    check_descriptor_limit();
    procfiles::Loaded loaded = procfiles::load(files, options);
    for (const procfiles::Problem& warning : loaded.warnings) std::cerr << describe(warning) << '\n';
    ::malloc_trim(0); // reading a large procfile takes several times what it says; that need not stay with us
    return Master{std::move(loaded.app)}.run();
}

} // namespace pandora::supervisor::app
