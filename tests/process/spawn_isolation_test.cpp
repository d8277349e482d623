// Limits, users, rights and control groups of real children.
#include "supervisor/os/cgroup_tree.hpp"
#include "tests/process/spawn_fixture.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <thread>

namespace pandora::supervisor::os {
namespace {

constexpr uid_t nobody = 65534;

bool may(int capability) { return effective_capabilities().contains(capability); }

class SpawnIsolationTest : public SpawnTest {
protected:
    static SpawnRequest status(const std::string& fields)
    {
        return shell("grep -E '^(" + fields + ")' /proc/self/status | tr -s '\t ' ' '");
    }
};

TEST_F(SpawnIsolationTest, HasTheUmaskAskedFor)
{
    auto request = shell("umask");
    request.umask = 027;
    EXPECT_EQ(run(request).text, "0027\n");
}

TEST_F(SpawnIsolationTest, HasTheResourceLimitsAskedForAndTheParentKeepsItsOwn)
{
    rlimit before{};
    ::getrlimit(RLIMIT_CORE, &before);
    auto request = shell("ulimit -Sc; ulimit -Hc; ulimit -Sn; ulimit -Hn");
    request.descriptor_limit = DescriptorLimit{100, 200};
    request.resource_limits = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 50, 60}};
    EXPECT_EQ(run(request).text, "0\n0\n50\n60\n");
    rlimit after{};
    ::getrlimit(RLIMIT_CORE, &after);
    EXPECT_EQ(after.rlim_max, before.rlim_max);
}

TEST_F(SpawnIsolationTest, ALimitThatTheKernelRefusesIsReported)
{
    auto request = shell("true");
    request.resource_limits = {{RLIMIT_CORE, 2, 1}};
    EXPECT_EQ(error_of(request), "cannot set limits of /bin/sh: Invalid argument");
}

TEST_F(SpawnIsolationTest, HasThePrioritiesAskedFor)
{
    auto request = shell("cut -d')' -f2 /proc/$$/stat | cut -d' ' -f18; ionice -p $$");
    request.nice = 7;
    request.io_priority = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);
    EXPECT_EQ(run(request).text, "7\nbest-effort: prio 6\n");
}

TEST_F(SpawnIsolationTest, HasTheOomScoreAskedForAndTheParentKeepsItsOwn)
{
    const auto own = [] {
        std::string text;
        std::getline(std::ifstream{"/proc/self/oom_score_adj"}, text);
        return text;
    };
    const auto before = own();
    auto request = shell("cat /proc/$$/oom_score_adj");
    request.oom_score_adj = 900;
    EXPECT_EQ(run(request).text, "900\n");
    EXPECT_EQ(own(), before);
}

TEST_F(SpawnIsolationTest, RunsOnTheCpusAskedFor)
{
    auto request = status("Cpus_allowed_list");
    request.cpu_affinity = {0};
    EXPECT_EQ(run(request).text, "Cpus_allowed_list: 0\n");
    request.cpu_affinity = {4095};
    EXPECT_EQ(error_of(request), "cannot set cpu_affinity of /bin/sh: Invalid argument");
}

TEST_F(SpawnIsolationTest, RenouncesNewPrivilegesAlsoAsItself)
{
    auto request = status("NoNewPrivs");
    request.no_new_privileges = true;
    EXPECT_EQ(run(request).text, "NoNewPrivs: 1\n");
}

TEST_F(SpawnIsolationTest, DropsToTheUserAskedForInAllThreeIdsAndGroups)
{
    if (!may(CAP_SETUID)) GTEST_SKIP() << "only root can change the user";
    auto request = shell("grep -E '^(Uid|Gid|Groups|NoNewPrivs)' /proc/self/status | tr -s '\\t ' ' '");
    request.run_as = RunAs{nobody, nobody, {}};
    request.no_new_privileges = true;
    EXPECT_EQ(run(request).text,
              "Uid: 65534 65534 65534 65534\nGid: 65534 65534 65534 65534\nGroups: \nNoNewPrivs: 1\n");
    EXPECT_EQ(::geteuid(), 0U) << "the parent keeps its own";
}

TEST_F(SpawnIsolationTest, HasTheSupplementaryGroupsAskedForAndNoOther)
{
    if (!may(CAP_SETGID)) GTEST_SKIP() << "only root can change groups";
    auto request = status("Gid|Groups");
    request.run_as = RunAs{nobody, 4000, {4001, 4002}};
    EXPECT_EQ(run(request).text, "Gid: 4000 4000 4000 4000\nGroups: 4001 4002 \n");
}

TEST_F(SpawnIsolationTest, EntersItsFolderAsTheUserItBecomes)
{
    if (!may(CAP_SETUID)) GTEST_SKIP() << "only root can change the user";
    auto request = shell("true");
    request.working_directory = folder_; // 0700, as mkdtemp makes them
    EXPECT_EQ(error_of(request), "");
    request.run_as = RunAs{nobody, nobody, {}};
    EXPECT_EQ(error_of(request), "cannot change to working_dir " + folder_.string() + ": Permission denied");
}

TEST_F(SpawnIsolationTest, WhoMayNotChangeTheUserIsTold)
{
    if (may(CAP_SETUID)) GTEST_SKIP() << "we may";
    auto request = shell("true");
    request.run_as = RunAs{::geteuid() + 1, ::getegid(), {}};
    EXPECT_EQ(error_of(request), "cannot change user for /bin/sh: Operation not permitted");
}

