#include "supervisor/core/overloaded.hpp"
#include "supervisor/core/rollout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono_literals;
using Orders = std::vector<RolloutOrder>;

constexpr TimePoint start{};
constexpr Millis patience = 10s;

Slot slot(State state, std::uint32_t run = 1) { return {Run{run}, state}; }

std::vector<Slot> all(std::size_t replicas, State state = State::ready) { return {replicas, slot(state)}; }

/// Instances that do what a rollout orders, one step of one instance at a time.
class Instances {
public:
    Instances(const procfiles::Rollout& rule, std::uint32_t replicas)
        : slots_{all(replicas)}, rollout_{rule, slots_, patience}
    {}

    /// Until it is over; the orders in words: "size 3", "replace 0", ...
    std::vector<std::string> run()
    {
        std::vector<std::string> words;
        for (int step = 0; step < 1'000 && !over_; ++step) {
            for (const auto& order : rollout_.next(slots_, start)) words.push_back(obey(order));
            fewest_ready_ = std::min(fewest_ready_, count(State::ready));
            most_ = std::max(most_, slots_.size());
            go_on();
        }
        return words;
    }

    std::size_t fewest_ready() const { return fewest_ready_; }

    std::size_t most() const { return most_; }

    const std::vector<Slot>& slots() const { return slots_; }

private:
    std::size_t count(State state) const
    {
        return static_cast<std::size_t>(std::ranges::count(slots_, state, &Slot::state));
    }

    std::string obey(const RolloutOrder& order)
    {
        return std::visit(Overloaded{
                              [&](const Resize& o) {
                                  slots_.resize(o.replicas, slot(State::starting));
                                  return "size " + std::to_string(o.replicas);
                              },
                              [&](const Replace& o) {
                                  slots_.at(o.index).state = State::stopping;
                                  return "replace " + std::to_string(o.index);
                              },
                              [&](const RolledOut&) {
                                  over_ = true;
                                  return std::string{"done"};
                              },
                              [&](const RolledBack& o) {
                                  over_ = true;
                                  return o.why;
                              },
                          },
                          order);
    }

    /// The last of those that are on their way gets further.
    void go_on()
    {
        const auto next = std::ranges::find_if(slots_.rbegin(), slots_.rend(),
                                               [](const Slot& each) { return each.state != State::ready; });
        if (next == slots_.rend()) return;
        if (next->state == State::starting)
            next->state = State::ready;
        else
            *next = slot(State::starting, 2);
    }

    std::vector<Slot> slots_;
    Rollout rollout_;
    bool over_ = false;
    std::size_t fewest_ready_ = slots_.size();
    std::size_t most_ = slots_.size();
};

TEST(Rollout, ReplacesEveryInstanceWithNeverFewerReadyNorMoreInAllThanAllowed)
{
    for (std::uint32_t surge = 0; surge <= 4; ++surge)
        for (std::uint32_t unavailable = surge == 0 ? 1 : 0; unavailable <= 4; ++unavailable)
            for (std::uint32_t replicas = 0; replicas <= 5; ++replicas) {
                SCOPED_TRACE("max_surge " + std::to_string(surge) + ", max_unavailable " + std::to_string(unavailable) +
                             ", replicas " + std::to_string(replicas));
                Instances instances{{.max_surge = surge, .max_unavailable = unavailable}, replicas};
                const auto words = instances.run();
                EXPECT_EQ(words.back(), "done");
                EXPECT_GE(instances.fewest_ready() + unavailable, replicas);
                EXPECT_LE(instances.most(), replicas + std::min(surge, replicas));
                EXPECT_EQ(instances.slots().size(), replicas);
                for (const auto& each : instances.slots()) EXPECT_EQ(each.run, slot(State::ready, 2).run);
                EXPECT_EQ(std::set<std::string>(words.begin(), words.end()).size(), words.size()) << "nothing twice";
            }
}

TEST(Rollout, TheOrderIsSurgeThenOneAfterTheOtherThenTheSurgeGoes)
{
    struct Row {
        procfiles::Rollout rule;
        std::uint32_t replicas;
        std::vector<std::string> orders;
    };

    for (const auto& [rule, replicas, orders] : {
             Row{{1, 0}, 1, {"size 2", "replace 0", "size 1", "done"}},
             Row{{1, 0}, 3, {"size 4", "replace 0", "replace 1", "replace 2", "size 3", "done"}},
             Row{{0, 1}, 2, {"replace 0", "replace 1", "done"}},
             Row{{1, 1}, 2, {"size 3", "replace 0", "replace 1", "size 2", "done"}},
             Row{{9, 0}, 2, {"size 4", "replace 0", "replace 1", "size 2", "done"}},
             Row{{0, 9}, 2, {"replace 0", "replace 1", "done"}},
         })
        EXPECT_EQ((Instances{rule, replicas}.run()), orders);
}

TEST(Rollout, OldOnesGoOnlyOnceTheSurgeIsReady)
{
    Rollout rollout{{.max_surge = 1}, all(2), patience};
    EXPECT_EQ(rollout.next(all(2), start), (Orders{Resize{3}}));
    std::vector<Slot> slots{slot(State::ready), slot(State::ready), slot(State::pending)};
    EXPECT_EQ(rollout.next(slots, start), Orders{});
    slots[2] = slot(State::starting);
    EXPECT_EQ(rollout.next(slots, start), Orders{});
    slots[2] = slot(State::ready);
    EXPECT_EQ(rollout.next(slots, start), (Orders{Replace{0}}));
    slots[0] = slot(State::stopping);
    EXPECT_EQ(rollout.next(slots, start), Orders{}) << "its place has to be filled first";
}

