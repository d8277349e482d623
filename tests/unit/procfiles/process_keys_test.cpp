// What the keys of a process become that process-compose does not have, or that stand alone.
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ProcessKeys, OfReadinessAllLand)
{
    const Readiness readiness = parsed_process("objects: [a]\nnotify: true\nnotification_fd: 3\n"
                                               "ready_log_line: listening on .*\nstart_timeout: 1m")
                                    .readiness;
    EXPECT_THAT(readiness.objects, ElementsAre("a"));
    EXPECT_TRUE(readiness.notify);
    EXPECT_EQ(readiness.notification_fd, 3);
    EXPECT_EQ(readiness.log_line, "listening on .*");
    EXPECT_EQ(readiness.timeout, 1min);
}

TEST(ProcessKeys, ThatStandAloneAllLand)
{
    const AppSpec app =
        parsed("sockets: {http: 8080}\n" +
               with_process("namespace: [web, prod]\nis_disabled: 'true'\nsuccess_exit_codes: [3, 143]\n"
                            "watchdog: 30s\nsockets: [http]\non_demand: true\nis_daemon: true\n"
                            "launch_timeout_seconds: 7\nis_tty: true\nshutdown: {command: stop}"));
    const ProcessSpec& process = app.processes.at(0);
    EXPECT_THAT(process.namespaces, ElementsAre("web", "prod"));
    EXPECT_TRUE(process.disabled);
    EXPECT_THAT(process.success_exit_codes, ElementsAre(3, 143));
    EXPECT_EQ(process.watchdog, 30s);
    EXPECT_THAT(process.sockets, ElementsAre("http"));
    EXPECT_TRUE(process.on_demand);
    EXPECT_TRUE(process.is_daemon);
    EXPECT_EQ(process.launch_timeout, 7s);
    EXPECT_TRUE(process.tty);
    EXPECT_EQ(parsed_process("launch_timeout: 100ms").launch_timeout, 100ms);
    EXPECT_THAT(parsed_process("namespace: one").namespaces, ElementsAre("one"));
}

TEST(ProcessKeys, IsDisabledWinsOverDisabled)
{
    EXPECT_TRUE(parsed_process("disabled: true").disabled);
    EXPECT_FALSE(parsed_process("is_disabled: 'false'\ndisabled: true").disabled);
    EXPECT_TRUE(parsed_process("vars: {OFF: true}\nis_disabled: '{{.OFF}}'").disabled);
}

TEST(ProcessKeys, OfAvailabilityThatAreNewAllLand)
{
    const Availability availability =
        parsed_process("availability: {backoff_jitter: 0.25, on_give_up: stop-all, exit_on_skipped: true}")
            .availability;
    EXPECT_EQ(availability.backoff_jitter, 0.25);
    EXPECT_EQ(availability.on_give_up, OnGiveUp::stop_all);
    EXPECT_TRUE(availability.exit_on_skipped);
    EXPECT_EQ(parsed_process("availability: {on_give_up: exit}").availability.on_give_up, OnGiveUp::exit);
}

TEST(ProcessKeys, OfStoppingAndReplacingAllLand)
{
    const ProcessSpec process = parsed_process("shutdown: {drain: 5s}\nreload: {signal: USR1}\n"
                                               "rollout: {max_surge: 2, max_unavailable: 1}\n"
                                               "recycle: {age: 1d, spread: 1h, memory: 512MiB}\n"
                                               "hooks: {before_start: a, after_start: {command: b, timeout: 5s}, "
                                               "before_stop: {command: c, timeout_seconds: 6}, after_stop: d}");
    EXPECT_EQ(process.shutdown.drain, 5s);
    EXPECT_EQ(std::get<ReloadSignal>(process.reload.value()).signal, SIGUSR1);
    EXPECT_EQ(process.rollout.max_surge, 2U);
    EXPECT_EQ(process.rollout.max_unavailable, 1U);
    EXPECT_EQ(process.recycle.age, 24h);
    EXPECT_EQ(process.recycle.spread, 1h);
    EXPECT_EQ(process.recycle.memory, 512U * 1024 * 1024);
    EXPECT_EQ(process.hooks.before_start->command, "a");
    EXPECT_EQ(process.hooks.before_start->timeout, 30s);
    EXPECT_EQ(process.hooks.after_start->command, "b");
    EXPECT_EQ(process.hooks.after_start->timeout, 5s);
    EXPECT_EQ(process.hooks.before_stop->timeout, 6s);
    EXPECT_EQ(process.hooks.after_stop->command, "d");
    EXPECT_EQ(std::get<ReloadCommand>(parsed_process("reload: {command: kick}").reload.value()).command, "kick");
    EXPECT_FALSE(parsed_process("").reload.has_value());
}

