#include "supervisor/cli/hub_routes.hpp"

#include <gtest/gtest.h>

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

} // namespace
} // namespace pandora::supervisor::cli
