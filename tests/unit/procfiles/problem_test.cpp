// What is said of procfiles that are wrong, and where.
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string duration = "expected a duration such as `500ms`, `1.5s` or `2m` (a bare number is seconds), found ";

struct Row {
    std::string text;
    std::string want; // the one problem of it
};

/// Each text stands under a process `p`, from line 4 and column 5 on, beside a process `q`.
void expect_of_process(std::initializer_list<Row> rows)
{
    for (const auto& [text, want] : rows) {
        const std::string whole = with_process(text) + "  q: {command: run}\n";
        EXPECT_THAT(problems_of(whole), ElementsAre(want)) << whole;
    }
}

TEST(Problems, OfATextWithoutProcessesSayWhatItIsInstead)
{
    for (const auto& [text, want] : {
             Row{"", "0:0: the file is empty"},
             Row{"# only a comment\n", "0:0: the file is empty"},
             Row{"---\n", "0:0: the file is empty"},
             Row{"[a]", "1:1: expected a map, found a list"},
             Row{"hello", "1:1: expected a map, found `hello`"},
             Row{"name: a", "1:1: no processes: there is nothing to supervise"},
             Row{"name: a\nprocesses:\n", "1:1: no processes: there is nothing to supervise"},
             Row{"name: a\nprocesses: {}", "2:12: no processes: there is nothing to supervise"},
         })
        EXPECT_THAT(problems_of(text), ElementsAre(want)) << text;
}

TEST(Problems, OfAKeyOfTheAppSayWhatWasExpected)
{
    const std::string processes = "processes: {p: {command: run}}\n";
    for (const auto& [text, want] : {
             Row{"name: a b", "2:7: app name `a b`: a name has only letters, digits, `_`, `.` and `-`"},
             Row{"name: [a]", "2:7: expected text, found a list"},
             Row{"version: {a: b}", "2:10: expected text, found a map"},
             Row{"nmae: a", "2:1: unknown key `nmae`; did you mean `name`?"},
             Row{"services: {}", "2:1: unknown key `services`; did you mean `processes`?"},
             Row{"gizmo: {}", "2:1: unknown key `gizmo`"},
             Row{"hub: 5", "2:6: expected a map, found `5`"},
             Row{"hub: {max_frame: 1}", "2:18: expected a size from 1KiB to 16MiB, found `1`"},
             Row{"hub: {max_frame: 17MiB}", "2:18: expected a size from 1KiB to 16MiB, found `17MiB`"},
             Row{"hub: {max_frame: many}", "2:18: expected a size from 1KiB to 16MiB, found `many`"},
             Row{"hub: {call_timeout: 0}", "2:21: expected a duration above 0 such as `500ms`, `1.5s` or "
                                           "`2m` (a bare number is seconds), found `0`"},
             Row{"hub: {timeout: 1}", "2:7: unknown key `timeout`; did you mean `call_timeout`?"},
             Row{"hub: {calltimeout: 1}", "2:7: unknown key `calltimeout`; did you mean `call_timeout`?"},
             Row{"metrics: {listen: here}", "2:19: expected an address such as `127.0.0.1:7002`, "
                                            "`[::1]:7002`, `:7002` or 7002, found `here`"},
             Row{"metrics: {listen: {port: 1}}", "2:19: expected an address such as `127.0.0.1:7002`, "
                                                 "`[::1]:7002`, `:7002` or 7002, found a map"},
             Row{"metrics: {port: 1}", "2:11: unknown key `port`"},
         })
        EXPECT_THAT(problems_of(processes + text), ElementsAre(want)) << text;
}

