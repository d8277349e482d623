#include "supervisor/app/isolation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <linux/capability.h>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>

namespace pandora::supervisor::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

procfiles::AppSpec app_of(procfiles::ProcessSpec process)
{
    procfiles::AppSpec app;
    app.name = "shop";
    process.name = "web";
    app.processes.push_back(std::move(process));
    return app;
}

/// Without any cgroup.
os::SpawnRequest request_of(const procfiles::AppSpec& app, std::vector<std::string> environment = {})
{
    const Isolations isolations{app, {}};
    os::SpawnRequest request;
    request.environment = std::move(environment);
    isolations.apply(app.processes.front(), request);
    return request;
}

std::string refusal(const procfiles::ProcessSpec& process)
{
    try {
        const Isolations isolations{app_of(process), {}};
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

bool may_change_user() { return os::effective_capabilities().contains(CAP_SETUID); }

TEST(Isolations, NameWhatDoesNotExist)
{
    procfiles::ProcessSpec process;
    process.isolation.user = "no-such-user";
    EXPECT_EQ(refusal(process), "process web: user `no-such-user` does not exist");
    process.isolation = {.group = "no-such-group"};
    EXPECT_EQ(refusal(process), "process web: group `no-such-group` does not exist");
    process.isolation = {.groups = {{"no-such-group"}}};
    EXPECT_EQ(refusal(process), "process web: group `no-such-group` does not exist");
    process.isolation = {.capabilities = {{"CAP_FLY"}}};
    EXPECT_EQ(refusal(process), "process web: capability `CAP_FLY` does not exist");
}

TEST(Isolations, RefuseAtTheStartWhatOnlyRootCanDo)
{
    if (may_change_user()) GTEST_SKIP() << "we can";
    procfiles::ProcessSpec process;
    process.isolation.user = std::to_string(::geteuid() + 1);
    EXPECT_EQ(refusal(process), "process web: only root can run it as another user or group");
}

TEST(Isolations, ChangeNothingThatWasNotAskedFor)
{
    const auto request = request_of(app_of({}), {"HOME=/somewhere"});
    EXPECT_FALSE(request.run_as);
    EXPECT_FALSE(request.capabilities);
    EXPECT_FALSE(request.umask);
    EXPECT_FALSE(request.nice);
    EXPECT_FALSE(request.io_priority);
    EXPECT_FALSE(request.oom_score_adj);
    EXPECT_FALSE(request.no_new_privileges);
    EXPECT_THAT(request.resource_limits, IsEmpty());
    EXPECT_THAT(request.cpu_affinity, IsEmpty());
    EXPECT_THAT(request.environment, ElementsAre("HOME=/somewhere"));
}

TEST(Isolations, OurOwnUserNeedsNoRights)
{
    procfiles::ProcessSpec process;
    process.isolation.user = std::to_string(::geteuid());
    process.isolation.group = std::to_string(::getegid());
    EXPECT_EQ(refusal(process), "");
    EXPECT_THAT(Isolations(app_of(process), {}).foreign_users(), IsEmpty());
}

TEST(Isolations, TurnNamesIntoNumbers)
{
    if (!may_change_user()) GTEST_SKIP() << "only root can change the user";
    procfiles::ProcessSpec process;
    process.isolation = {.user = "4000", .group = "4001", .groups = {{"4002", "root"}}};
    const auto app = app_of(process);
    const auto request = request_of(app);
    ASSERT_TRUE(request.run_as);
    EXPECT_EQ(request.run_as->uid, 4000U);
    EXPECT_EQ(request.run_as->gid, 4001U);
    EXPECT_THAT(request.run_as->groups, ElementsAre(4002U, 0U));
    const Isolations isolations{app, {}};
    EXPECT_THAT(isolations.foreign_users(), ElementsAre(4000U));
    EXPECT_THAT(isolations.all_users(), ElementsAre(4000U, ::geteuid()));
}

TEST(Isolations, AUserBringsItsHomeUnlessTheProcfileSaysOtherwise)
{
    if (!may_change_user()) GTEST_SKIP() << "only root can change the user";
    procfiles::ProcessSpec process;
    process.isolation.user = "root";
    process.environment = {{"USER", "somebody"}};
    const auto request = request_of(app_of(process), {"HOME=/inherited", "USER=somebody", "LOGNAME=me"});
    EXPECT_THAT(request.environment, Not(Contains("HOME=/inherited")));
    EXPECT_THAT(request.environment, Contains(StartsWith("HOME=/")));
    EXPECT_THAT(request.environment, Contains("USER=somebody"));
    EXPECT_THAT(request.environment, Contains("LOGNAME=root"));
}

TEST(Isolations, EncodeLimitsAsTheKernelTakesThem)
{
    procfiles::ProcessSpec process;
    process.limits.resources = {{RLIMIT_CORE, 0, std::nullopt}, {RLIMIT_NOFILE, 100, std::nullopt}};
    process.limits.nice = 5;
    process.limits.io_priority = {procfiles::IoPriority::Class::idle, 7};
    process.limits.oom_score_adj = 300;
    process.limits.cpu_affinity = {0, 1};
    process.isolation.umask = 027;
    process.isolation.no_new_privileges = true;
    process.isolation.capabilities = {{"CAP_NET_BIND_SERVICE"}};
    const auto request = request_of(app_of(process));
    ASSERT_EQ(request.resource_limits.size(), 2U);
    EXPECT_EQ(request.resource_limits[0].soft, 0U);
    EXPECT_EQ(request.resource_limits[0].hard, RLIM_INFINITY);
    EXPECT_EQ(request.resource_limits[1].soft, 100U);
    EXPECT_LT(request.resource_limits[1].hard, RLIM_INFINITY) << "the kernel has a most, which it holds against all";
    EXPECT_EQ(request.nice, 5);
    EXPECT_EQ(request.io_priority, 3 << 13 | 7);
    EXPECT_EQ(request.oom_score_adj, 300);
    EXPECT_THAT(request.cpu_affinity, ElementsAre(0U, 1U));
    EXPECT_EQ(request.umask, 027U);
    EXPECT_TRUE(request.no_new_privileges);
    EXPECT_EQ(request.capabilities, os::CapabilitySet{1U << CAP_NET_BIND_SERVICE});
}

TEST(Isolations, SayFromTheStartWhatCannotBeHad)
{
    procfiles::ProcessSpec process;
    process.limits.pids = 10;
    const auto app = app_of(process);
    Isolations isolations{app, {}};
    const char* line = "process web: limits.pids: the cgroup controller `pids` is not available here";
    EXPECT_THAT(isolations.unapplied(), ElementsAre(line));
    os::SpawnRequest request;
    isolations.apply(app.processes.front(), 1, request);
    EXPECT_THAT(isolations.unapplied(), ElementsAre(line)) << "once, however many instances";
    EXPECT_EQ(request.cgroup, -1);
    EXPECT_TRUE(request.cgroup_entries.empty());
}

TEST(Isolations, ResetTheSignalsThatTheMasterIgnoresOrWill)
{
    const auto request = request_of(app_of({}));
    EXPECT_TRUE(request.perhaps_ignored.contains(SIGPIPE));
    EXPECT_EQ(request.perhaps_ignored.contains(SIGHUP), os::ignored_signals().contains(SIGHUP));
}

} // namespace
} // namespace pandora::supervisor::app
