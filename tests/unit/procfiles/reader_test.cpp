// What a file of process-compose may do that another may not, and what its author is told.
#include "procfiles/reader.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ComposeFile, IsKnownByItsNameOrItsVersion)
{
    const std::string_view text = "processes: {p: {command: run, ports: []}}";
    EXPECT_THAT(parsed_compose(text).warnings, SizeIs(1));
    EXPECT_THAT(problems_of(text), SizeIs(1));
    for (const std::string version : {"'0.5'", "0.5", "\"0.5\""})
        EXPECT_THAT(problems_of("version: " + version + "\n" + std::string{text}), IsEmpty()) << version;
    EXPECT_THAT(problems_of("version: 3\n" + std::string{text}), SizeIs(1));
    LoadContext context = test_context();
    context.file = "conf/process-compose.dev.yaml";
    EXPECT_THAT(parse(text, context).warnings, SizeIs(1));
}

TEST(ComposeFile, IsWarnedOfUnknownKeysAtAnyDepth)
{
    const Loaded loaded =
        parsed_compose("nmae: x\nprocesses:\n  p:\n    command: run\n    restart: always\n"
                       "    readiness_probe:\n      exec: {command: a, comand: b}\n      interval: 3\n");
    EXPECT_THAT(texts_of(loaded.warnings),
                ElementsAre("1:1: unknown key `nmae`; did you mean `name`?",
                            "5:5: unknown key `restart`; did you mean `availability.restart`?",
                            "7:26: unknown key `comand`; did you mean `command`?",
                            "8:7: unknown key `interval`; did you mean `period_seconds`?"));
    EXPECT_EQ(describe(loaded.warnings[0]),
              "process-compose.yml:1:1: warning: unknown key `nmae`; did you mean `name`?");
}

TEST(ComposeFile, IsStrictWhereItOrItsReaderWantsIt)
{
    EXPECT_THAT(problems_of("is_strict: true\nprocesses: {p: {command: run, ports: []}}", compose_context()),
                ElementsAre("2:31: unknown key `ports`"));
    LoadContext context = compose_context();
    context.strict = true;
    EXPECT_THAT(problems_of("processes: {p: {command: run, is_elevated: true}}", context),
                ElementsAre(HasSubstr("1:44: `is_elevated` is not supported: ")));
}

TEST(ComposeFile, RunsItsCommandsByBashWhereItNamesNoShell)
{
    const AppSpec app = parsed_compose("processes: {p: {command: run, readiness_probe: {exec: {command: ok}}}}").app;
    EXPECT_EQ(std::get<ShellCommand>(app.processes[0].command).shell.program, "bash");
    EXPECT_EQ(std::get<ExecProbe>(app.processes[0].readiness.probe->action).command.shell.program, "bash");
    const AppSpec python =
        parsed_compose("shell: {shell_command: python3, shell_argument: -m}\nprocesses: {p: {command: run}}").app;
    EXPECT_EQ(std::get<ShellCommand>(python.processes[0].command).shell.program, "python3");
    EXPECT_EQ(std::get<ShellCommand>(python.processes[0].command).shell.argument, "-m");
    EXPECT_EQ(python.processes[0].shell.program, "python3");
    EXPECT_EQ(parsed("processes: {p: {command: run}}").processes[0].shell.program, "/bin/sh");
}

TEST(ComposeFile, WaitsTheSameTimeBeforeEachRestartAndNeverLessThanASecond)
{
    const auto availability = [](const Loaded& loaded) { return loaded.app.processes.at(0).availability; };
    const Loaded fixed =
        parsed_compose("processes: {p: {command: run, availability: {restart: always, backoff_seconds: 3}}}");
    EXPECT_EQ(availability(fixed).backoff, 3s);
    EXPECT_EQ(availability(fixed).backoff_multiplier, 1);
    EXPECT_EQ(availability(fixed).backoff_jitter, 0);
    EXPECT_EQ(availability(parsed_compose("processes: {p: {command: run, availability: {restart: always}}}")).backoff,
              1s);
    const Loaded none = parsed_compose("processes: {p: {command: run, availability: {backoff_seconds: 0}}}");
    EXPECT_EQ(availability(none).backoff, 1s);
    EXPECT_THAT(texts_of(none.warnings),
                ElementsAre("1:46: `backoff_seconds` below 1 is 1, as process-compose has it"));
    EXPECT_EQ(availability(parsed_compose("processes: {p: {command: run, availability: {backoff_multiplier: 3}}}"))
                  .backoff_multiplier,
              3);
}