TEST(Problems, OfAProcessNameIt)
{
    for (const auto& [text, want] : {
             Row{"processes: [a]", "1:12: expected a map of processes by name, found a list"},
             Row{"processes: {a b: {command: x}}",
                 "1:13: process `a b`: a name has only letters, digits, `_`, `.` and `-`"},
             Row{"processes: {hub: {command: x}}",
                 "1:13: process `hub`: the name `hub` is reserved for a built-in process"},
             Row{"processes: {a: }", "1:13: process `a` has neither `command` nor `entrypoint`"},
             Row{"processes: {a: {}}", "1:13: process `a` has neither `command` nor `entrypoint`"},
             Row{"processes: {a: {command: }}", "1:13: process `a` has neither `command` nor `entrypoint`"},
             Row{"processes: {a: run}", "1:16: expected a map of keys such as `command`, found `run`"},
             Row{"processes: {a: {command: x, entrypoint: [y]}}",
                 "1:29: process `a` has both `command` and `entrypoint`; only one can run"},
             Row{"processes: {a: {entrypoint: [y], command: x}}",
                 "1:34: process `a` has both `command` and `entrypoint`; only one can run"},
             Row{"processes: {a: {comand: x}}", "1:17: unknown key `comand`; did you mean `command`?"},
             Row{"processes: {a: {script: x}}", "1:17: unknown key `script`; did you mean `command`?"},
             Row{"processes: {a: {entry_point: [x]}}", "1:17: unknown key `entry_point`; did you mean `entrypoint`?"},
             Row{"processes: {a: {command: '${NONE}'}}",
                 "1:26: expected text that is not empty, found `` (`NONE` is not set, or empty)"},
             Row{"processes: {a: {command: '${COUNT}', replicas: 'x${NONE}'}}",
                 "1:48: expected a whole number from 1 to 10000 or `auto`, found `x` (`NONE` is not set, or empty)"},
             Row{"processes:\n  a:\n    command: ${NONE}\n",
                 "2:3: process `a` has neither `command` nor `entrypoint` (`NONE` is not set, or empty)"},
             Row{"processes: {a: {command: x}}\nname: '${NONE}'",
                 "2:7: app name ``: a name must not be empty (`NONE` is not set, or empty)"},
             Row{"processes: {a: {command: '${EMPTY}${NONE}'}}",
                 "1:26: expected text that is not empty, found `` (`EMPTY` is not set, or empty)"},
             Row{"processes: {a: {command: \"${NONE:-}\"}}", "1:26: expected text that is not empty, found ``"},
             Row{"processes: {a: {command: ' '}}", "1:26: expected text that is not empty, found ` `"},
             Row{"processes: {a: {command: [x]}}",
                 "1:26: expected a text for the shell, found a list; a program and its arguments as a list are an "
                 "`entrypoint`"},
             Row{"processes: {a: {command: \"x\\0y\"}}", "1:26: a NUL character, which no program can be given"},
             Row{"processes: {a: {entrypoint: x}}",
                 "1:29: expected a list of texts: the program and its arguments, found `x`"},
             Row{"processes: {a: {entrypoint: []}}",
                 "1:29: expected a list of texts: the program and its arguments, found an empty list"},
             Row{"processes: {a: {entrypoint: ['', b]}}", "1:30: expected a program, found ``"},
             Row{"processes: {a: {entrypoint: [a, [b]]}}", "1:33: expected text, found a list"},
             Row{"processes: {a: {entrypoint: [a, ~]}}", "1:33: expected text, found nothing"},
         })
        EXPECT_THAT(problems_of(text), ElementsAre(want)) << text;
}

TEST(Problems, OfAProcessKeyThatIsUnknownNameTheNearest)
{
    expect_of_process({
        Row{"comand: x", "4:5: unknown key `comand`; did you mean `command`?"},
        Row{"env: x", "4:5: unknown key `env`; did you mean `environment`?"},
        Row{"restart: always", "4:5: unknown key `restart`; did you mean `availability.restart`?"},
        Row{"ports: []", "4:5: unknown key `ports`"},
    });
}

TEST(Problems, OfAProcessKeySayWhatWasExpected)
{
    expect_of_process({
        Row{"working_dir: []", "4:18: expected text that is not empty, found a list"},
        Row{"replicas: 0", "4:15: expected a whole number from 1 to 10000 or `auto`, found `0`"},
        Row{"replicas: 10001", "4:15: expected a whole number from 1 to 10000 or `auto`, found `10001`"},
        Row{"replicas: -1", "4:15: expected a whole number from 1 to 10000 or `auto`, found `-1`"},
        Row{"replicas: two", "4:15: expected a whole number from 1 to 10000 or `auto`, found `two`"},
        Row{"replicas: [2]", "4:15: expected a whole number from 1 to 10000 or `auto`, found a list"},
        Row{"objects: snapshot", "4:14: expected a list of object names, found `snapshot`"},
        Row{"objects: [a, '']", "4:18: expected text that is not empty, found ``"},
        Row{"objects: [a, a]", "4:18: object `a` listed twice"},
        Row{"description: {a: b}", "4:18: expected text, found a map"},
    });
}

