// The router under random clients of both dialects, a random supervisor and a random edge: connects, calls in all
// pairings, streams, events, channels, pools, slow readers, nonsense, deaths, and the passing of time.
//
// What must hold whatever happens:
//   - a call that wants an answer gets exactly one last answer, at its deadline plus a tick at the latest, unless its
//     caller is gone; and none reaches anybody else: each carries the secret of the call that it belongs to;
//   - a call is given to one callee once; only an idempotent one is given again;
//   - events come in order, only to subscribers, only from publishers, and without gaps that were not told of;
//   - nobody is sent more than its credit allows, or a number or source that it has not been told of;
//   - no queue is above its hard limit, none above the soft limit stands still for longer than patience lasts;
//   - what is charged is given back when everybody is gone, and no descriptor is held any more.
//
// Every run prints its seeds; PANDORA_SEED=<n> runs that one again, PANDORA_SEEDS=<n> so many, each of
// PANDORA_STEPS=<n> steps.
#include "tests/simulation/router_world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <string>

namespace pandora::hub::core::simulation {
namespace {

std::optional<std::uint64_t> given(const char* variable)
{
    const char* const text = std::getenv(variable);
    return text ? std::optional{std::strtoull(text, nullptr, 10)} : std::nullopt;
}

Tally simulate(std::uint64_t first_seed, std::uint64_t seeds, std::uint64_t steps)
{
    Tally sum;
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
        World world{Dice{seed}, seed};
        try {
            world.run(steps);
        } catch (const Broken& broken) {
            ADD_FAILURE() << broken.what() << "\nat step " << world.step_number() << ": PANDORA_SEED=" << seed
                          << " PANDORA_STEPS=" << steps;
            return sum;
        }
        sum.add(world.tally());
    }
    return sum;
}

TEST(RouterSimulation, KeepsItsPromisesWithTheSeedsOfEveryRun)
{
    Tally sum = simulate(1, 20, 5'000);
    for (const Disconnect reason : {Disconnect::slow_reader, Disconnect::memory_budget, Disconnect::malformed,
                                    Disconnect::frame_timeout, Disconnect::protocol_error, Disconnect::denied})
        EXPECT_GT(sum.ends[reason], 0U) << name_of(reason) << " no longer happens here";
    for (const CallEnd end : {CallEnd::ok, CallEnd::app_error, CallEnd::no_route, CallEnd::peer_gone, CallEnd::deadline,
                              CallEnd::busy, CallEnd::too_large, CallEnd::shutting_down, CallEnd::invalid,
                              CallEnd::caller_gone, CallEnd::denied, CallEnd::unsupported, CallEnd::canceled})
        EXPECT_GT(sum.calls_ended[end], 0U) << name_of(end) << " no longer happens here";
    for (const auto count : {&Tally::repeated, &Tally::parts, &Tally::parked, &Tally::drains, &Tally::waits,
                             &Tally::heard_native, &Tally::heard_legacy, &Tally::lost, &Tally::channels, &Tally::places,
                             &Tally::released, &Tally::pings, &Tally::unresponsive})
        EXPECT_GT(sum.*count, 0U) << "something no longer happens: " << sum.text();
}

TEST(RouterSimulation, KeepsItsPromisesWithSeedsNeverTriedBefore)
{
    const auto seed = given("PANDORA_SEED");
    const std::uint64_t first = seed.value_or(std::random_device{}());
    const std::uint64_t seeds = given("PANDORA_SEEDS").value_or(seed ? 1 : 10);
    const std::uint64_t steps = given("PANDORA_STEPS").value_or(5'000);
    std::cout << "seeds " << first << " to " << first + seeds - 1 << '\n';
    std::cout << simulate(first, seeds, steps).text() << '\n';
}

} // namespace
} // namespace pandora::hub::core::simulation
