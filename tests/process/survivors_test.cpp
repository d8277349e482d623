// Processes that got away from the one that answered for them, for real.
#include "supervisor/os/orphans.hpp"
#include "supervisor/os/run_id.hpp"
#include "supervisor/os/survivors.hpp"
#include "tests/process/spawn_fixture.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace pandora::supervisor::os {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

class SurvivorsTest : public SpawnTest {
protected:
    SurvivorsTest() : marks_{.run_id = make_run_id(), .uids = {::geteuid()}, .ancestor = 0, .excepted = {}}
    {
        become_subreaper(); // what got away comes to us, to be reaped here
    }

    ~SurvivorsTest() override
    {
        for (const auto& survivor : find_survivors(marks_)) signal_survivor(survivor, SIGKILL);
        siginfo_t adopted{};
        while (::waitid(P_ALL, 0, &adopted, WEXITED) == 0)
            ;
    }

    /// Two processes that have left the group and the session of a leader that has ended; each has said so.
    void leave_two_behind(const std::string& script)
    {
        auto request = shell("for n in 1 2; do (setsid sh -c '" + script + "' &); done");
        request.environment.push_back("PANDORA_RUN_ID=" + marks_.run_id);
        request.environment.emplace_back("PANDORA_PROCESS=web");
        request.environment.emplace_back("PANDORA_INSTANCE=1");
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        const UniqueFd reader{ends[0]};
        const UniqueFd writer{ends[1]};
        request.standard_output = writer.get();
        const auto leader = spawn(request);
        ASSERT_TRUE(leader.has_value()) << describe(leader.error());
        std::string text;
        for (char c = 0; std::ranges::count(text, '\n') < 2 && ::read(reader.get(), &c, 1) == 1;) text += c;
        wait_for(*leader);
    }

    /// They say that they are up as a shell, just before they become `sleep`.
    std::vector<Survivor> find_sleepers() const
    {
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        for (;;) {
            auto found = find_survivors(marks_);
            const bool settled = std::ranges::all_of(found, [](const auto& each) { return each.command == "sleep"; });
            if (settled || std::chrono::steady_clock::now() > deadline) return found;
        }
    }

    std::vector<Survivor> end(SurvivorPlan::Patience patience)
    {
        return end_survivors(marks_, patience, [this](const Survivor& survivor) { told_.push_back(survivor); });
    }

    SurvivorMarks marks_;
    std::vector<Survivor> told_;
};

TEST_F(SurvivorsTest, AreFoundWhereverTheyWentAndEndedWhenAsked)
{
    leave_two_behind("echo up; exec sleep 1000");
    const auto found = find_sleepers();
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(describe(found[0]), "web/1: pid " + std::to_string(found[0].pid) + " (sleep)");
    EXPECT_THAT(end({.grace = 20s}), IsEmpty());
    EXPECT_EQ(told_, found);
}

TEST_F(SurvivorsTest, ThatDoNotListenAreKilledWhenTheGraceIsOver)
{
    leave_two_behind("trap : TERM; echo up; while :; do sleep 0.05; done");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(end({.grace = 200ms, .after_kill = 20s}), IsEmpty());
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
}

TEST_F(SurvivorsTest, ThatAreStoppedAreEndedAllTheSame)
{
    leave_two_behind("echo up; exec sleep 1000");
    for (const auto& survivor : find_survivors(marks_)) EXPECT_TRUE(signal_survivor(survivor, SIGSTOP));
    EXPECT_THAT(end({.grace = 20s}), IsEmpty());
}

TEST_F(SurvivorsTest, WithoutTheMarkAreFoundAsDescendantsOfTheirSubreaper)
{
    leave_two_behind("echo up; exec env -i /bin/sleep 1000");
    marks_.ancestor = ::getpid();
    EXPECT_THAT(find_survivors(marks_), SizeIs(2));
    EXPECT_THAT(end({.grace = 20s}), IsEmpty());
}

TEST_F(SurvivorsTest, ASignalForAProcessWhoseNumberIsAnothersNowIsNotSent)
{
    leave_two_behind("echo up; exec sleep 1000");
    const auto found = find_sleepers();
    auto predecessor = found.at(0);
    --predecessor.start_time;
    EXPECT_FALSE(signal_survivor(predecessor, SIGKILL));
    EXPECT_EQ(find_survivors(marks_), found);
}

} // namespace
} // namespace pandora::supervisor::os