TEST(Problems, OfAnEnvironmentSayWhatWasExpected)
{
    expect_of_process({
        Row{"environment: A=1", "4:18: expected a list of NAME=VALUE or a map, found `A=1`"},
        Row{"environment: [secret]", "4:19: expected NAME=VALUE, found no `=`"},
        Row{"environment: [=secret]", "4:19: expected a variable's name before `=`"},
        Row{"environment: [{A: 1}]", "4:19: expected NAME=VALUE, found a map"},
        Row{"environment: {A B: 1}", "4:19: expected a variable's name, found `A B`"},
        Row{"environment: {A: [1]}", "4:22: expected text, found a list"},
        Row{"env_file: none.env", "4:15: env file `none.env` cannot be read: No such file or directory"},
        Row{"env_file: [.env, '']", "4:22: expected the path of a file, found ``"},
        Row{"env_file: {path: .env}", "4:15: expected the path of a file, found a map"},
    });
}

TEST(Problems, OfDependenciesSayWhatWasExpected)
{
    expect_of_process({
        Row{"depends_on: q", "4:17: expected a list of process names or a map, found `q`"},
        Row{"depends_on: [[q]]", "4:18: expected the name of a process, found a list"},
        Row{"depends_on: {q: {condition: ready}}",
            "4:33: expected `process_started`, `process_healthy`, `process_completed`, "
            "`process_completed_successfully`, `process_log_ready` or `object_published`, found `ready`"},
        Row{"depends_on: {q: {when: ready}}", "4:22: unknown key `when`"},
        Row{"depends_on: {q: process_started}", "4:21: expected a map, found `process_started`"},
    });
}

TEST(Problems, OfAvailabilitySayWhatWasExpectedOrContradictsItself)
{
    const std::string restart = "expected `no`, `on_failure`, `always` or `exit_on_failure`, found ";
    expect_of_process({
        Row{"availability: always", "4:19: expected a map, found `always`"},
        Row{"availability: {restart: never}", "4:29: " + restart + "`never`"},
        Row{"availability: {restart: {a: b}}", "4:29: " + restart + "a map"},
        Row{"availability: {restrat: no}", "4:20: unknown key `restrat`; did you mean `restart`?"},
        Row{"availability: {backoff: soon}", "4:29: " + duration + "`soon`"},
        Row{"availability: {backoff_seconds: -1}", "4:37: " + duration + "`-1`"},
        Row{"availability: {backoff: [1]}", "4:29: " + duration + "a list"},
        Row{"availability: {backoff: 1, backoff_seconds: 2}",
            "4:32: `backoff_seconds` and `backoff` (line 4) are the same setting"},
        Row{"availability: {backoff_multiplier: x}", "4:40: expected a number such as 1.5, at most 1000, found `x`"},
        Row{"availability: {backoff_multiplier: 0.5}",
            "4:19: `backoff_multiplier` must be at least 1: delays do not shrink"},
        Row{"availability: {backoff: 2s, backoff_max: 1s}",
            "4:19: `backoff_max` (1000 ms) must not be below `backoff` (2000 ms)"},
        Row{"availability: {max_restarts: -1}", "4:34: expected a whole number from 0 to 1000000, found `-1`"},
        Row{"availability: {restart_window: 0}", "4:36: expected a duration above 0 such as `500ms`, "
                                                 "`1.5s` or `2m` (a bare number is seconds), found `0`"},
        Row{"availability: {reset_after: x}", "4:33: " + duration + "`x`"},
        Row{"availability: {exit_on_end: 1}", "4:33: expected `true` or `false`, found `1`"},
    });
}