TEST(ComposeFile, IsToldWhatItWillNotGet)
{
    for (const std::string key :
         {"is_elevated", "is_foreground", "is_interactive", "monitor_for", "monitor_silence_threshold", "mcp"}) {
        const Loaded loaded = parsed_compose("processes: {p: {command: run, " + key + ": activity}}");
        ASSERT_THAT(loaded.warnings, SizeIs(1)) << key;
        EXPECT_THAT(loaded.warnings[0].message, HasSubstr("`" + key + "` is not supported"));
        EXPECT_THAT(parsed_compose("processes: {p: {command: run, " + key + ": false}}").warnings, IsEmpty());
    }
    EXPECT_THAT(parsed_compose("processes: {p: {command: run, shutdown: {send_keys: q}}}").warnings, SizeIs(1));
    EXPECT_THAT(parsed_compose("processes: {p: {command: run, log_configuration: {fields_order: [time]}}}").warnings,
                SizeIs(1));
    for (const std::string line : {"is_tui_disabled: true", "mcp_server: {port: 1}",
                                   "shell: {elevated_shell_command: su}", "shell: {elevated_shell_argument: -c}"})
        EXPECT_THAT(parsed_compose(line + "\nprocesses: {p: {command: run}}").warnings, SizeIs(1)) << line;
}

TEST(ComposeFile, MayHoldKeysThatMeanNothing)
{
    EXPECT_THAT(parsed_compose("log_level: debug\nlog_format: json\nordered_shutdown: true\nfile_names: [a]\n"
                               "env_file_names: [b]\ndot_env_vars: {}\n"
                               "processes: {p: {command: run, name: p, replica_num: 0, replica_name: p, executable: x, "
                               "args: [y], original_config: z, truncate_log: true, disable_ansi_colors: true, "
                               "watch: {paths: [a], max_entries: 3, buffer_size: 4096}}}")
                    .warnings,
                IsEmpty());
    EXPECT_THAT(problems_of(with_process("args: [x]")),
                ElementsAre("4:5: unknown key `args`; did you mean `entrypoint`?"));
}

TEST(ComposeFile, PrefersTheCommandToTheEntrypoint)
{
    const Loaded loaded = parsed_compose("processes: {p: {command: run, entrypoint: [other]}}");
    EXPECT_EQ(std::get<ShellCommand>(loaded.app.processes[0].command).text, "run");
    EXPECT_THAT(loaded.warnings, SizeIs(1));
}

TEST(ComposeFile, LeavesTemplatesOfOthersAsTheyAre)
{
    const Loaded loaded = parsed_compose("processes: {p: {command: \"docker inspect -f '{{.State.Running}}'\"}}");
    EXPECT_EQ(std::get<ShellCommand>(loaded.app.processes[0].command).text, "docker inspect -f '{{.State.Running}}'");
    EXPECT_THAT(loaded.warnings, SizeIs(1));
    EXPECT_THAT(problems_of("processes: {p: {command: \"echo {{.X}}\"}}"),
                ElementsAre("1:26: template `echo {{.X}}`: there is no variable `X` in `vars`; `is_template_disabled: "
                            "true` leaves a process' texts as they are"));
}

TEST(ComposeFile, LogsAsJsonWhereItSaysNothing)
{
    const LogSpec logs = parsed_compose("processes: {p: {command: run, log_location: p.log}}").app.processes[0].logs;
    EXPECT_EQ(logs.format, LogFormat::json);
    EXPECT_EQ(std::get<LogsInFile>(logs.target).file, "/srv/shop/p.log");
    EXPECT_EQ(parsed_process("log_location: p.log").logs.format, LogFormat::text);
}

} // namespace
} // namespace pandora::procfiles
