#include "supervisor/cli/change.hpp"

#include "supervisor/cli/remote.hpp"
#include "supervisor/cli/settling.hpp"
#include "supervisor/cli/table.hpp"
#include "supervisor/control/messages.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

using Time = std::chrono::steady_clock;

/// Events tell when to look; this is for those that are lost with a hub process.
constexpr std::chrono::milliseconds look_again{500};

int tell(const Outcome& outcome)
{
    for (const auto& line : outcome) {
        if (line.good)
            std::cout << printable(line.text) << std::endl;
        else
            std::cerr << "pandora: " << printable(line.text) << '\n';
    }
    return std::ranges::all_of(outcome, &Line::good) ? 0 : 1;
}

int await(Remote& remote, const Goal& goal, const control::Accepted& accepted, std::chrono::seconds timeout)
{
    const auto end = Time::now() + timeout;
    for (;;) {
        auto seen = look(goal, accepted, remote.list());
        if (const auto* outcome = std::get_if<Outcome>(&seen)) return tell(*outcome);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Time::now());
        if (left.count() <= 0) {
            std::cerr << "pandora: not within " << timeout.count() << " s: " << printable(std::get<Underway>(seen).who)
                      << '\n';
            return 1;
        }
        remote.await_change(std::min(left, look_again));
    }
}

int change(const Where& where, const std::string& verb, Json params, const Goal& goal, const Patience& patience)
{
    Remote remote{find_socket(where)};
    const auto accepted = remote.ask(verb, std::move(params)).get<control::Accepted>();
    return patience.wait ? await(remote, goal, accepted, patience.timeout) : 0;
}

} // namespace

int start(const Where& where, const std::vector<std::string>& targets, const Patience& patience)
{
    return change(where, "start", Json::array({targets}), Started{}, patience);
}

int stop(const Where& where, const std::vector<std::string>& targets, const Patience& patience)
{
    return change(where, "stop", Json::array({targets}), Stopped{}, patience);
}

int restart(const Where& where, const std::vector<std::string>& targets, bool rolling, const Patience& patience)
{
    return change(where, "restart", Json::array({targets, Json{{"rolling", rolling}}}),
                  rolling ? Goal{Rolled{}} : Goal{Restarted{}}, patience);
}

int reload(const Where& where, const std::vector<std::string>& targets, const Patience& patience)
{
    return change(where, "reload", Json::array({targets}), Reloaded{}, patience);
}

int scale(const Where& where, const std::string& process, std::uint32_t replicas, const Patience& patience)
{
    return change(where, "scale", Json::array({process, replicas}), Scaled{process, replicas}, patience);
}

int signal(const Where& where, const std::vector<std::string>& targets, const std::string& signal)
{
    return change(where, "signal", Json::array({targets, signal}), Started{}, {.wait = false});
}

} // namespace pandora::supervisor::cli
