#include "supervisor/cli/hub_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>

namespace pandora::supervisor::cli {
namespace {

using hub::client::Json;

TEST(RoutesTable, ShowsOneLineForEachConnectionInAlignedColumns)
{
    const auto routes = Json::parse(R"([
        {"client":"c7","process":"renderer","instance":0,"pid":4711,
         "selectors":[{"initialization":true},{"appName":"a"},{"appName":"a","objectName":"snapshot"},
                      {"objectName":"mail","objectTag":"smtp"},{"objectName":"snapshot"}]},
        {"client":"c12","process":null,"instance":0,"pid":9,"selectors":[{"initialization":true}]}])");
    EXPECT_EQ(routes_table(routes), "CLIENT  PROCESS     PID   OBJECTS\n"
                                    "c7      renderer/0  4711  snapshot, mail:smtp\n"
                                    "c12     -           9     -\n");
}

TEST(RoutesTable, HasOnlyItsHeadingWhenNobodyIsConnected)
{
    EXPECT_EQ(routes_table(Json::array()), "CLIENT  PROCESS  PID  OBJECTS\n");
}

TEST(RoutesTable, KeepsControlCharactersThatClientsChooseAwayFromTheTerminal)
{
    const auto routes = Json::parse(R"([{"client":"c1","process":"a\u001b[2J\n","instance":1,"pid":2,
                                         "selectors":[{"objectName":"x\u007f"}]}])");
    EXPECT_EQ(routes_table(routes), "CLIENT  PROCESS   PID  OBJECTS\n"
                                    "c1      a?[2J?/1  2    x?\n");
}

TEST(RoutesTable, ShowsADashForWhateverIsMissingOrOfAnotherType)
{
    for (const char* route : {"{}", "7", "null", R"({"client":5,"process":{},"pid":"x","selectors":{"a":1}})",
                              R"({"selectors":[null,3,{"objectName":4}]})"}) {
        EXPECT_EQ(routes_table(Json::array({Json::parse(route)})), "CLIENT  PROCESS  PID  OBJECTS\n"
                                                                   "-       -        -    -\n")
            << route;
    }
}

TEST(ClientsTable, ShowsHowEachConnectionKeepsUpAndWhatBecameOfOthers)
{
    const auto answer = Json::parse(R"({
        "clients":[{"client":"c7","process":"web","instance":1,"pid":47,"dialect":"native","age_s":200.4,
                    "queued_bytes":2048,"in_flight":3,"outstanding":1,"selectors":[{"objectName":"page"}],
                    "draining":true,"unresponsive":true,"builtin":false},
                   {"client":"c8","dialect":"legacy","age_s":0,"queued_bytes":0,"in_flight":0,"outstanding":0}],
        "cut":[{"client":"c3","process":"bot","instance":0,"pid":9,"reason":"slow"}]})");
    EXPECT_EQ(
        clients_table(answer),
        "CLIENT  PROCESS  PID  DIALECT  AGE     QUEUE    IN FLIGHT  OUTSTANDING  OBJECTS  STATE\n"
        "c7      web/1    47   native   3m 20s  2.0 KiB  3          1            page     draining, unresponsive\n"
        "c8      -        -    legacy   0s      0 B      0          0            -        ok\n"
        "\n"
        "ended by the hub:\n"
        "AT  CLIENT  PROCESS  PID  REASON\n"
        "-   c3      bot/0    9    slow\n");
}

TEST(ChannelsTable, ShowsWhoTalksToWhomAndHowMuch)
{
    const auto answer = Json::parse(R"([
        {"channel":3,"object":"page","age_s":200.4,
         "caller":{"client":"c7","process":"web","instance":1,"calls":12,"errors":1,"bytes_sent":2048,
                   "bytes_received":100},
         "callee":{"client":"c8","process":null,"instance":0,"calls":11}},
        {"channel":4}])");
    EXPECT_EQ(channels_table(answer), "CHANNEL  OBJECT  CALLER  CALLEE  AGE     CALLS  ERRORS  SENT     RECEIVED\n"
                                      "3        page    web/1   c8      3m 20s  12     1       2.0 KiB  100 B\n"
                                      "4        -       -       -       -       -      -       -        -\n");
}

