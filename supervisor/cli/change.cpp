#include "supervisor/cli/change.hpp"

#include "supervisor/cli/output.hpp"
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
            print(printable(line.text) + "\n");
        else
            std::cerr << "pandora: " << printable(line.text) << '\n';
    }
    return std::ranges::all_of(outcome, &Line::good) ? 0 : 1;
}

int await(Remote& remote, Goal goal, const control::Accepted& accepted, std::chrono::seconds timeout)
{
    const auto end = Time::now() + timeout;
    for (;;) {
        const auto now = remote.list();
        if (auto* rolled = std::get_if<Rolled>(&goal)) rolled->failures = remote.failures();
        auto seen = look(goal, accepted, now);
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

int change(Remote& remote, const std::string& verb, Json params, Goal goal, const Patience& patience)
{
    if (patience.wait) remote.listen();
    const auto accepted = remote.ask(verb, std::move(params)).get<control::Accepted>();
    return patience.wait ? await(remote, std::move(goal), accepted, patience.timeout) : 0;
}

int change(const Where& where, const std::string& verb, Json params, Goal goal, const Patience& patience)
{
    Remote remote{find_socket(where)};
    return change(remote, verb, std::move(params), std::move(goal), patience);
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
    Remote remote{find_socket(where)};
    auto before = patience.wait ? remote.list() : std::vector<control::InstanceView>{};
    return change(remote, "reload", Json::array({targets}), Reloaded{std::move(before)}, patience);
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
