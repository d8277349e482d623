#include "procfiles/replica.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;

TEST(Replica, PutsItsNumberWhereverItIsAsked)
{
    const ProcessSpec process = parsed(R"(
processes:
  web:
    command: serve 404{{.PC_REPLICA_NUM}} ${PC_PROC_NAME}
    replicas: 3
    working_dir: data/${PC_REPLICA_NUM}
    environment: ['PORT=808${PANDORA_INSTANCE}', PLAIN=x]
    readiness_probe:
      http_get: {host: 'h{{.PC_REPLICA_NUM}}', path: '/{{.PC_REPLICA_NUM}}', port: '404{{.PC_REPLICA_NUM}}'}
    liveness_probe: {tcp_connect: {port: '505{{.PC_REPLICA_NUM}}'}}
    shutdown: {command: 'stop {{.PC_REPLICA_NUM}}'}
    hooks: {after_start: 'told {{.PC_REPLICA_NUM}}'}
    reload: {command: 'reload {{.PC_REPLICA_NUM}}'}
    log_location: logs/web.{PC_REPLICA_NUM}.log
    description: replica {{.PC_REPLICA_NUM}}
)")
                                    .processes.at(0);
    EXPECT_TRUE(process.per_replica);
    const ProcessSpec second = for_replica(process, 1);
    EXPECT_FALSE(second.per_replica);
    EXPECT_EQ(std::get<ShellCommand>(second.command).text, "serve 4041 web");
    EXPECT_EQ(second.working_dir, "/srv/shop/data/1");
    EXPECT_THAT(second.environment, ElementsAre(Variable{"PORT", "8081"}, Variable{"PLAIN", "x"}));
    const auto& http = std::get<HttpProbe>(second.readiness.probe->action);
    EXPECT_EQ(http.host, "h1");
    EXPECT_EQ(http.path, "/1");
    EXPECT_EQ(http.port, 4041);
    EXPECT_EQ(std::get<TcpProbe>(second.liveness->action).port, 5051);
    EXPECT_EQ(second.shutdown.command, "stop 1");
    EXPECT_EQ(second.hooks.after_start->command, "told 1");
    EXPECT_EQ(std::get<ReloadCommand>(*second.reload).command, "reload 1");
    EXPECT_EQ(std::get<LogsInFile>(second.logs.target).file, "/srv/shop/logs/web.1.log");
    EXPECT_EQ(second.description, "replica 1");
    EXPECT_EQ(std::get<HttpProbe>(for_replica(process, 12).readiness.probe->action).port, 40412);
    EXPECT_EQ(std::get<HttpProbe>(for_replica(process, 123).readiness.probe->action).port, 0);
}

TEST(Replica, OfAProcessWithoutItsNumberIsTheProcessItself)
{
    const ProcessSpec process = parsed_process("is_template_disabled: true\ndescription: '{{.PC_REPLICA_NUM}}'");
    EXPECT_EQ(for_replica(parsed_process("description: plain"), 3).description, "plain");
    EXPECT_FALSE(parsed_process("description: plain").per_replica);
    EXPECT_EQ(process.description, "{{.PC_REPLICA_NUM}}");
    EXPECT_EQ(for_replica(process, 3).description, "{{.PC_REPLICA_NUM}}");
}

} // namespace
} // namespace pandora::procfiles