TEST(ProcessKeys, OfSchedulesAllLand)
{
    const Schedule cron =
        parsed_process("schedule: {cron: '0 3 * * *', timezone: Europe/Berlin, run_on_start: true, max_concurrent: 2}")
            .schedule.value();
    EXPECT_EQ(std::get<Cron>(cron.when).text, "0 3 * * *");
    EXPECT_EQ(cron.time_zone, "Europe/Berlin");
    EXPECT_TRUE(cron.run_on_start);
    EXPECT_EQ(cron.max_concurrent, 2U);
    const Schedule interval = parsed_process("schedule: {interval: 90s}").schedule.value();
    EXPECT_EQ(std::get<Interval>(interval.when).period, 90s);
    EXPECT_FALSE(interval.run_on_start);
    EXPECT_EQ(interval.max_concurrent, 1U);
}

TEST(ProcessKeys, WatchedPathsStartAtTheProcessFolder)
{
    const Watch watch = parsed_process("watch: {paths: [{path: src, include: ['*.js'], exclude: [gen]}, /etc/web], "
                                       "debounce: 1s, cascade: true, disable_default_excludes: true}\nworking_dir: web")
                            .watch.value();
    ASSERT_EQ(watch.paths.size(), 2U);
    EXPECT_EQ(watch.paths[0].path, "/srv/shop/web/src");
    EXPECT_THAT(watch.paths[0].include, ElementsAre("*.js"));
    EXPECT_THAT(watch.paths[0].exclude, ElementsAre("gen"));
    EXPECT_EQ(watch.paths[1].path, "/etc/web");
    EXPECT_EQ(watch.debounce, 1s);
    EXPECT_TRUE(watch.cascade);
    EXPECT_FALSE(watch.default_excludes);
    EXPECT_EQ(parsed_process("watch: src").watch.value().paths.at(0).path, "/srv/shop/src");
    EXPECT_TRUE(parsed_process("watch: [a, b]").watch.value().default_excludes);
}

TEST(ProcessKeys, DependenciesMayBeOnALogLineOrAnObject)
{
    const AppSpec app = parsed(R"(
processes:
  a: {command: run, ready_log_line: up, objects: [o, p]}
  b: {command: run, depends_on: {a: {condition: process_log_ready}}}
  c: {command: run, depends_on: {a: {condition: object_published, object: o}}}
  d: {command: run, depends_on: {a: {object: p}}}
)");
    EXPECT_EQ(app.processes[1].depends_on[0].condition, Condition::log_ready);
    EXPECT_EQ(app.processes[2].depends_on[0].condition, Condition::object_published);
    EXPECT_EQ(app.processes[2].depends_on[0].object, "o");
    EXPECT_EQ(app.processes[3].depends_on[0].condition, Condition::object_published);
}

