#include "procfiles/validate.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A process in line `line` that depends on others; their places are the same line, columns from 10 on.
ProcessSpec process(std::string name, std::size_t line, std::initializer_list<Dependency> dependencies = {})
{
    ProcessSpec result;
    result.name = std::move(name);
    result.command = ShellCommand{"true"};
    result.place = {line, 1};
    result.depends_on = dependencies;
    for (std::size_t i = 0; i < result.depends_on.size(); ++i) result.depends_on[i].place = {line, 10 + i};
    return result;
}

Dependency on(std::string name, Condition condition = Condition::started)
{
    return {.process = std::move(name), .condition = condition, .place = {}};
}

std::vector<Problem> problems_of(std::vector<ProcessSpec> processes)
{
    AppSpec app;
    app.processes = std::move(processes);
    return validate(app);
}

TEST(Validate, FindsNothingWrongWithAGraphWithoutCycles)
{
    EXPECT_THAT(problems_of({}), IsEmpty());
    EXPECT_THAT(problems_of({process("a", 1, {on("b"), on("c")}), process("b", 2, {on("d", Condition::healthy)}),
                             process("c", 3, {on("d", Condition::completed)}), process("d", 4)}),
                IsEmpty());
}

TEST(Validate, AnUnknownDependencyNamesTheNearestProcess)
{
    EXPECT_THAT(problems_of({process("web", 1, {on("dn"), on("elsewhere")}), process("db", 2)}),
                ElementsAre(Problem{{1, 10}, "process `web` depends on `dn`, which does not exist; did you mean `db`?"},
                            Problem{{1, 11}, "process `web` depends on `elsewhere`, which does not exist"}));
}

TEST(Validate, AProcessThatDependsOnItselfIsNotAlsoACycle)
{
    EXPECT_THAT(problems_of({process("a", 1, {on("a")})}),
                ElementsAre(Problem{{1, 10}, "process `a` depends on itself"}));
}

TEST(Validate, NamesEachCycleOnceAndInFull)
{
    EXPECT_THAT(problems_of({process("x", 1, {on("a")}), process("a", 2, {on("b")}), process("b", 3, {on("c")}),
                             process("c", 4, {on("a")}), process("y", 5, {on("z")}), process("z", 6, {on("y")})}),
                ElementsAre(Problem{{2, 10}, "processes wait for each other: a -> b -> c -> a"},
                            Problem{{5, 10}, "processes wait for each other: y -> z -> y"}));
}

TEST(Validate, NamesTwoCyclesThroughOneProcessApart)
{
    EXPECT_THAT(
        problems_of({process("a", 1, {on("b"), on("c")}), process("b", 2, {on("a")}), process("c", 3, {on("a")})}),
        ElementsAre(Problem{{1, 10}, "processes wait for each other: a -> b -> a"},
                    Problem{{1, 11}, "processes wait for each other: a -> c -> a"}));
}

TEST(Validate, OnlyAProcessThatEndsCanBeWaitedForToEnd)
{
    for (const Condition condition : {Condition::completed, Condition::completed_successfully}) {
        auto server = process("server", 2);
        server.availability.restart = Restart::always;
        EXPECT_THAT(
            problems_of({process("job", 1, {on("server", condition)}), server}),
            ElementsAre(Problem{
                {1, 10}, "process `job` waits for the end of `server`, which has `restart: always` and never ends"}));
        server.availability.restart = Restart::on_failure;
        EXPECT_THAT(problems_of({process("job", 1, {on("server", condition)}), server}), IsEmpty());
    }
}

TEST(Validate, ChecksValuesThatContradictEachOther)
{
    auto web = process("web", 1);
    web.replicas = 0;
    web.availability.place = {3, 5};
    web.availability.backoff = Millis{2000};
    web.availability.backoff_max = Millis{1000};
    web.availability.backoff_multiplier = 0.5;
    EXPECT_THAT(problems_of({web}),
                ElementsAre(Problem{{1, 1}, "process `web` has no replicas"},
                            Problem{{3, 5}, "`backoff_multiplier` must be at least 1: delays do not shrink"},
                            Problem{{3, 5}, "`backoff_max` (1000 ms) must not be below `backoff` (2000 ms)"}));
}

TEST(Validate, AChainLongerThanAnyStackIsNoProblemAndNeitherIsItsCycle)
{
    std::vector<ProcessSpec> chain;
    for (std::size_t i = 0; i < 60'000; ++i)
        chain.push_back(process("p" + std::to_string(i), i + 1, {on("p" + std::to_string(i + 1))}));
    chain.push_back(process("p60000", 60'001));
    EXPECT_THAT(problems_of(chain), IsEmpty());
    chain.back().depends_on = {on("p0")};
    EXPECT_THAT(problems_of(chain), SizeIs(1));
}

TEST(Validate, CyclesWithoutNumberAreToldTenTimes)
{
    std::vector<ProcessSpec> chain{process("p0", 1, {on("p1")})};
    for (std::size_t i = 1; i < 20'000; ++i)
        chain.push_back(process("p" + std::to_string(i), i + 1,
                                {on("p0"), on("p" + std::to_string(std::min<std::size_t>(i + 1, 19'999)))}));
    chain.back().depends_on.pop_back();
    EXPECT_THAT(problems_of(chain), SizeIs(10));
}

} // namespace
} // namespace pandora::procfiles