TEST(Rollout, WhatIsNotReadyCostsNothingAndIsReplacedFirst)
{
    std::vector<Slot> slots{slot(State::ready), slot(State::ready), slot(State::backoff)};
    Rollout in_place{{.max_surge = 0, .max_unavailable = 1}, slots, patience};
    EXPECT_EQ(in_place.next(slots, start), (Orders{Replace{2}})) << "with another one only one would be ready";
    Rollout wide{{.max_surge = 0, .max_unavailable = 2}, slots, patience};
    EXPECT_EQ(wide.next(slots, start), (Orders{Replace{0}, Replace{2}}));
    std::swap(slots[0], slots[2]);
    Rollout first{{.max_surge = 0, .max_unavailable = 2}, slots, patience};
    EXPECT_EQ(first.next(slots, start), (Orders{Replace{0}, Replace{1}}));
    std::swap(slots[0], slots[2]);
    Rollout surging{{.max_surge = 1}, slots, patience};
    EXPECT_EQ(surging.next(slots, start), (Orders{Resize{4}, Replace{2}}));
}

TEST(Rollout, ANewInstanceThatFailsTakesTheSurgeBackAndSparesTheRest)
{
    for (const auto state : {State::backoff, State::failed, State::completed, State::disabled}) {
        Rollout of_surge{{.max_surge = 1}, all(2), patience};
        of_surge.next(all(2), start);
        EXPECT_EQ(of_surge.next({slot(State::ready), slot(State::ready), slot(state)}, start),
                  (Orders{Resize{2}, RolledBack{"its new instance 2 failed"}}))
            << name(state);

        Rollout in_place{{.max_surge = 0, .max_unavailable = 1}, all(2), patience};
        in_place.next(all(2), start);
        EXPECT_EQ(in_place.next({slot(state, 2), slot(State::ready)}, start),
                  (Orders{Resize{2}, RolledBack{"its new instance 0 failed"}}))
            << name(state);
    }
}

TEST(Rollout, ANewInstanceThatFailsAfterItWasReadyFailsItToo)
{
    Rollout rollout{{.max_surge = 1}, all(2), patience};
    rollout.next(all(2), start);
    std::vector<Slot> slots{slot(State::ready), slot(State::ready), slot(State::ready)};
    EXPECT_EQ(rollout.next(slots, start), (Orders{Replace{0}}));
    slots[0] = slot(State::ready, 2);
    slots[2] = slot(State::failed);
    EXPECT_EQ(rollout.next(slots, start), (Orders{Resize{2}, RolledBack{"its new instance 2 failed"}}))
        << "or nothing would ever happen again";
}

TEST(Rollout, TheEndOfAnOldRunIsNoFailure)
{
    Rollout rollout{{.max_surge = 0, .max_unavailable = 1}, all(2), patience};
    rollout.next(all(2), start);
    for (const auto state : {State::ready, State::stopping, State::completed, State::pending})
        EXPECT_EQ(rollout.next({slot(state), slot(State::ready)}, start), Orders{}) << name(state);
    EXPECT_EQ(rollout.next({slot(State::ready, 2), slot(State::ready)}, start), (Orders{Replace{1}}));
    EXPECT_EQ(rollout.next({slot(State::ready, 2), slot(State::backoff)}, start), Orders{}) << "it is being replaced";
}

TEST(Rollout, EveryNewInstanceHasItsOwnPatience)
{
    Rollout rollout{{.max_surge = 1}, all(1), patience};
    EXPECT_EQ(rollout.deadline(), std::nullopt);
    rollout.next(all(1), start);
    EXPECT_EQ(rollout.deadline(), start + patience);
    std::vector<Slot> slots{slot(State::ready), slot(State::ready)};
    EXPECT_EQ(rollout.next(slots, start + 6s), (Orders{Replace{0}}));
    EXPECT_EQ(rollout.deadline(), start + 16s);
    slots[0] = slot(State::starting, 2);
    EXPECT_EQ(rollout.next(slots, start + 15'999ms), Orders{});
    EXPECT_EQ(rollout.next(slots, start + 16s),
              (Orders{Resize{1}, RolledBack{"its new instance 0 was not ready within 10 s"}}));
}

TEST(Rollout, WhatGetsReadyAtTheLastMomentIsInTime)
{
    Rollout rollout{{.max_surge = 0, .max_unavailable = 1}, all(1), patience};
    rollout.next(all(1), start);
    EXPECT_EQ(rollout.next({slot(State::ready, 2)}, start + patience), (Orders{RolledOut{}}));
    EXPECT_EQ(rollout.deadline(), std::nullopt);
}

TEST(Rollout, ARenewedInstanceThatIsRestartedLaterIsNotHeldToItsPatience)
{
    Rollout rollout{{.max_surge = 0, .max_unavailable = 1}, all(2), patience};
    rollout.next(all(2), start);
    EXPECT_EQ(rollout.next({slot(State::ready, 2), slot(State::ready)}, start + 5s), (Orders{Replace{1}}));
    EXPECT_EQ(rollout.next({slot(State::starting, 3), slot(State::starting, 2)}, start + 14s), Orders{});
}

} // namespace
} // namespace pandora::supervisor::core
