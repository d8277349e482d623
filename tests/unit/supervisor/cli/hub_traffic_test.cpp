#include "supervisor/cli/hub_traffic.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace pandora::supervisor::cli {
namespace {

using hub::client::Json;

Json record()
{
    return Json::parse(R"({"at":1000.25,"verb":"reply","from":{"client":"c3","process":"store","instance":0},
                           "to":{"client":"c7","process":null},"object":"store","method":"get","status":"ok",
                           "bytes":20,"duration_us":412,"id":17,"payload":{"a":1}})");
}

TEST(TrafficLine, SaysWhenWhoWhatAndHowItEnded)
{
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    EXPECT_EQ(traffic_line(record(), false),
              "00:16:40.250000  store/0 -> c7  reply  store.get  ok  0.412 ms  20 B  #17");
    EXPECT_EQ(traffic_line(record(), true),
              "00:16:40.250000  store/0 -> c7  reply  store.get  ok  0.412 ms  20 B  #17  {\"a\":1}");
}

TEST(TrafficLine, LeavesOutWhatARecordDoesNotTell)
{
    EXPECT_EQ(traffic_line(Json::object(), true), "-  - -> -  -  -");
    EXPECT_EQ(traffic_line(Json(7), true), "-  - -> -  -  -");
    EXPECT_EQ(traffic_line(Json::parse(R"({"at":1e300,"verb":"broadcast","object":"o"})"), true),
              "-  - -> -  broadcast  o");
}

TEST(TrafficLine, HoldsNothingThatATerminalWouldObey)
{
    const auto line = traffic_line(Json::parse(R"({"verb":"a\u001b[2J","object":"o\n","method":"m\u0007",
                                                   "from":{"process":"p\u001b"},"status":"\r"})"),
                                   true);
    for (const unsigned char c : line) EXPECT_GE(c, 0x20) << line;
}

TEST(TrafficJson, HasThePayloadOnlyForWhoAskedForPayloads)
{
    auto without = record();
    without.erase("payload");
    EXPECT_EQ(traffic_json(record(), true), record());
    EXPECT_EQ(traffic_json(record(), false), without);
    EXPECT_EQ(traffic_json(without, false), without);
    EXPECT_EQ(traffic_json(Json(7), false), Json(7));
}

TEST(TrafficFilter, LeavesOutTheCallsThatAskForTheTrafficUnlessAPatternNamesThem)
{
    const auto asked = Json::parse(R"({"object":"pandora.hub","method":"monitor"})");
    EXPECT_FALSE(TrafficFilter{}.lets_through(asked));
    EXPECT_TRUE((TrafficFilter{{"pandora.*"}, {}, {}}.lets_through(asked)));
    EXPECT_TRUE((TrafficFilter{{}, {}, {"mon*"}}.lets_through(asked)));
    EXPECT_TRUE(TrafficFilter{}.lets_through(Json::parse(R"({"object":"pandora.hub","method":"stats"})")));
    EXPECT_TRUE(TrafficFilter{}.lets_through(Json::parse(R"({"object":"tv","method":"monitor"})")));
}

TEST(TrafficFilter, WithoutPatternsLetsEverythingThrough) { EXPECT_TRUE(TrafficFilter{}.lets_through(Json::object())); }

TEST(TrafficFilter, WantsAMatchInEachListThatHasPatterns)
{
    struct Row {
        TrafficFilter filter;
        bool want;
    };

    for (const auto& [filter, want] : {Row{{{"store"}, {}, {}}, true},
                                       {{{"st*"}, {}, {}}, true},
                                       {{{"x", "s?ore"}, {}, {}}, true},
                                       {{{"tore"}, {}, {}}, false},
                                       {{{}, {"store"}, {}}, true},
                                       {{{}, {"store/0"}, {}}, true},
                                       {{{}, {"store/1"}, {}}, false},
                                       {{{}, {"c7"}, {}}, true},
                                       {{{}, {"web"}, {}}, false},
                                       {{{}, {}, {"g*"}}, true},
                                       {{{}, {}, {"put"}}, false},
                                       {{{"store"}, {"c7"}, {"put"}}, false}})
        EXPECT_EQ(filter.lets_through(record()), want)
            << ::testing::PrintToString(filter.objects) << ::testing::PrintToString(filter.processes)
            << ::testing::PrintToString(filter.methods);
}

} // namespace
} // namespace pandora::supervisor::cli
