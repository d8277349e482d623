#include "supervisor/app/requests.hpp"

#include <gmock/gmock.h>

namespace pandora::supervisor::app {
namespace {

using procfiles::AppSpec;
using procfiles::Entrypoint;
using procfiles::ProcessSpec;
using procfiles::ShellCommand;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

const Place place{"shop", "/run/pandora/shop", "/run/pandora/shop/hub.sock", "/run/pandora/shop/notify.sock", "ab12"};

EnvironmentBlock environment(const EnvironmentBlock& inherited, const AppSpec& app, const ProcessSpec& process)
{
    return worker_environment(inherited, app, process, 2, place);
}

TEST(WorkerEnvironment, NamesTheWorkerAndItsHub)
{
    const auto block = environment({}, {}, {.name = "web"});
    for (const char* want :
         {"PANDORA_APP=shop", "PANDORA_PROCESS=web", "PANDORA_INSTANCE=2",
          "PANDORA_HUB_SOCKET=/run/pandora/shop/hub.sock", "PANDORA_TMP_DIR=/run/pandora/shop", "PC_PROC_NAME=web",
          "PC_REPLICA_NUM=2", "NOTIFY_SOCKET=/run/pandora/shop/notify.sock", "PANDORA_RUN_ID=ab12"})
        EXPECT_THAT(block, Contains(want));
}

TEST(WorkerEnvironment, TheNearerValueWins)
{
    const AppSpec app{.environment = {{"A", "app"}, {"B", "app"}}};
    const ProcessSpec process{.name = "web", .environment = {{"B", "process"}, {"B", "last"}}};
    const auto block = environment({"A=mine", "B=mine", "C=mine", "PANDORA_PROCESS=outer"}, app, process);
    EXPECT_THAT(block, Contains("A=app"));
    EXPECT_THAT(block, Contains("B=last"));
    EXPECT_THAT(block, Contains("C=mine"));
    EXPECT_THAT(block, Contains("PANDORA_PROCESS=web"));
    EXPECT_THAT(block, Not(Contains("PANDORA_PROCESS=outer")));
}

TEST(WorkerEnvironment, WhatWasMeantForTheMasterStaysWithIt)
{
    const auto block = environment({"NOTIFY_SOCKET=/run/n", "LISTEN_FDS=2", "LISTEN_PID=1", "LISTEN_FDNAMES=a:b",
                                    "WATCHDOG_USEC=1", "WATCHDOG_PID=1", "LISTEN_FDS_MINE=kept"},
                                   {}, {.name = "web"});
    for (const char* gone : {"NOTIFY_SOCKET=/run/n", "LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=", "WATCHDOG_"})
        EXPECT_THAT(block, Not(Contains(StartsWith(gone)))) << gone;
    EXPECT_THAT(block, Contains("LISTEN_FDS_MINE=kept"));
}

TEST(WorkerRequest, ACommandGoesToTheShellAndAnEntrypointDoesNot)
{
    EXPECT_THAT(worker_request({.name = "a", .command = ShellCommand{"echo $HOME && b"}}, {}).argv,
                ElementsAre("/bin/sh", "-c", "echo $HOME && b"));
    EXPECT_THAT(worker_request({.name = "a", .command = Entrypoint{{"./a", "x y"}}}, {}).argv,
                ElementsAre("./a", "x y"));
}

TEST(WorkerRequest, TheShellIsTheOneThatTheProcfileNames)
{
    const ShellCommand command{"echo", {"/bin/bash", "-euc"}};
    EXPECT_THAT(worker_request({.name = "a", .command = command}, {}).argv, ElementsAre("/bin/bash", "-euc", "echo"));
}

TEST(WorkerRequest, AWatchdogIsToldToTheWorkerAsSystemdTellsIt)
{
    const ProcessSpec process{.name = "web", .watchdog = std::chrono::seconds{3}};
    EXPECT_THAT(environment({}, {}, process), Contains("WATCHDOG_USEC=3000000"));
    EXPECT_THAT(worker_request(process, {}).own_pid_variables, ElementsAre("WATCHDOG_PID"));
    EXPECT_THAT(environment({}, {}, {.name = "web"}), Not(Contains(StartsWith("WATCHDOG_"))));
}

TEST(HandOver, PassesSocketsInOrderWithTheirNames)
{
    os::SpawnRequest request;
    hand_over({{"http", 7}, {"admin", 5}}, request);
    EXPECT_THAT(request.listen_fds, ElementsAre(7, 5));
    EXPECT_THAT(request.listen_names, ElementsAre("http", "admin"));
}

TEST(CommandRequest, TellsTheCommandWhoseItIsAndRunsWhereTheProcessDoes)
{
    const ProcessSpec process{.name = "a", .working_dir = "/srv"};
    const auto request = command_request(process, {"kill $MAINPID", {}}, {}, {"MAINPID=old"}, 42);
    EXPECT_THAT(request.argv, ElementsAre("/bin/sh", "-c", "kill $MAINPID"));
    EXPECT_THAT(request.environment, ElementsAre("MAINPID=42"));
    EXPECT_EQ(request.working_directory, "/srv");
    const auto elsewhere = command_request(process, {"true", {}}, "/tmp", {}, std::nullopt);
    EXPECT_EQ(elsewhere.working_directory, "/tmp");
    EXPECT_THAT(elsewhere.environment, ElementsAre());
}

TEST(BrokerRequest, PassesOnlyWhatTheHubNeeds)
{
    const BrokerOptions options{"shop", 1000, 1024, std::chrono::seconds{5}, std::chrono::seconds{10}, {}};
    const auto request = broker_request(options, {7, 8, 9}, 10, os::RunAs{65534, 65534, {}});
    EXPECT_THAT(request.argv, ElementsAre("pandora: hub", "broker", "shop", "1000", "1024", "5000", "10000"));
    EXPECT_THAT(request.listen_fds, ElementsAre(7, 8, 9));
    EXPECT_THAT(request.environment, ElementsAre()) << "nothing of the master's environment";
    EXPECT_TRUE(request.no_new_privileges);
    EXPECT_EQ(request.run_as->uid, 65534U);
}

TEST(BrokerOptions, ComeBackAsTheyWentAndNothingElseDoes)
{
    const BrokerOptions options{"shop", 1000, 1024, std::chrono::seconds{5}, std::chrono::seconds{10}, {33, 65534}};
    EXPECT_EQ(broker_options(broker_arguments(options)), options);
    EXPECT_THROW(broker_options({}), std::runtime_error);
    EXPECT_THROW(broker_options({"shop", "1000", "1024", "5000"}), std::runtime_error);
    EXPECT_THROW(broker_options({"shop", "me", "1024", "5000", "10000"}), std::runtime_error);
    EXPECT_THROW(broker_options({"shop", "1000", "1024", "5s", "10000"}), std::runtime_error);
    EXPECT_THROW(broker_options({"shop", "1000", "1024", "5000", "10s"}), std::runtime_error);
    EXPECT_THROW(broker_options({"shop", "1000", "1024", "5000", "10000", "www"}), std::runtime_error);
}

} // namespace
} // namespace pandora::supervisor::app
