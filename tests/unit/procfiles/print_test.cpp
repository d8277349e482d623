#include "procfiles/print.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace pandora::procfiles {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The spec without the places, which are the file's, and without how log files are written where there are none.
AppSpec what_counts(AppSpec app)
{
    app.file.clear();
    for (ProcessSpec& process : app.processes) {
        process.place = {};
        process.availability.place = {};
        for (Dependency& dependency : process.depends_on) dependency.place = {};
        if (!std::holds_alternative<LogsNowhere>(process.logs.target)) continue;
        process.logs.rotation = {};
        process.logs.format = {};
    }
    for (Group& group : app.groups) group.place = {};
    for (Socket& socket : app.sockets) socket.place = {};
    for (PolicyRule& rule : app.hub.policy) rule.place = {};
    return app;
}

void expect_same_after_printing(const AppSpec& app)
{
    const std::string printed = print(app, EnvironmentValues::shown);
    try {
        // Another folder: every path in the text must be absolute.
        LoadContext context = test_context();
        context.folder = "/somewhere/else";
        const AppSpec again = parse(printed, context).app;
        EXPECT_EQ(print(again, EnvironmentValues::shown), printed);
        EXPECT_TRUE(what_counts(again) == what_counts(app)) << printed;
    } catch (const LoadError& error) {
        FAIL() << error.what() << '\n' << printed;
    }
}

TEST(Print, ShowsWhatIsNotADefault)
{
    const AppSpec app = parsed("{name: shop, processes: {web: {command: a && b, replicas: 3, "
                               "availability: {restart: always, backoff: 500ms}, depends_on: [db]}, "
                               "db: {entrypoint: [run, -x, 80], shutdown: {signal: INT}}}}");
    EXPECT_EQ(print(app, EnvironmentValues::shown), R"(name: shop
processes:
  web:
    command: a && b
    working_dir: /srv/shop
    replicas: 3
    depends_on:
      db:
        condition: process_started
    availability:
      restart: always
      backoff: 500ms
  db:
    entrypoint:
      - run
      - "-x"
      - "80"
    working_dir: /srv/shop
    shutdown:
      signal: SIGINT
)");
}

TEST(Print, HidesTheValuesOfVariablesUnlessAskedForThem)
{
    const AppSpec app =
        parsed("{environment: {A: secret-one}, processes: {web: {command: run, environment: [B=secret-two]}}}");
    const std::string hidden = print(app, EnvironmentValues::hidden);
    EXPECT_THAT(hidden, HasSubstr("  - A\n"));
    EXPECT_THAT(hidden, HasSubstr("      - B\n"));
    EXPECT_THAT(hidden, Not(HasSubstr("secret")));
    EXPECT_THAT(print(app, EnvironmentValues::shown), HasSubstr("      - B=secret-two\n"));
}

TEST(Print, WithoutValuesItIsNoProcfile)
{
    const AppSpec app = parsed("{environment: {A: b}, processes: {web: {command: run}}}");
    EXPECT_THROW(parse(print(app, EnvironmentValues::hidden), test_context()), LoadError);
    EXPECT_NO_THROW(parse(print(app, EnvironmentValues::shown), test_context()));
}

/// Every member of a spec, at a value that is not its default.
constexpr std::string_view everything = R"(
name: everything
shell: {shell_command: /bin/dash, shell_argument: -ec}
environment: {A: "1", B: "two words", C: "$${NOT_A_VARIABLE} $$ # no comment", D: "a\nb\n"}
hub:
  max_frame: 1MiB
  call_timeout: 250ms
  unresponsive_after: 30s
  user: "1234"
  allow_uids: [1000, www]
  strict: true
  persist_config: true
  policy:
    - {deny: call, object: "pandora.*", method: [stop, "re*"]}
    - {allow: any, process: ["-", api, "d?"], user: [0, www]}
    - {deny: publish, object: "*"}
    - {deny: subscribe, event: "- # paid"}
metrics: {listen: "[::1]:8000"}
sockets:
  http: {listen: 0.0.0.0:8080, backlog: 128, reuse_port: true}
  control: {listen: ./control.sock, mode: 0660}
  everywhere: {listen: "*:80"}
