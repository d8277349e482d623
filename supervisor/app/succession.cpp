#include "supervisor/app/succession.hpp"

#include "supervisor/os/run_id.hpp"
#include "supervisor/os/survivors.hpp"

namespace pandora::supervisor::app {

Succession::Succession(const os::RunDirectory& directory, const std::string& run_id, const Isolations& isolations,
                       logs::Pump& pump)
{
    const auto previous = os::previous_run_id(directory.path());
    if (!previous.empty()) {
        const auto say = [&pump](const os::Survivor& survivor) {
            pump.say("left by the previous master, ending it: " + os::describe(survivor));
        };
        const auto left = os::end_survivors({.run_id = previous, .uids = isolations.all_users()}, {}, say);
        for (const auto& survivor : left) pump.say("cannot be ended: " + os::describe(survivor));
    }
    os::keep_run_id(directory.path(), run_id);
}

} // namespace pandora::supervisor::app
