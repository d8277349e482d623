// What each key of a probe becomes, and what is said of those that are wrong.
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;

Probe readiness(const std::string& flow)
{
    return parsed_process("readiness_probe: {" + flow + "}").readiness.probe.value();
}

TEST(ProbeKeys, HaveTheDefaultsOfProcessCompose)
{
    const Probe probe = readiness("exec: {command: ok}");
    EXPECT_EQ(probe.initial_delay, 0s);
    EXPECT_EQ(probe.period, 10s);
    EXPECT_EQ(probe.timeout, 1s);
    EXPECT_EQ(probe.success_threshold, 1U);
    EXPECT_EQ(probe.failure_threshold, 3U);
}

TEST(ProbeKeys, OfTimeTakeSecondsAndUnits)
{
    const Probe compose = readiness("exec: ok, initial_delay_seconds: 1, period_seconds: '2', timeout_seconds: 3, "
                                    "success_threshold: 4, failure_threshold: 5");
    EXPECT_EQ(compose.initial_delay, 1s);
    EXPECT_EQ(compose.period, 2s);
    EXPECT_EQ(compose.timeout, 3s);
    EXPECT_EQ(compose.success_threshold, 4U);
    EXPECT_EQ(compose.failure_threshold, 5U);
    const Probe own = readiness("exec: ok, initial_delay: 10ms, period: 20ms, timeout: 30ms");
    EXPECT_EQ(own.initial_delay, 10ms);
    EXPECT_EQ(own.period, 20ms);
    EXPECT_EQ(own.timeout, 30ms);
}

TEST(ProbeKeys, AskByACommand)
{
    const auto exec = std::get<ExecProbe>(readiness("exec: {command: check it, working_dir: probes}").action);
    EXPECT_EQ(exec.command.text, "check it");
    EXPECT_EQ(exec.working_dir, "/srv/shop/probes");
    EXPECT_EQ(std::get<ExecProbe>(readiness("exec: check").action).command.text, "check");
}

TEST(ProbeKeys, AskByHttp)
{
    const auto plain = std::get<HttpProbe>(readiness("http_get: {}").action);
    EXPECT_FALSE(plain.tls);
    EXPECT_EQ(plain.host, "127.0.0.1");
    EXPECT_EQ(plain.port, 80);
    EXPECT_EQ(plain.path, "/");
    EXPECT_EQ(plain.status, 200U);
    const auto full = std::get<HttpProbe>(readiness("http_get: {host: localhost, scheme: https, port: '8443', path: "
                                                    "health, headers: {X-A: 1, X-B: }, status_code: 204}")
                                              .action);
    EXPECT_TRUE(full.tls);
    EXPECT_EQ(full.host, "localhost");
    EXPECT_EQ(full.port, 8443);
    EXPECT_EQ(full.path, "/health");
    EXPECT_EQ(full.status, 204U);
    ASSERT_THAT(full.headers, SizeIs(2));
    EXPECT_EQ(full.headers[0].name + "=" + full.headers[0].value, "X-A=1");
    EXPECT_EQ(std::get<HttpProbe>(readiness("http_get: {scheme: https}").action).port, 443);
    EXPECT_EQ(std::get<HttpProbe>(readiness("http_get: {num_port: 81}").action).port, 81);
    EXPECT_EQ(std::get<HttpProbe>(readiness("http_get: {port: '${UNSET:-82}'}").action).port, 82);
}

TEST(ProbeKeys, AskByConnecting)
{
    const auto tcp = std::get<TcpProbe>(readiness("tcp_connect: {host: db, port: 5432}").action);
    EXPECT_EQ(tcp.host, "db");
    EXPECT_EQ(tcp.port, 5432);
    EXPECT_EQ(std::get<TcpProbe>(readiness("tcp: {port: 1}").action).port, 1);
    EXPECT_EQ(std::get<TcpProbe>(readiness("tcp: 6379").action).port, 6379);
    EXPECT_EQ(std::get<TcpProbe>(readiness("tcp_connect: 'db:6379'").action).host, "db");
    EXPECT_EQ(std::get<UnixProbe>(readiness("unix_connect: run/db.sock").action).path, "/srv/shop/run/db.sock");
    EXPECT_EQ(std::get<UnixProbe>(readiness("unix_connect: {path: /run/db.sock}").action).path, "/run/db.sock");
}

