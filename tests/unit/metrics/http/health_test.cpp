#include "metrics/http/health.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::metrics::http {
namespace {

InstanceSample instance(const std::string& state, bool up) { return {.process = "web", .state = state, .up = up}; }

TEST(Health, IsOkWhileTheSupervisorAnswersAndNothingHasFailed)
{
    const auto response =
        health({.app = "shop",
                .supervisor = Supervisor::up,
                .instances = {instance("ready", true), instance("backoff", false), instance("completed", false)},
                .hub = {.connections = 3, .objects = 2, .calls_in_flight = 1}});
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.content_type, "application/json");
    EXPECT_EQ(std::get<std::string>(response.body),
              R"({"status":"ok","app":"shop","supervisor":"up","processes":{"total":3,"up":1,"failed":0},)"
              R"("hub":{"connections":3,"objects":2,"calls_in_flight":1}})"
              "\n");
}

TEST(Health, IsDegradedOnceAnInstanceHasFailed)
{
    const auto response = health({.app = "shop",
                                  .supervisor = Supervisor::up,
                                  .instances = {instance("ready", true), instance("failed", false)}});
    EXPECT_EQ(response.status, 503U);
    EXPECT_EQ(std::get<std::string>(response.body),
              R"({"status":"degraded","app":"shop","supervisor":"up","processes":{"total":2,"up":1,"failed":1},)"
              R"("hub":{"connections":0,"objects":0,"calls_in_flight":0}})"
              "\n");
}

TEST(Health, IsDegradedWhileTheSupervisorIsAway)
{
    const auto response = health({.app = "shop", .supervisor = Supervisor::down});
    EXPECT_EQ(response.status, 503U);
    EXPECT_NE(std::get<std::string>(response.body).find(R"("status":"degraded","app":"shop","supervisor":"down")"),
              std::string::npos);
}

TEST(Health, AHubWithoutASupervisorIsWellWithoutOne)
{
    const auto response = health({.app = "", .supervisor = Supervisor::none});
    EXPECT_EQ(response.status, 200U);
    EXPECT_NE(std::get<std::string>(response.body).find(R"("supervisor":"none")"), std::string::npos);
}

TEST(Health, SurvivesANameThatIsNotUtf8)
{
    const auto response = health({.app = "caf\xE9\"", .supervisor = Supervisor::up});
    EXPECT_NE(std::get<std::string>(response.body).find("\"app\":\"caf\xEF\xBF\xBD\\\"\""), std::string::npos);
}

} // namespace
} // namespace pandora::metrics::http