TEST(ProcessKeys, VarsOfTheProcessWinOverTheAppsAndMayBeUsedInAllItsTexts)
{
    const AppSpec app = parsed(R"(
vars: {NAME: app, PORT: 8080, DIR: data}
processes:
  web:
    vars: {NAME: web, EMPTY: }
    command: run {{.NAME}}{{.EMPTY}} {{or .EMPTY .PORT}}
    working_dir: '{{.DIR}}'
    description: 'port {{.PORT}}'
    log_location: '{{.NAME}}.log'
    environment: ['P={{.PORT}}']
    replicas: '{{if .NAME}}2{{end}}'
    readiness_probe: {http_get: {port: '{{.PORT}}'}}
  raw: {command: 'keep {{.ANY}}', is_template_disabled: true}
)");
    const ProcessSpec& web = app.processes[0];
    EXPECT_EQ(std::get<ShellCommand>(web.command).text, "run web 8080");
    EXPECT_EQ(web.working_dir, "/srv/shop/data");
    EXPECT_EQ(web.description, "port 8080");
    EXPECT_EQ(std::get<LogsInFile>(web.logs.target).file, "/srv/shop/web.log");
    EXPECT_THAT(web.environment, ElementsAre(Variable{"P", "8080"}));
    EXPECT_EQ(web.replicas, 2U);
    EXPECT_EQ(std::get<HttpProbe>(web.readiness.probe->action).port, 8080);
    EXPECT_EQ(std::get<ShellCommand>(app.processes[1].command).text, "keep {{.ANY}}");
}

TEST(ProcessKeys, SayWhatIsWrong)
{
    const std::string duration = "expected a duration above 0 such as `500ms`, `1.5s` or `2m` (a bare number is "
                                 "seconds), found ";

    struct Row {
        std::string text;
        std::string want;
    };

    for (const auto& [text, want] : {
             Row{"notify: maybe", "4:13: expected `true` or `false`, found `maybe`"},
             Row{"notification_fd: 2", "4:22: expected a whole number from 3 to 255, found `2`"},
             Row{"ready_log_line: ''", "4:21: expected part of a line, 1 to 512 bytes, found ``"},
             Row{"success_exit_codes: [256]", "4:26: expected a whole number from 0 to 255, found `256`"},
             Row{"success_exit_codes: 3", "4:25: expected a list of exit codes, found `3`"},
             Row{"order: first", "4:12: expected a whole number from -1000000 to 1000000, found `first`"},
             Row{"launch_timeout: 0", "4:21: " + duration + "`0`"},
             Row{"reload: {}", "4:13: `reload` has neither `signal` nor `command`"},
             Row{"reload: {signal: HUP, command: x}",
                 "4:13: `reload` has both `signal` and `command`; only one can be done"},
             Row{"reload: HUP", "4:13: expected a map, found `HUP`"},
             Row{"rollout: {max_surge: -1}", "4:26: expected a whole number from 0 to 10000, found `-1`"},
             Row{"recycle: {max_age: 1h}", "4:15: unknown key `max_age`; did you mean `age`?"},
             Row{"recycle: {memory: much}",
                 "4:23: expected a size such as `64KiB` or `512MB` (a bare number is bytes), found `much`"},
             Row{"hooks: {before_start: {timeout: 1}}", "4:27: a hook needs a `command`"},
             Row{"hooks: {before_start: {command: a, timeout: 0}}", "4:49: " + duration + "`0`"},
             Row{"hooks: {pre_start: a}", "4:13: unknown key `pre_start`; did you mean `before_start`?"},
             Row{"schedule: {}", "4:15: `schedule` has neither `cron` nor `interval`"},
             Row{"schedule: {cron: '@daily', interval: 1}",
                 "4:15: `schedule` has both `cron` and `interval`; only one can hold"},
             Row{"schedule: {cron: '61 * * * *'}", "4:22: schedule `61 * * * *`: the minute `61` is not from 0 to 59"},
             Row{"schedule: {interval: 1, timezone: ../x}",
                 "4:39: expected a time zone such as `Europe/Berlin` or `UTC`, found `../x`"},
             Row{"watch: {paths: [{include: a}]}", "4:21: what is watched needs a `path`"},
             Row{"watch: {ignore: a}", "4:13: unknown key `ignore`"},
             Row{"depends_on: {p2: {object: o, condition: process_started}}",
                 "4:23: `object` belongs to the condition `object_published`"},
             Row{"vars: {a-b: 1}", "4:12: expected a variable's name as templates can have, found `a-b`"},
             Row{"availability: {on_give_up: panic}", "4:32: expected `keep`, `stop_all` or `exit`, found `panic`"},
         })
        EXPECT_THAT(problems_of(with_process(text) + "  p2: {command: run, objects: [o]}\n"), ElementsAre(want))
            << text;
}

} // namespace
} // namespace pandora::procfiles