TEST_F(SpawnIsolationTest, AnotherUserKeepsExactlyTheCapabilitiesAskedFor)
{
    if (!may(CAP_SETPCAP)) GTEST_SKIP() << "only root can keep capabilities";
    auto request = status("Uid|Cap");
    request.run_as = RunAs{nobody, nobody, {}};
    request.no_new_privileges = true;
    request.capabilities = CapabilitySet{1U << CAP_NET_BIND_SERVICE};
    EXPECT_EQ(run(request).text, "Uid: 65534 65534 65534 65534\n"
                                 "CapInh: 0000000000000400\nCapPrm: 0000000000000400\nCapEff: 0000000000000400\n"
                                 "CapBnd: 0000000000000400\nCapAmb: 0000000000000400\n");
}

TEST_F(SpawnIsolationTest, RootKeepsNoMoreThanTheCapabilitiesAskedFor)
{
    if (::geteuid() != 0 || !may(CAP_SETPCAP)) GTEST_SKIP() << "only root has any to lose";
    auto request = status("CapPrm|CapEff|CapBnd");
    request.capabilities = CapabilitySet{};
    EXPECT_EQ(run(request).text, "CapPrm: 0000000000000000\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\n");
    EXPECT_TRUE(may(CAP_SETPCAP)) << "the parent keeps its own";
}

TEST_F(SpawnIsolationTest, AChangeOfUserLeavesTheParentAsDumpableAsItWas)
{
    if (!may(CAP_SETUID)) GTEST_SKIP() << "only root can change the user";
    ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    auto request = shell("true");
    request.run_as = RunAs{nobody, nobody, {}};
    run(request);
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    request.argv = {"/no/such/program"};
    error_of(request);
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
}

/// In a child of its own, as the parent that dies.
TEST_F(SpawnIsolationTest, AlsoAnotherUserWithCapabilitiesFollowsItsParentIntoDeath)
{
    if (!may(CAP_SETPCAP)) GTEST_SKIP() << "only root can keep capabilities";
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader{ends[0]};
    UniqueFd writer{ends[1]};
    const auto parent = ::fork();
    if (parent == 0) {
        auto request = shell("trap 'echo told; exit' TERM; echo up; while :; do sleep 0.05; done");
        request.standard_output = writer.get();
        request.run_as = RunAs{nobody, nobody, {}};
        request.capabilities = CapabilitySet{1U << CAP_NET_BIND_SERVICE};
        const auto spawned = spawn(request);
        ::usleep(spawned.has_value() ? 300'000 : 0);
        ::_exit(0);
    }
    writer = UniqueFd{};
    const auto text = read_all(reader);
    ::waitpid(parent, nullptr, 0);
    EXPECT_EQ(text, "up\ntold\n");
}

class SpawnCgroupTest : public SpawnIsolationTest {
protected:
    static void wait_until_empty(const Cgroup& group)
    {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!group.empty() && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        EXPECT_TRUE(group.empty());
    }

    /// /proc/swaps has a line of titles.
    static bool has_swap()
    {
        std::ifstream swaps{"/proc/swaps"};
        std::string line;
        return std::getline(swaps, line) && std::getline(swaps, line);
    }

    CgroupTree tree_{"spawn-test"};
};

TEST_F(SpawnCgroupTest, IsBornInItsGroupAndNothingEscapesTheKill)
{
    auto made = tree_.make("web-0", {});
    if (made.group.unified().empty()) GTEST_SKIP() << "no cgroup of version 2 that we may write to";
    // The second sleeper leaves group, session and parent behind; the line says that it runs.
    auto request = shell("(setsid sh -c 'echo $$; exec sleep 1000' &); grep ^0:: /proc/$$/cgroup; exec sleep 1000");
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader{ends[0]};
    UniqueFd writer{ends[1]};
    request.standard_output = writer.get();
    made.group.receive(request);
    const auto spawned = spawn(request);
    writer = UniqueFd{};
    ASSERT_TRUE(spawned.has_value()) << describe(spawned.error());
    std::string text;
    for (char c = 0; std::ranges::count(text, '\n') < 2 && ::read(reader.get(), &c, 1) == 1;) text += c;
    EXPECT_NE(text.find("/pandora-spawn-test-" + std::to_string(::getpid()) + "/web-0\n"), std::string::npos) << text;
    EXPECT_FALSE(made.group.empty());
    made.group.kill();
    wait_for(*spawned);
    wait_until_empty(made.group);
}

TEST_F(SpawnCgroupTest, HasNoMoreProcessesThanItsLimitAllows)
{
    auto made = tree_.make("web-0", {.memory = {}, .cpus = {}, .pids = 3});
    if (!made.unapplied.empty()) GTEST_SKIP() << made.unapplied.front();
    auto request = shell("for n in 1 2 3 4 5 6; do sleep 1000 > /dev/null & done; echo not reached");
    request.standard_error = -1;
    made.group.receive(request);
    const auto output = run(request);
    EXPECT_EQ(output.text, "");
    EXPECT_NE(output.end.si_status, 0) << "the shell gives up when it cannot fork";
    EXPECT_FALSE(made.group.empty());
    made.group.kill();
    wait_until_empty(made.group);
}

TEST_F(SpawnCgroupTest, CountsWhatTheKernelKilledForWantOfMemory)
{
    if (has_swap()) GTEST_SKIP() << "what has no room in memory would go to the swap space";
    auto made = tree_.make("web-0", {.memory = 16 * 1024 * 1024, .cpus = {}, .pids = {}});
    if (!made.unapplied.empty()) GTEST_SKIP() << made.unapplied.front();
    EXPECT_EQ(made.group.oom_kills(), 0U);
    auto request = shell("head -c 200m /dev/zero | tail -c 150m > /dev/null"); // tail keeps what it may have to print
    made.group.receive(request);
    run(request);
    EXPECT_GE(made.group.oom_kills(), 1U);
}

} // namespace
} // namespace pandora::supervisor::os