TEST(ProbeKeys, AskTheHub)
{
    const Probe probe = readiness("hub: {}, period: 2s, failure_threshold: 5");
    EXPECT_TRUE(std::holds_alternative<HubProbe>(probe.action));
    EXPECT_EQ(probe.period, 2s);
    EXPECT_EQ(probe.failure_threshold, 5U);
    EXPECT_TRUE(std::holds_alternative<HubProbe>(readiness("hub: {x-why: it calls nobody}").action));
    const ProcessSpec process = parsed_process("liveness_probe: {hub: {}}");
    EXPECT_TRUE(std::holds_alternative<HubProbe>(process.liveness->action));
}

TEST(ProbeKeys, OfLivenessAreTheSame)
{
    const ProcessSpec process = parsed_process("liveness_probe: {exec: {command: alive}, period_seconds: 5}");
    EXPECT_EQ(std::get<ExecProbe>(process.liveness->action).command.text, "alive");
    EXPECT_EQ(process.liveness->period, 5s);
    EXPECT_FALSE(process.readiness.probe.has_value());
}

TEST(ProbeKeys, SayWhatIsWrong)
{
    const std::string one = "a probe needs one of `exec`, `http_get`, `tcp_connect`, `unix_connect` and `hub`";

    struct Row {
        std::string text;
        std::string want;
    };

    for (const auto& [text, want] : {
             Row{"{}", "4:22: " + one},
             Row{"{period_seconds: 1}", "4:22: " + one},
             Row{"yes", "4:22: expected a map, found `yes`"},
             Row{"{exec: a, http_get: {}}",
                 "4:22: a probe asks in one way only: `exec`, `http_get`, `tcp_connect`, `unix_connect` or `hub`"},
             Row{"{hub: {}, exec: a}",
                 "4:22: a probe asks in one way only: `exec`, `http_get`, `tcp_connect`, `unix_connect` or `hub`"},
             Row{"{hub: true}", "4:28: expected a map, found `true`"},
             Row{"{hub: {timeout: 1s}}", "4:29: unknown key `timeout`"},
             Row{"{hub: }", "4:22: " + one},
             Row{"{exec: {}}", "4:29: an `exec` probe needs a `command`"},
             Row{"{tcp_connect: {}}", "4:36: a `tcp_connect` probe needs a `port`"},
             Row{"{unix_connect: {}}", "4:37: a `unix_connect` probe needs a `path`"},
             Row{"{http_get: {port: web}}", "4:40: expected a port from 1 to 65535, found `web`"},
             Row{"{http_get: {port: 0}}", "4:40: expected a port from 1 to 65535, found `0`"},
             Row{"{http_get: {scheme: ftp}}", "4:42: expected `http` or `https`, found `ftp`"},
             Row{"{http_get: {status_code: 99}}", "4:47: expected a whole number from 100 to 599, found `99`"},
             Row{"{http_get: {headers: {'A:': b}}}", "4:44: `A:` is no header that can be sent"},
             Row{"{http_get: {headers: {A: \"b\\r\\nC: d\"}}}", "4:44: `A` is no header that can be sent"},
             Row{"{http_get: {port: 1, num_port: 2}}", "4:43: `num_port` and `port` (line 4) are the same setting"},
             Row{"{exec: a, failure_threshold: 0}", "4:51: expected a whole number from 1 to 1000000, found `0`"},
             Row{"{exec: a, retries: 3}", "4:32: unknown key `retries`; did you mean `failure_threshold`?"},
         })
        EXPECT_THAT(problems_of(with_process("readiness_probe: " + text)), ElementsAre(want)) << text;
}

} // namespace
} // namespace pandora::procfiles
