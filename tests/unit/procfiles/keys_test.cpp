// What each key of a procfile becomes.
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(AppKeys, EverythingButProcessesHasADefault)
{
    const AppSpec app = parsed("processes: {web: {command: run}}");
    EXPECT_EQ(app.name, "shop");
    EXPECT_EQ(app.file, "/srv/shop/shop.yml");
    EXPECT_THAT(app.environment, IsEmpty());
    EXPECT_EQ(app.hub.frame_bytes_max, 16U * 1024 * 1024);
    EXPECT_EQ(app.hub.call_timeout, 5s);
    EXPECT_EQ(app.metrics.host, "127.0.0.1");
    EXPECT_EQ(app.metrics.port, 7002);
    EXPECT_FALSE(app.metrics.named);
    ASSERT_EQ(app.processes.size(), 1U);

    const ProcessSpec& web = app.processes[0];
    EXPECT_EQ(web.name, "web");
    EXPECT_EQ(web.working_dir, "/srv/shop");
    EXPECT_EQ(web.replicas, 1U);
    EXPECT_EQ(web.availability.restart, Restart::no);
    EXPECT_EQ(web.availability.backoff, 200ms);
    EXPECT_EQ(web.availability.backoff_multiplier, 2.0);
    EXPECT_EQ(web.availability.backoff_max, 30s);
    EXPECT_EQ(web.availability.max_restarts, 0U);
    EXPECT_EQ(web.availability.restart_window, 60s);
    EXPECT_EQ(web.availability.reset_after, 30s);
    EXPECT_FALSE(web.availability.exit_on_end);
    EXPECT_EQ(web.shutdown.command, "");
    EXPECT_EQ(web.shutdown.signal, SIGTERM);
    EXPECT_EQ(web.shutdown.timeout, 10s);
    EXPECT_FALSE(web.shutdown.parent_only);
    EXPECT_EQ(web.place, (Place{1, 13}));
}

TEST(AppKeys, AreReadWhateverTheirOrder)
{
    const AppSpec app = parsed(R"(
processes:
  web: {command: run}
  db: {command: run}
metrics: {listen: "[::1]:8000"}
hub: {max_frame: 1MiB, call_timeout: 250ms}
name: bakery
version: 0.5
x-notes: {anything: [goes]}
)");
    EXPECT_EQ(app.name, "bakery");
    EXPECT_EQ(app.hub.frame_bytes_max, 1024U * 1024);
    EXPECT_EQ(app.hub.call_timeout, 250ms);
    EXPECT_EQ(app.metrics.host, "::1");
    EXPECT_EQ(app.metrics.port, 8000);
    EXPECT_TRUE(app.metrics.named);
    ASSERT_EQ(app.processes.size(), 2U);
    EXPECT_EQ(app.processes[0].name, "web");
    EXPECT_EQ(app.processes[1].name, "db");
}

TEST(AppKeys, APortAloneIsNamedToo)
{
    const AppSpec app = parsed("{metrics: {listen: 7002}, processes: {web: {command: run}}}");
    EXPECT_EQ(app.metrics.host, "127.0.0.1");
    EXPECT_TRUE(app.metrics.named);
}

TEST(AppKeys, EnvironmentWinsOverEnvFilesWhateverTheirOrder)
{
    const AppSpec app = parsed("{environment: [B=own], env_file: .env, processes: {web: {command: run}}}");
    EXPECT_THAT(app.environment, ElementsAre(Variable{"A", "file"}, Variable{"B", "file"}, Variable{"B", "own"}));
}

TEST(AppKeys, NothingBehindAKeyLeavesTheDefault)
{
    const AppSpec app = parsed("name:\nenvironment:\nenv_file: ~\nhub:\nmetrics: {listen: }\nversion:\n"
                               "processes: {web: {command: run, environment: , depends_on: , objects: , shutdown: , "
                               "availability: {restart: , backoff: null}, replicas: }}"
                               "\n"
                               "x-empty:\n"
                               "\n");
    EXPECT_EQ(app.name, "shop");
}

TEST(ProcessKeys, ACommandIsAShellTextOrAnArgv)
{
    EXPECT_EQ(std::get<ShellCommand>(parsed("processes: {p: {command: a && b}}").processes[0].command).text, "a && b");
    EXPECT_EQ(
        std::get<ShellCommand>(parsed("processes:\n  p:\n    command: |\n      one\n      two\n").processes[0].command)
            .text,
        "one\ntwo\n");
    EXPECT_THAT(
        std::get<Entrypoint>(parsed("processes: {p: {entrypoint: [run, -x, 8080, '']}}").processes[0].command).argv,
        ElementsAre("run", "-x", "8080", ""));
}

