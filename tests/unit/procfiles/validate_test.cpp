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

TEST(Validate, ChecksEachProcessByItself)
{
    struct Row {
        void (*change)(ProcessSpec&);
        Problem want;
    };

    using P = ProcessSpec&;
    const auto warning = [](std::string message) { return Problem{{1, 1}, std::move(message), Severity::warning}; };
    for (const auto& [change, want] : std::initializer_list<Row>{
             {[](P p) { p.availability.backoff_jitter = 1.5; },
              {{}, "`backoff_jitter` must be from 0 to 1: it is a fraction of the delay"}},
             {[](P p) { p.readiness.notification_fd = 256; },
              {{1, 1}, "process `web`: `notification_fd` must be from 3 to 255"}},
             {[](P p) { p.readiness.notification_fd = 3, p.sockets = {"http"}; },
              {{1, 1},
               "process `web`: `notification_fd` 3 is where one of its sockets is; the first that is free is 4"}},
             {[](P p) { p.readiness.log_line = "ready ("; },
              warning("process `web`: `ready_log_line` `ready (` is no regular expression; it is looked for as it is "
                      "written")},
             {[](P p) { p.readiness.probe = Probe{.action = UnixProbe{"/x"}, .success_threshold = 0}; },
              {{1, 1}, "process `web`: the thresholds of `readiness_probe` must be at least 1"}},
             {[](P p) { p.liveness = Probe{.action = UnixProbe{"/x"}, .period = Millis{0}}; },
              {{1, 1}, "process `web`: the period and timeout of `liveness_probe` must be above 0"}},
             {[](P p) {
                  p.limits.resources = {{1, 8, 7}};
              },
              {{1, 1}, "process `web`: a soft limit must not be above its hard one (8 and 7)"}},
             {[](P p) {
                  p.limits.resources = {{1, std::nullopt, 7}};
              },
              {{1, 1}, "process `web`: a soft limit must not be above its hard one (unlimited and 7)"}},
             {[](P p) { p.schedule = Schedule{}, p.replicas = 2; },
              {{1, 1}, "process `web` has a `schedule` and replicas; runs that overlap are `max_concurrent`"}},
             {[](P p) { p.schedule = Schedule{}, p.on_demand = true, p.sockets = {"http"}; },
              {{1, 1}, "process `web` has a `schedule` and `on_demand`; only one can start it"}},
             {[](P p) { p.on_demand = true; },
              {{1, 1}, "process `web`: `on_demand` needs `sockets`, whose first connection starts it"}},
             {[](P p) { p.is_daemon = true; },
              warning("process `web` has `is_daemon` and no `shutdown.command`: what it leaves in the background is "
                      "stopped by signals, if it can be found")},
             {[](P p) {
                  p.sockets = {"http", "http"};
              },
              {{1, 1}, "process `web` lists socket `http` twice"}},
             {[](P p) { p.sockets = {"htp"}; },
              {{1, 1}, "process `web` is given socket `htp`, which does not exist; did you mean `http`?"}},
             {[](P p) {
                  p.rollout = {0, 0};
              },
              {{1, 1}, "process `web`: `max_surge` and `max_unavailable` are both 0: nothing could be replaced"}},
             {[](P p) { p.recycle.spread = Millis{1}; },
              warning("process `web`: `recycle.spread` does nothing without `recycle.age`")},
         }) {
        AppSpec app;
        app.sockets = {{.name = "http"}};
        app.processes = {process("web", 1)};
        change(app.processes[0]);
        EXPECT_THAT(validate(app), ElementsAre(want));
    }
}

TEST(Validate, AnObjectThatIsNotPromisedMayStillComeAndALineMayNot)
{
    auto promising = process("db", 2);
    promising.readiness.objects = {"store"};
    promising.readiness.log_line = "up";
    const auto problems = [&](Dependency dependency, const ProcessSpec& other) {
        auto web = process("web", 1, {std::move(dependency)});
        return problems_of({web, other});
    };
    const auto object = [](std::string name) {
        return Dependency{.process = "db", .condition = Condition::object_published, .object = std::move(name)};
    };
    EXPECT_THAT(problems(object("store"), promising), IsEmpty());
    EXPECT_THAT(problems(object(""), promising), IsEmpty());
    EXPECT_THAT(problems(on("db", Condition::log_ready), promising), IsEmpty());
    EXPECT_THAT(
        problems(object("stor"), promising),
        ElementsAre(Problem{{1, 10},
                            "process `web` waits for object `stor` of `db`, which does not promise it in `objects`",
                            Severity::warning}));
    EXPECT_THAT(problems(object(""), process("db", 2)),
                ElementsAre(Problem{
                    {1, 10}, "process `web` waits for an object of `db`, which does not promise any in `objects`"}));
    EXPECT_THAT(problems(on("db", Condition::log_ready), process("db", 2)),
                ElementsAre(Problem{{1, 10}, "process `web` waits for a line of `db`, which has no `ready_log_line`"}));
}

TEST(Validate, AGroupHasProcessesThatExistAndNoOtherHas)
{
    AppSpec app;
    app.processes = {process("web", 1), process("db", 2)};
    app.groups = {{.name = "a", .processes = {"web", "web", "bd"}, .place = {3, 1}},
                  {.name = "b", .processes = {}, .place = {4, 1}},
                  {.name = "c", .processes = {"db", "web"}, .place = {5, 1}}};
    EXPECT_THAT(validate(app),
                ElementsAre(Problem{{3, 1}, "group `a` lists process `web` twice"},
                            Problem{{3, 1}, "group `a` has process `bd`, which does not exist; did you mean `db`?"},
                            Problem{{4, 1}, "group `b` has no processes"},
                            Problem{{5, 1}, "process `web` is in groups `a` and `c`; which strategy were to hold?"}));
}

} // namespace
} // namespace pandora::procfiles
