#include "supervisor/app/obstacles.hpp"

#include "supervisor/app/hub_access.hpp"
#include "supervisor/app/isolation.hpp"
#include "supervisor/os/time_zone.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace pandora::supervisor::app {

namespace {

using procfiles::AppSpec;
using procfiles::Place;
using procfiles::ProcessSpec;

/// Alone, so that each process is heard of and not only the first; without cgroups, which would be made.
void isolate(const AppSpec& app, const ProcessSpec& process)
{
    AppSpec alone;
    alone.name = app.name;
    alone.processes = {process};
    const Isolations tried{alone, os::CgroupMounts{}};
}

void find_zone(const ProcessSpec& process)
{
    if (!process.schedule) return;
    try {
        static_cast<void>(os::load_time_zone(process.schedule->time_zone));
    } catch (const std::exception& error) {
        throw std::runtime_error{"process " + process.name + ": " + error.what()};
    }
}

} // namespace

std::vector<procfiles::Problem> obstacles(const procfiles::Loaded& loaded)
{
    std::vector<procfiles::Problem> found;
    const auto attempt = [&](Place place, const auto& step) {
        try {
            step();
        } catch (const std::exception& error) {
            found.push_back({place, std::string{"`run` would fail here: "} + error.what(), procfiles::Severity::warning,
                             loaded.files.at(place.file)});
        }
    };
    for (const auto& process : loaded.app.processes) {
        attempt(process.place, [&] { isolate(loaded.app, process); });
        attempt(process.place, [&] { find_zone(process); });
    }
    attempt({}, [&] { static_cast<void>(hub_access(loaded.app.hub, {}, ::geteuid() == 0)); });
    return found;
}

} // namespace pandora::supervisor::app