TEST(ProcessKeys, VariablesArePutIntoValuesBeforeTheyAreTyped)
{
    struct Row {
        std::string lines;
        std::uint32_t replicas;
        Restart restart;
    };

    for (const auto& [lines, replicas, restart] : {
             Row{"replicas: ${COUNT}\navailability: {restart: \"${WORD}\"}", 3, Restart::always},
             Row{"replicas: ${UNSET:-4}\navailability: {restart: \"${UNSET:-no}\"}", 4, Restart::no},
             Row{"replicas: ${UNSET}\navailability: ${EMPTY}", 1, Restart::no},
         }) {
        const ProcessSpec process = parsed_process(lines);
        EXPECT_EQ(process.replicas, replicas) << lines;
        EXPECT_EQ(process.availability.restart, restart) << lines;
    }
    EXPECT_EQ(
        std::get<ShellCommand>(parsed("processes: {p: {command: 'echo $$ $HOME ${COUNT} $${i}'}}").processes[0].command)
            .text,
        "echo $ $HOME 3 ${i}");
}

TEST(ProcessKeys, ReplicasAreANumberOrOneForEachCpu)
{
    EXPECT_EQ(parsed_process("replicas: 10000").replicas, 10'000U);
    EXPECT_EQ(parsed_process("replicas: \"2\"").replicas, 2U);
    EXPECT_EQ(parsed_process("replicas: auto").replicas, 6U);
}

TEST(ProcessKeys, PathsStartAtTheFolderOfTheProcfile)
{
    EXPECT_EQ(parsed_process("working_dir: web/../api").working_dir, "/srv/shop/api");
    EXPECT_EQ(parsed_process("working_dir: /opt").working_dir, "/opt");
    EXPECT_EQ(parsed_process("working_dir: ~/x").working_dir, "/srv/shop/~/x");
    EXPECT_THAT(parsed_process("working_dir: web\nenv_file: more.env").environment, ElementsAre(Variable{"B", "more"}));
}

TEST(ProcessKeys, TheEnvironmentIsAListOrAMapOfTextsAsWritten)
{
    struct Row {
        std::string_view lines;
        Environment want;
    };

    for (const auto& [lines, want] : {
             Row{"environment: [A=1, 'B=x=y', C=]", {{"A", "1"}, {"B", "x=y"}, {"C", ""}}},
             Row{"environment: {A: 1.50, B: yes, C: 0x10, D: , E: 'q', F: '${COUNT}', x-own: 1}",
                 {{"A", "1.50"}, {"B", "yes"}, {"C", "0x10"}, {"D", ""}, {"E", "q"}, {"F", "3"}, {"x-own", "1"}}},
             Row{"environment: [A=1, A=2]", {{"A", "1"}, {"A", "2"}}},
             Row{"environment: []", {}},
             Row{"environment: {}", {}},
             Row{"env_file: [.env, more.env]\nenvironment: {C: own}",
                 {{"A", "file"}, {"B", "file"}, {"B", "more"}, {"C", "own"}}},
         })
        EXPECT_EQ(parsed_process(lines).environment, want) << lines;
}

TEST(ProcessKeys, DependenciesAreAListOrAMapWithConditions)
{
    const AppSpec app = parsed(R"(
processes:
  a: {command: run, depends_on: [b, c]}
  b: {command: run, depends_on: {c: , d: {condition: process_healthy}, e: {condition: process_completed}}}
  c:
    command: run
    depends_on: {d: {condition: process_started}, e: {condition: process_completed_successfully}}
  d: {command: run}
  e: {command: run}
)");
    const auto conditions = [](const ProcessSpec& process) {
        std::vector<std::pair<std::string, Condition>> result;
        for (const Dependency& dependency : process.depends_on)
            result.emplace_back(dependency.process, dependency.condition);
        return result;
    };
    using testing::Pair;
    EXPECT_THAT(conditions(app.processes[0]),
                ElementsAre(Pair("b", Condition::started), Pair("c", Condition::started)));
    EXPECT_THAT(conditions(app.processes[1]), ElementsAre(Pair("c", Condition::started), Pair("d", Condition::healthy),
                                                          Pair("e", Condition::completed)));
    EXPECT_THAT(conditions(app.processes[2]),
                ElementsAre(Pair("d", Condition::started), Pair("e", Condition::completed_successfully)));
    EXPECT_EQ(app.processes[0].depends_on[1].place, (Place{3, 37}));
}

TEST(ProcessKeys, AvailabilityHasItsOwnKeysAndThoseOfProcessCompose)
{
    const Availability own =
        parsed_process("availability: {restart: on_failure, backoff: 0ms, backoff_multiplier: 1.5, "
                       "backoff_max: 1m, max_restarts: 7, restart_window: 2m, reset_after: 3m, "
                       "exit_on_end: yes}")
            .availability;
    EXPECT_EQ(own.restart, Restart::on_failure);
    EXPECT_EQ(own.backoff, 0ms);
    EXPECT_EQ(own.backoff_multiplier, 1.5);
    EXPECT_EQ(own.backoff_max, 1min);
    EXPECT_EQ(own.max_restarts, 7U);
    EXPECT_EQ(own.restart_window, 2min);
    EXPECT_EQ(own.reset_after, 3min);
    EXPECT_TRUE(own.exit_on_end);
    EXPECT_EQ(own.place, (Place{4, 19}));

    const Availability other = parsed_process("availability: {backoff_seconds: 2, backoff_max_seconds: 8, "
                                              "restart_window_seconds: 9, backoff_reset_seconds: 10}")
                                   .availability;
    EXPECT_EQ(other.backoff, 2s);
    EXPECT_EQ(other.backoff_max, 8s);
    EXPECT_EQ(other.restart_window, 9s);
    EXPECT_EQ(other.reset_after, 10s);
}

TEST(ProcessKeys, RestartWordsTakeDashesAndAPlainNo)
{
    struct Row {
        std::string_view word;
        Restart want;
    };

    for (const auto& [word, want] :
         {Row{"no", Restart::no}, Row{"\"no\"", Restart::no}, Row{"always", Restart::always},
          Row{"on_failure", Restart::on_failure}, Row{"on-failure", Restart::on_failure},
          Row{"exit_on_failure", Restart::exit_on_failure}, Row{"exit-on-failure", Restart::exit_on_failure}})
        EXPECT_EQ(parsed_process("availability: {restart: " + std::string{word} + "}").availability.restart, want)
            << word;
}

TEST(ProcessKeys, ALongBackoffRaisesTheDefaultLimit)
{
    EXPECT_EQ(parsed_process("availability: {backoff: 90s}").availability.backoff_max, 90s);
    EXPECT_EQ(parsed_process("availability: {backoff: 90s, backoff_max: }").availability.backoff_max, 90s);
    EXPECT_EQ(parsed_process("availability: {backoff: 9s}").availability.backoff_max, 30s);
}

TEST(ProcessKeys, ShutdownHasACommandOrASignalAndATimeout)
{
    const Shutdown shutdown =
        parsed_process("shutdown: {command: stop it, signal: sigint, timeout: 1500ms, parent_only: true}").shutdown;
    EXPECT_EQ(shutdown.command, "stop it");
    EXPECT_EQ(shutdown.signal, SIGINT);
    EXPECT_EQ(shutdown.timeout, 1500ms);
    EXPECT_TRUE(shutdown.parent_only);
    EXPECT_EQ(parsed_process("shutdown: {timeout_seconds: 3, signal: 9}").shutdown.timeout, 3s);
    EXPECT_EQ(parsed_process("shutdown: {timeout: 3}").shutdown.timeout, 3s);
}

TEST(ProcessKeys, ObjectsAndADescriptionAreTexts)
{
    const ProcessSpec process = parsed_process("objects: [snapshot, 7]\ndescription: Renders pages");
    EXPECT_THAT(process.readiness.objects, ElementsAre("snapshot", "7"));
    EXPECT_EQ(process.description, "Renders pages");
}

TEST(ProcessKeys, KeysThatStartWithXAreFreeWhereKeysAreOurs)
{
    EXPECT_NO_THROW(parsed_process("x-a: 1\navailability: {x-b: [2]}\nshutdown: {x-c: {d: e}}"));
    EXPECT_EQ(parsed("processes: {x-ray: {command: run}}").processes.at(0).name, "x-ray");
}

} // namespace
} // namespace pandora::procfiles