TEST(Problems, OfAShutdownSayWhatWasExpected)
{
    expect_of_process({
        Row{"shutdown: SIGTERM", "4:15: expected a map, found `SIGTERM`"},
        Row{"shutdown: {signal: SIGFOO}", "4:24: expected a signal such as `SIGTERM`, `TERM` or 15, found `SIGFOO`"},
        Row{"shutdown: {signal: 65}", "4:24: expected a signal such as `SIGTERM`, `TERM` or 15, found `65`"},
        Row{"shutdown: {timeout: x}", "4:25: " + duration + "`x`"},
        Row{"shutdown: {timeout: 1, timeout_seconds: 1}",
            "4:28: `timeout_seconds` and `timeout` (line 4) are the same setting"},
        Row{"shutdown: {command: ''}", "4:25: expected text that is not empty, found ``"},
        Row{"shutdown: {parent_only: maybe}", "4:29: expected `true` or `false`, found `maybe`"},
    });
}

TEST(Problems, ATextThatNoProgramCanBeGivenIsTooLong)
{
    const auto command = [](std::size_t bytes) { return "processes: {p: {command: " + std::string(bytes, 'x') + "}}"; };
    EXPECT_THAT(problems_of(command(131'071)), IsEmpty());
    EXPECT_THAT(problems_of(command(131'072)),
                ElementsAre("1:26: text of 131072 bytes; a program can be given at most 131071"));
}

TEST(Problems, OfAnEnvFileTellItsLineAndNeverItsText)
{
    EXPECT_THAT(problems_of(with_process("env_file: bad.env")),
                ElementsAre("4:15: env file `bad.env`, line 2: expected NAME=VALUE",
                            "4:15: env file `bad.env`, line 3: the quote is never closed"));
}

TEST(Problems, OfTheGraphStandWithTheOthersSortedByPlace)
{
    EXPECT_THAT(
        problems_of(R"(nmae: x
processes:
  web: {command: run, depends_on: [bd, web, db]}
  web2: {command: run, replicas: many}
  db: {command: run, depends_on: {web: {condition: process_completed}}, comand: x}
  server: {command: run, availability: {restart: always}}
  job: {command: run, depends_on: {server: {condition: process_completed_successfully}}}
)"),
        ElementsAre("1:1: unknown key `nmae`; did you mean `name`?",
                    "3:36: process `web` depends on `bd`, which does not exist; did you mean `db`?",
                    "3:40: process `web` depends on itself", "3:45: processes wait for each other: web -> db -> web",
                    "4:34: expected a whole number from 1 to 10000 or `auto`, found `many`",
                    "5:73: unknown key `comand`; did you mean `command`?",
                    "7:36: process `job` waits for the end of `server`, which has `restart: always` and never ends"));
}

TEST(Problems, ADependencyListedTwiceIsToldOnce)
{
    EXPECT_THAT(problems_of(with_process("depends_on: [q, q]") + "  q: {command: run}\n"),
                ElementsAre("4:21: dependency on `q` listed twice"));
}

TEST(Problems, ObjectsThatTwoProcessesPromiseAreShared)
{
    EXPECT_THAT(problems_of(with_process("objects: [a]") + "  q: {command: run, objects: [a]}\n"), IsEmpty());
}

TEST(Problems, InABlockThatSeveralProcessesUseAreToldOnce)
{
    EXPECT_THAT(problems_of(R"(
x-base: &base {availability: {restart: never}}
processes:
  a: {<<: *base, command: run}
  b: {<<: *base, command: run}
)"),
                ElementsAre("2:40: expected `no`, `on_failure`, `always` or `exit_on_failure`, found `never`"));
}

TEST(Problems, MakeOneTextWithALineEach)
{
    try {
        static_cast<void>(parsed("name: a b\nfoo: 1\nprocesses: {p: {command: run}}"));
        FAIL() << "expected an error";
    } catch (const LoadError& error) {
        EXPECT_EQ(error.problems.front().file, "shop.yml");
        EXPECT_STREQ(error.what(), "shop.yml:1:7: app name `a b`: a name has only letters, digits, `_`, `.` and `-`\n"
                                   "shop.yml:2:1: unknown key `foo`");
    }
    try {
        static_cast<void>(parsed(""));
        FAIL() << "expected an error";
    } catch (const LoadError& error) {
        EXPECT_STREQ(error.what(), "shop.yml: the file is empty");
    }
}

} // namespace
} // namespace pandora::procfiles