TEST(ClientsTable, SaysOfWhoGetsNoCallsWhy)
{
    for (const auto& [flags, want] : {std::pair{R"("online":true,"unready":false)", "ok"},
                                      {R"("online":false)", "offline"},
                                      {R"("online":true,"unready":true)", "unready"},
                                      {R"("online":false,"unready":true,"builtin":true)", "offline, unready, builtin"}})
        EXPECT_EQ(clients_table(Json::parse(R"({"clients":[{"client":"c7",)" + std::string{flags} + "}]}")),
                  "CLIENT  PROCESS  PID  DIALECT  AGE  QUEUE  IN FLIGHT  OUTSTANDING  OBJECTS  STATE\n"
                  "c7      -        -    -        -    -      -          -            -        " +
                      std::string{want} + "\n");
}

TEST(ClientsTable, SurvivesAnyAnswer)
{
    for (const char* answer : {"null", "[]", "{}", R"({"clients":7,"cut":{}})"})
        EXPECT_EQ(clients_table(Json::parse(answer)),
                  "CLIENT  PROCESS  PID  DIALECT  AGE  QUEUE  IN FLIGHT  OUTSTANDING  OBJECTS  STATE\n")
            << answer;
    EXPECT_NE(clients_table(Json::parse(R"({"clients":[{"queued_bytes":-5,"age_s":-1e300},7,null]})")), "");
}

TEST(StatsTable, ShowsGroupsByTheNamesOfTheirNumbersWithoutThoseThatAreZero)
{
    const auto stats = Json::parse(R"({"connections":3,"calls":{"ok":12,"no_route":1,"busy":0,"of":{"web":0}},
                                       "dropped":{},"parked":0})");
    EXPECT_EQ(stats_table(stats), "connections     3\n"
                                  "calls.ok        12\n"
                                  "calls.no_route  1\n"
                                  "parked          0\n"
                                  "(2 more are 0: --json has them)\n");
    EXPECT_EQ(stats_table(Json::parse(R"({"calls":{"ok":1}})")), "calls.ok  1\n");
    EXPECT_EQ(stats_table(Json::array({1})), "");
}

TEST(RoutesTable, NamesTheFirstOfManyObjectsAndCountsTheRest)
{
    const auto route = [](std::size_t objects, const std::string& prefix) {
        Json selectors = Json::array();
        for (std::size_t i = 0; i < objects; ++i) selectors.push_back({{"objectName", prefix + std::to_string(i)}});
        return Json::array({Json{{"client", "c7"}, {"selectors", selectors}}});
    };
    EXPECT_THAT(routes_table(route(1000, "object_number_")),
                ::testing::EndsWith("  object_number_0, object_number_1, object_number_2 and 997 more\n"));
    const std::string long_name(100, 'x');
    EXPECT_THAT(routes_table(route(1, long_name)), ::testing::EndsWith("  " + long_name + "0\n"));
    EXPECT_THAT(routes_table(route(2, long_name)), ::testing::EndsWith("  " + long_name + "0 and 1 more\n"));
}

TEST(IntrospectionTable, ShowsMethodsAndThenProperties)
{
    const auto description = Json::parse(R"({"properties":[{"name":"size","type":"number"}],
        "methods":[{"name":"take","length":2,"type":"function"},{"name":"put"}]})");
    EXPECT_EQ(introspection_table(description), "NAME  KIND      TYPE      PARAMETERS\n"
                                                "take  method    function  2\n"
                                                "put   method    -         -\n"
                                                "size  property  number    -\n");
    EXPECT_EQ(introspection_table(nullptr), "NAME  KIND  TYPE  PARAMETERS\n");
}

} // namespace
} // namespace pandora::supervisor::cli
