#include "supervisor/cli/hub_replay_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::supervisor::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Way = ReplayRequest::Way;

hub::client::Json record(double at, const char* verb, const char* object, int id, const char* more = "")
{
    return hub::client::Json::parse("{\"at\":" + std::to_string(at) + ",\"verb\":\"" + verb + "\",\"object\":\"" +
                                    object + "\",\"method\":\"get\",\"id\":" + std::to_string(id) + more + "}");
}

constexpr const char* params = R"(,"payload":[1,"a"])";

std::vector<ReplayRequest> requests_of(const std::vector<hub::client::Json>& records, TrafficFilter filter = {})
{
    ReplayPlan plan{std::move(filter)};
    for (const auto& each : records) plan.add(each);
    return plan.take();
}

TEST(ReplayPlan, KeepsRequestsWithTheirTimesAndTheirOutcomes)
{
    const auto requests =
        requests_of({record(100, "invoke", "store", 1, params), record(100.5, "send", "log", 0, params),
                     record(100.75, "reply", "store", 1, R"(,"status":"ok","payload":7)"),
                     record(101, "invoke", "store", 2, params)});
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[0].way, Way::call);
    EXPECT_EQ(requests[0].object + "." + requests[0].method, "store.get");
    EXPECT_EQ(requests[0].params.dump(), R"([1,"a"])");
    EXPECT_EQ(requests[1].way, Way::send);
    EXPECT_THAT((std::vector{requests[0].at, requests[1].at, requests[2].at}),
                ElementsAre(0us, 500'000us, 1'000'000us));
    EXPECT_THAT((std::vector{requests[0].outcome, requests[1].outcome, requests[2].outcome}),
                ElementsAre("ok", "", ""));
}

TEST(ReplayPlan, TakesACallThatWentToManyForOne)
{
    const auto requests =
        requests_of({record(1, "invoke", "store", 1, params), record(1, "invoke", "store", 1, params),
                     record(2, "reply", "store", 1, R"(,"status":"ok")"), record(3, "invoke", "store", 1, params)});
    EXPECT_EQ(requests.size(), 2u) << "once it has ended, the number may stand for another call";
}

TEST(ReplayPlan, ARequestThatWasRefusedAtOnceHasItsOutcomeItself)
{
    const std::string refused = std::string{params} + R"(,"status":"no_route")";
    const auto requests = requests_of(
        {record(1, "invoke", "store", 0, refused.c_str()), record(2, "invoke", "store", 0, refused.c_str())});
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].outcome, "no_route");
}

TEST(ReplayPlan, LeavesPandorasOwnObjectsAloneUnlessTheyAreNamed)
{
    const std::vector records{record(1, "invoke", "pandora.supervisor", 1, params),
                              record(1, "invoke", "__PANDORA_HUB_CONFIG_MANAGER", 2, params)};
    EXPECT_THAT(requests_of(records), IsEmpty());
    EXPECT_EQ(requests_of(records, {{"pandora.*"}, {}, {}}).size(), 1u);
}

TEST(ReplayPlan, CountsWhatCannotBeSentAgain)
{
    ReplayPlan plan{{}};
    plan.add(record(1, "invoke", "store", 1));
    plan.add(record(1, "invoke", "store", 2, R"(,"payload":"bytes?")"));
    plan.add(record(1, "event", "store", 0));
    EXPECT_EQ(plan.incomplete(), 2u);
    EXPECT_THAT(plan.take(), IsEmpty());
}

TEST(ReplayPlan, SurvivesRecordsOfAnyForm)
{
    EXPECT_THAT(requests_of({nullptr, 7, hub::client::Json::array(), hub::client::Json::object(),
                             hub::client::Json::parse(R"({"verb":"invoke","at":"x","payload":[]})")}),
                IsEmpty());
    const auto requests = requests_of(
        {record(5, "send", "a", 0, params), record(1, "send", "a", 0, params), record(1e300, "send", "a", 0, params)});
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[1].at, 0us) << "the clock was set back";
    EXPECT_EQ(requests[2].at, 24h) << "or far ahead";
}

TEST(Due, DividesTheTimeByTheSpeed)
{
    ReplayRequest request;
    request.at = 3s;
    for (const auto& [speed, want] :
         {std::pair{1.0, std::chrono::microseconds{3s}}, {2.0, 1500ms}, {0.5, 6s}, {0.0, 0s}})
        EXPECT_EQ(due(request, speed), want) << speed;
    EXPECT_GT(due(request, 1e-300), 1000h) << "and not before it all, as an overflow would be";
}

TEST(Difference, IsNothingWhereTheOutcomeIsTheSameOrWasNotKnown)
{
    ReplayRequest request;
    request.object = "store";
    request.method = "get";
    EXPECT_EQ(difference(request, "ok", "ok"), "");
    request.outcome = "ok";
    EXPECT_EQ(difference(request, "ok", "ok"), "");
    EXPECT_EQ(difference(request, "busy", "busy: too much"), "store.get: ok, now busy: too much");
}

} // namespace
} // namespace pandora::supervisor::cli
