// What the keys of the app become: sockets, groups, the environment from files and commands.
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string one_process = "\nprocesses: {p: {command: run}}\n";

TEST(AppKeys, OfSocketsAllLand)
{
    const AppSpec app = parsed("sockets:\n"
                               "  http: {listen: '0.0.0.0:8080', backlog: 128, reuse_port: true}\n"
                               "  all: '*:80'\n"
                               "  here: 8081\n"
                               "  six: '[::1]:82'\n"
                               "  named: localhost:83\n"
                               "  local: {listen: run/web.sock, mode: 0600}\n"
                               "  other: unix:/run/other.sock" +
                               one_process);
    ASSERT_THAT(app.sockets, SizeIs(7));
    const auto tcp = [&](std::size_t i) { return std::get<TcpAddress>(app.sockets[i].address); };
    EXPECT_EQ(app.sockets[0].name, "http");
    EXPECT_EQ(tcp(0).host, "0.0.0.0");
    EXPECT_EQ(tcp(0).port, 8080);
    EXPECT_EQ(app.sockets[0].backlog, 128);
    EXPECT_TRUE(app.sockets[0].reuse_port);
    EXPECT_EQ(tcp(1).host, "");
    EXPECT_EQ(tcp(2).host, "127.0.0.1");
    EXPECT_EQ(tcp(3).host, "::1");
    EXPECT_EQ(tcp(4).host, "localhost");
    EXPECT_EQ(std::get<UnixAddress>(app.sockets[5].address).path, "/srv/shop/run/web.sock");
    EXPECT_EQ(std::get<UnixAddress>(app.sockets[5].address).mode, 0600U);
    EXPECT_EQ(std::get<UnixAddress>(app.sockets[6].address).path, "/run/other.sock");
    EXPECT_EQ(app.sockets[6].backlog, 4096);
}

TEST(AppKeys, OfGroupsAllLand)
{
    const AppSpec app =
        parsed("groups: {front: {strategy: rest_for_one, processes: [p]}}\nmax_unready: 4" + one_process);
    ASSERT_THAT(app.groups, SizeIs(1));
    EXPECT_EQ(app.groups[0].name, "front");
    EXPECT_EQ(app.groups[0].strategy, Strategy::rest_for_one);
    EXPECT_THAT(app.groups[0].processes, ElementsAre("p"));
    EXPECT_EQ(app.max_unready, 4U);
}

TEST(AppKeys, VariablesStayAsTheyAreWhereThatIsWanted)
{
    const AppSpec app = parsed("processes: {p: {command: 'echo ${COUNT} $$'}}\ndisable_env_expansion: true\n");
    EXPECT_EQ(std::get<ShellCommand>(app.processes[0].command).text, "echo ${COUNT} $$");
}

TEST(AppKeys, CommandsGiveVariablesTheirValues)
{
    LoadContext context = test_context();
    context.run_command = [](const ShellCommand& command) -> CommandOutput {
        if (command.text == "fail") return CommandFailed{"it ended with code 1"};
        return " " + command.shell.program + ": " + command.text + "\n";
    };
    const std::string text = "environment: [OWN=1]\nenv_cmds: {DATE: date +%s}" + one_process;
    EXPECT_THAT(parse(text, context).app.environment,
                ElementsAre(Variable{"DATE", "/bin/sh: date +%s"}, Variable{"OWN", "1"}));
    EXPECT_THAT(problems_of("env_cmds: {A: fail, B: ok}" + one_process, context),
                ElementsAre("1:12: the command of `A` gave no value: it ended with code 1"));
    context.file = "process-compose.yml";
    const Loaded lenient = parse("env_cmds: {A: fail, B: ok}" + one_process, context);
    EXPECT_THAT(lenient.app.environment, ElementsAre(Variable{"B", "bash: ok"}));
    EXPECT_THAT(lenient.warnings, SizeIs(1));
    context.run_command = {};
    EXPECT_THAT(parse(text, context).app.environment, ElementsAre(Variable{"OWN", "1"}));
}

TEST(AppKeys, VariablesOfDotenvAreForTextsAndProcessesAndTheEnvironmentWins)
{
    LoadContext context = test_context();
    context.env_files = {"/srv/shop/dot.env"};
    context.read_file = [](const std::filesystem::path&) -> FileText { return "COUNT=9\nREPLICAS=5\nA=dot\nB=dot\n"; };
    const AppSpec app =
        parse("environment: [A=own]\nprocesses: {p: {command: 'x ${COUNT} ${REPLICAS}', replicas: '${REPLICAS}'}}",
              context)
            .app;
    EXPECT_EQ(std::get<ShellCommand>(app.processes[0].command).text, "x 3 5");
    EXPECT_EQ(app.processes[0].replicas, 5U);
    EXPECT_THAT(app.environment, ElementsAre(Variable{"REPLICAS", "5"}, Variable{"A", "dot"}, Variable{"B", "dot"},
                                             Variable{"A", "own"}));

    const AppSpec some = parse("environment: [A=own]\nprocesses: {p: {command: x, environment: [C=1]}, q: {command: y, "
                               "is_dotenv_disabled: true}}",
                               context)
                             .app;
    EXPECT_THAT(some.environment, ElementsAre(Variable{"A", "own"}));
    EXPECT_THAT(some.processes[0].environment,
                ElementsAre(Variable{"REPLICAS", "5"}, Variable{"B", "dot"}, Variable{"C", "1"}));
    EXPECT_THAT(some.processes[1].environment, IsEmpty());
}

TEST(AppKeys, SayWhatIsWrong)
{
    const std::string address =
        "expected an address such as `127.0.0.1:8080`, `[::1]:8080`, `*:8080`, 8080 or the path "
        "of a Unix socket, found ";

    struct Row {
        std::string text;
        std::string want;
    };

    for (const auto& [text, want] : {
             Row{"sockets: {a: example.com:80}", "1:14: " + address + "`example.com:80`"},
             Row{"sockets: {a: '*'}", "1:14: " + address + "`*`"},
             Row{"sockets: {a: {}}", "1:11: socket `a` has no `listen`"},
             Row{"sockets: {a: {listen: 80, mode: 0600}}", "1:33: `mode` is for Unix sockets: a port has none"},
             Row{"sockets: {a: {listen: 80, backlog: 0}}", "1:36: expected a whole number from 1 to 65535, found `0`"},
             Row{"sockets: {'a:b': 80}",
                 "1:11: `a:b`: a socket's name has 1 to 64 letters, digits and signs, and no colon"},
             Row{"sockets: [80]", "1:10: expected a map of sockets by name, found a list"},
             Row{"groups: {g: {strategy: all, processes: [p]}}",
                 "1:24: expected `one_for_one`, `one_for_all` or `rest_for_one`, found `all`"},
             Row{"groups: {'g g': {processes: [p]}}",
                 "1:10: group `g g`: a name has only letters, digits, `_`, `.` and `-`"},
             Row{"vars: [a]", "1:7: expected a map of variables, found a list"},
             Row{"shell: bash", "1:8: expected a map, found `bash`"},
             Row{"env_cmds: {A B: x}", "1:12: expected a variable's name, found `A B`"},
             Row{"log_level: debug", "1:1: unknown key `log_level`"},
         })
        EXPECT_THAT(problems_of(text + one_process), ElementsAre(want)) << text;
}

} // namespace
} // namespace pandora::procfiles