groups:
  back: {strategy: rest_for_one, processes: [db, api]}
max_unready: 4
processes:
  db:
    description: "the data: all of it"
    entrypoint: [./db, --port, "5432", "", "{x}"]
    working_dir: data
    replicas: 2
    namespace: [back, all]
    environment: [LEVEL=debug]
    availability: {restart: on_failure, backoff: 1500ms, backoff_multiplier: 1.5, backoff_max: 1h, backoff_jitter: 0.25,
                   max_restarts: 7, restart_window: 2m, reset_after: 45s, on_give_up: stop_all, exit_on_end: true,
                   exit_on_skipped: true}
    success_exit_codes: [3, 143]
    objects: [rows, tables]
    notify: true
    start_timeout: 20s
    readiness_probe: {exec: {command: "test -e $HOME/up", working_dir: sub}, period: 500ms, success_threshold: 2}
    liveness_probe: {tcp_connect: {host: localhost, port: 5432}, initial_delay: 5s, timeout: 3s, failure_threshold: 9}
    watchdog: 30s
    shutdown: {command: "./stop $MAINPID", signal: INT, timeout: 1m, parent_only: true, drain: 5s}
    reload: {signal: USR2}
    rollout: {max_surge: 0, max_unavailable: 1}
    recycle: {age: 12h, spread: 30m, memory: 512MiB}
    hooks: {before_start: "./migrate", after_start: {command: ./warm, timeout: 5s}, before_stop: ./tell, after_stop: a}
    limits: {nofile: "1024:4096", core: unlimited, memory: 1GiB, cpu: 1.5, pids: 100, nice: -5, ioprio: "best_effort:2",
             oom_score_adj: -200, cpu_affinity: [0, 2]}
    user: www
    group: "1000"
    groups: [audio, "44"]
    umask: "0027"
    no_new_privileges: true
    capabilities: [CAP_NET_BIND_SERVICE]
    logs: {directory: ./logs, separate: true, format: json, metadata: false, console: false, tail_lines: 10}
  api:
    command: |
      set -e
      exec ./api "$1"  # comment
    depends_on:
      db: {condition: process_healthy}
      job: {condition: process_completed_successfully}
    ready_log_line: "listening on .*:80"
    readiness_probe: {http_get: {scheme: https, host: example.test, port: 8443, path: "/a b", status_code: 204,
                                 headers: {Accept: "*/*"}}}
    sockets: [http, control]
    on_demand: true
    reload: {command: "kill -HUP $MAINPID"}
    is_tty: true
    logs: {file: /var/log/api.log}
    watch: {paths: [{path: ./src, include: ["*.js"], exclude: ["node_modules/**"]}, {path: /etc/api}], debounce: 1s,
            cascade: true, disable_default_excludes: true}
  job:
    command: ./job
    schedule: {cron: "*/5 8-18 * * mon-fri", timezone: Europe/Berlin, run_on_start: true, max_concurrent: 2}
    capabilities: []
    groups: []
  daemon:
    command: ./daemonize
    is_daemon: true
    launch_timeout_seconds: 9
    disabled: true
    shutdown: {command: ./stop}
    liveness_probe: {unix_connect: {path: ./daemon.sock}}
    readiness_probe: {hub: {}, period: 2s}
  ticker:
    command: ./tick
    schedule: {interval: 90s}
    notification_fd: 3
)";

TEST(Print, EveryKindOfSettingIsReadBackAsItWas) { expect_same_after_printing(parsed(everything)); }

TEST(Print, EveryExampleIsReadBackAsItWas)
{
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{PANDORA_SOURCE_DIR "/procfiles/examples"}) {
        const std::filesystem::path& file = entry.path();
        if (file.extension() != ".yml" || file.filename() == "process-compose.override.yml") continue;
        if (file.parent_path().filename() == "env") continue; // its env_cmds would be run
        SCOPED_TRACE(file);
        expect_same_after_printing(load({file}).app);
        ++count;
    }
    EXPECT_GE(count, 15U);
}

} // namespace
} // namespace pandora::procfiles
