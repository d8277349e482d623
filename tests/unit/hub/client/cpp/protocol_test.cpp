// What the client announces, asks and says by itself, as transcripts with a hub that the test plays.
#include "hub/client/cpp/protocol.hpp"
#include "hub/wire/limits.hpp"
#include "tests/unit/hub/client/cpp/pooled_transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- announcing

TEST_F(Transcript, AnnouncesThenPublishesThenSubscribesThenSendsWhatWaited)
{
    protocol.publish("clock", {{"now"}}, now);
    subscribe({"math", "done"});
    subscribe({"math", "failed"});
    invoke("abs");
    EXPECT_THAT(written(), IsEmpty());

    protocol.connected(now);
    EXPECT_THAT(written(), ElementsAre(online_up()));
    hub_sends(answer_to(1, accepted));
    EXPECT_THAT(written(), ElementsAre(publication("PUBLISH", "clock"), publication("PUBLISH", "math@subscriber")));
    hub_sends(answer_to(2, accepted));
    EXPECT_THAT(written(), IsEmpty());
    EXPECT_EQ(count<BecameOnline>(), 0U);
    hub_sends(answer_to(3, accepted));
    EXPECT_THAT(written(),
                ElementsAre(subscription("math", "done"), subscription("math", "failed"), call_up("abs", 5000)));
    EXPECT_THAT(ids, ElementsAre(4, 5, 6));
    EXPECT_EQ(count<BecameOnline>(), 1U);
}

TEST_F(Transcript, AnnouncesEverythingAgainOnANewConnectionWithIdsThatGoOn)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    protocol.disconnected();
    protocol.connected(now);
    EXPECT_THAT(written(), ElementsAre(online_up()));
    EXPECT_THAT(ids, ElementsAre(3));
    hub_sends(answer_to(3, accepted));
    EXPECT_THAT(written(), ElementsAre(publication("PUBLISH", "clock")));
    hub_sends(answer_to(4, accepted));
    EXPECT_EQ(count<BecameOnline>(), 1U);
}

TEST_F(Transcript, AnnouncesAgainWhenTheHubAsksForIt)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    hub_sends(R"({"action":"connect"})");
    EXPECT_THAT(written(), ElementsAre(online_up()));
}

TEST_F(Transcript, AsksForAReconnectWhenTheHubRefusesOrDoesNotAnswerAnAnnouncement)
{
    protocol.connected(now);
    written();
    hub_sends(answer_to(1, R"({"success":false,"error":{"message":"who are you"}})"));
    EXPECT_THAT(only<Refused>().reason, HasSubstr("who are you"));

    protocol.disconnected();
    protocol.connected(now);
    protocol.expire(now + 4999ms);
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    protocol.expire(now + 5s);
    EXPECT_THAT(only<Refused>().reason, HasSubstr("no response in 5000ms"));
}

TEST_F(Transcript, AsksForAReconnectWhenTheHubRefusesToPublish)
{
    go_online();
    protocol.publish("clock", {}, now);
    written();
    hub_sends(answer_to(ids.at(0), R"({"success":false,"error":{"message":"too many"}})"));
    EXPECT_EQ(only<Refused>().reason, "the hub refused to publish 'clock': too many");
}

constexpr const char* denial =
    R"({"success":false,"error":{"name":"PandoraDeniedError","message":"the app's policy does not allow it"}})";

TEST_F(Transcript, TellsOfAPublicationThatIsDeniedAndGoesOnlineWithTheOthers)
{
    protocol.publish("clock", {}, now);
    protocol.publish("vault", {}, now);
    protocol.connected(now);
    written();
    hub_sends(answer_to(ids.at(0), accepted));
    written();
    ASSERT_EQ(ids.size(), 2U);
    hub_sends(answer_to(ids[0], accepted));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    hub_sends(answer_to(ids[1], denial));
    const auto events = protocol.take_events();
    ASSERT_EQ(events.size(), 2U);
    const Denial& what = std::get<Denied>(events[0]).what;
    EXPECT_EQ(std::pair(what.object, what.event), std::pair(std::string{"vault"}, std::string{}));
    EXPECT_THAT(what.why.message, HasSubstr("policy"));
    EXPECT_TRUE(std::holds_alternative<BecameOnline>(events[1]));
    EXPECT_EQ(protocol.next_deadline(), std::nullopt) << "it is not asked for again";
}

TEST_F(Transcript, PublishesOnlyNewNamesAndWithdrawsThem)
{
    go_online();
    protocol.publish("clock", {{"now"}}, now);
    protocol.publish("clock", {{"now", "set"}}, now);
    EXPECT_THAT(written(), ElementsAre(publication("PUBLISH", "clock")));
    protocol.unpublish("clock", now);
    protocol.unpublish("clock", now);
    EXPECT_THAT(written(), ElementsAre(publication("UNPUBLISH", "clock")));
    hub_sends(call_down("clock", "now", "[]"));
    EXPECT_THAT(written(),
                ElementsAre(HasSubstr("Cannot found method called now within object {\\\"name\\\":\\\"clock\\\"}")));
}

// ---- calls made here

TEST_F(Transcript, FinishesACallWithTheValueOfTheFirstAnswerOnly)
{
    go_online();
    const auto call = invoke("abs");
    EXPECT_THAT(written(), ElementsAre(call_up("abs", 5000)));
    const auto id = ids.at(0);
    hub_sends(answer_to(id, R"({"success":true,"data":{"z":1,"a":2}})"));
    const auto finished = only<Finished>();
    EXPECT_EQ(finished.call, call);
    EXPECT_EQ(std::get<Json>(finished.outcome).dump(), R"({"z":1,"a":2})");
    hub_sends(answer_to(id, R"({"success":true,"data":5})"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    EXPECT_FALSE(protocol.next_deadline());
}

TEST_F(Transcript, EndsACallByItsOwnTimerAndIgnoresTheLateAnswer)
{
    go_online();
    const auto slow = invoke("slow", 100ms);
    const auto fast = invoke("fast", 50ms);
    written();
    EXPECT_EQ(protocol.next_deadline(), now + 50ms);
    protocol.expire(now + 50ms);
    EXPECT_EQ(only<Finished>().call, fast);
    protocol.expire(now + 99ms);
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    protocol.expire(now + 100ms);
    const auto finished = only<Finished>();
    EXPECT_EQ(finished.call, slow);
    EXPECT_EQ(error_of(finished.outcome), (CallError{"MessengerRequestTimeoutError", "target no response in 100ms"}));
    hub_sends(answer_to(ids.at(0), R"({"success":true,"data":1})"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(Transcript, FailsCallsInFlightWhenTheConnectionIsLostAndKeepsThoseNotSentYet)
{
    go_online();
    const auto in_flight = invoke("abs");
    protocol.disconnected();
    const auto lost = only<Finished>();
    EXPECT_EQ(lost.call, in_flight);
    EXPECT_EQ(error_of(lost.outcome).name, "PandoraConnectionLostError");

    const auto waiting = invoke("sqrt", 5s);
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    now += 2s;
    protocol.connected(now);
    written();
    hub_sends(answer_to(ids.at(0), accepted));
    // The hub is told what is left of the timeout, not what it was.
    EXPECT_THAT(written(), ElementsAre(call_up("sqrt", 3000)));
    protocol.take_events();
    hub_sends(answer_to(ids.at(0), R"({"success":true,"data":3})"));
    EXPECT_EQ(only<Finished>().call, waiting);
}

TEST_F(Transcript, DoesNotSendACallWhoseTimeEndedWhileItWaited)
{
    invoke("abs", 100ms);
    protocol.expire(now + 100ms);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "MessengerRequestTimeoutError");
    protocol.connected(now);
    written();
    hub_sends(answer_to(1, accepted));
    EXPECT_THAT(written(), IsEmpty());
}

TEST_F(Transcript, FailsEveryCallOnceItHasEnded)
{
    const auto waiting = invoke("abs");
    protocol.end();
    EXPECT_EQ(only<Finished>().call, waiting);
    const auto late = invoke("abs");
    const auto finished = only<Finished>();
    EXPECT_EQ(finished.call, late);
    EXPECT_EQ(error_of(finished.outcome).name, "PandoraConnectionLostError");
}

TEST_F(Transcript, KeepsTimeoutsBetweenAMillisecondAndADay)
{
    go_online();
    invoke("abs", Millis::max());
    EXPECT_EQ(protocol.next_deadline(), now + 24h);
    invoke("abs", Millis::min());
    EXPECT_EQ(protocol.next_deadline(), now + 1ms);
    EXPECT_THAT(written(), ElementsAre(call_up("abs", 86'400'000), call_up("abs", 1)));
}

TEST_F(Transcript, SendsWithoutAskingForAnAnswer)
{
    go_online();
    protocol.send({.to = "math", .name = "log", .params = Json::array({1})}, now);
    EXPECT_THAT(written(),
                ElementsAre(R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"math"},)"
                            R"("action":"OBJECT_ACTION_INVOKE","broadcast":false,"propertyName":"log",)"
                            R"("data":[1],"host":)" +
                            host + "}}"));
    EXPECT_FALSE(protocol.next_deadline());
}

class NearTheWrap : public Transcript {
protected:
    NearTheWrap() : Transcript{{}, wire::packet_id_max - 3} {}
};

TEST_F(NearTheWrap, CountsItsIdsOnFromOne)
{
    go_online(); // takes the third last id
    invoke("a"); // the second last
    invoke("b"); // the last
    invoke("c");
    written();
    EXPECT_THAT(ids, ElementsAre(wire::packet_id_max - 1, wire::packet_id_max, 1));
}

// ---- limits

TEST_F(WithSmallLimits, AnswersBusyWhenTooMuchWaitsForAConnection)
{
    std::size_t kept = 0;
    while (true) {
        invoke("abs", 1s);
        auto events = protocol.take_events();
        if (events.empty()) {
            ++kept;
            continue;
        }
        EXPECT_EQ(error_of(std::get<Finished>(events.at(0)).outcome).name, "busy");
        break;
    }
    EXPECT_EQ(kept, 1'500 / (wire::header_bytes + 256 + std::string{"abs[]"}.size())) << "256: of the envelope";
    // Room is made by calls that end.
    protocol.expire(now + 1s);
    EXPECT_EQ(count<Finished>(), kept);
    invoke("abs", 1s);
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(WithSmallLimits, AnswersBusyWhenTheKernelTakesNothing)
{
    go_online();
    std::size_t sent = 0;
    for (; protocol.take_events().empty() && sent < 100; ++sent) invoke("abs");
    EXPECT_LT(sent, 10U);
    EXPECT_EQ(written().size(), sent - 1);
    invoke("abs");
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(WithSmallLimits, RefusesACallAndAnAnswerOverTheFrameLimit)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    protocol.invoke({.to = "math", .name = "abs", .params = Json::array({std::string(1'000, 'x')})}, 1s, now);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "too_large");
    hub_sends(call_down("clock", "now", "[]"));
    protocol.answer(only<Invoked>().answer, Outcome{Json(std::string(1'000, 'x'))});
    EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("name":"too_large")")));
}

// ---- events

TEST_F(Transcript, EmitsToAllSubscribersOfTheObject)
{
    go_online();
    protocol.emit({"clock", "tick"}, Json::array({1, 2}), false, now);
    protocol.emit({"clock", "tick"}, Json(3), false, now);
    const auto event = [](const std::string& params) {
        return R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"clock@subscriber"},)"
               R"("action":"OBJECT_ACTION_INVOKE","broadcast":true,"propertyName":"callback","data":["tick",)" +
               params + R"(],"host":)" + host + "}}";
    };
    EXPECT_THAT(written(), ElementsAre(event("[1,2]"), event("[3]")));
}

TEST_F(Transcript, PublishesItsSubscriberObjectOnceAndWithdrawsItWithTheLastTopic)
{
    go_online();
    subscribe({"math", "done"});
    subscribe({"math", "done"});
    subscribe({"math", "failed"});
    EXPECT_THAT(written(), ElementsAre(publication("PUBLISH", "math@subscriber"), subscription("math", "done"),
                                       subscription("math", "failed")));
    protocol.unsubscribe({"math", "done"}, now);
    EXPECT_THAT(written(), ElementsAre(HasSubstr("OBJECT_ACTION_UNSUBSCRIBE")));
    protocol.unsubscribe({"math", "failed"}, now);
    EXPECT_THAT(written(),
                ElementsAre(HasSubstr("OBJECT_ACTION_UNSUBSCRIBE"), publication("UNPUBLISH", "math@subscriber")));
}

TEST_F(Transcript, TriesAgainToSubscribeUntilThereIsAProvider)
{
    go_online();
    subscribe({"math", "done"});
    written();
    hub_sends(answer_to(ids.at(0), accepted));
    hub_sends(
        answer_to(ids.at(1), R"({"success":false,"error":{"message":"Cannot found any clients by selector: {}"}})"));
    EXPECT_EQ(protocol.next_deadline(), now + 1s);
    now += 1s;
    protocol.expire(now);
    EXPECT_THAT(written(), ElementsAre(subscription("math", "done")));
    hub_sends(answer_to(ids.at(0), accepted));
    EXPECT_FALSE(protocol.next_deadline());
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

// ---- leaving

const std::string offline_up =
    R"({"action":"PANDORA_HUB_ACTION_OFFLINE_UP","data":{"host":)" + host + R"(,"needReply":true}})";

TEST_F(Transcript, LeavesWhenTheHubAndItsOwnMethodsHaveAnswered)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    hub_sends(call_down("clock", "now", "[]"));
    const auto invoked = only<Invoked>();
    protocol.leave(now);
    EXPECT_THAT(written(), ElementsAre(offline_up));
    hub_sends(answer_to(ids.at(0), accepted));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    protocol.answer(invoked.answer, Outcome{Json(1)});
    EXPECT_THAT(protocol.take_events(), IsEmpty()) << "the answer is not written yet";
    EXPECT_EQ(written().size(), 1U);
    only<Left>();
}

TEST_F(Transcript, LeavesAfterASecondWithoutAnAnswerAndOnceOnly)
{
    go_online();
    protocol.leave(now);
    written();
    protocol.expire(now + 999ms);
    EXPECT_EQ(count<Left>(), 0U);
    EXPECT_EQ(protocol.next_deadline(), now + 1s);
    protocol.expire(now + 1s);
    EXPECT_EQ(count<Left>(), 1U);
    protocol.expire(now + 10s);
    protocol.disconnected();
    EXPECT_EQ(count<Left>(), 0U);
}

TEST_F(Transcript, LeavesAtOnceWithoutAConnection)
{
    protocol.leave(now);
    EXPECT_EQ(count<Left>(), 1U);
}

TEST_F(Transcript, LeavesWhenTheConnectionIsLostMeanwhile)
{
    go_online();
    protocol.leave(now);
    protocol.disconnected();
    EXPECT_EQ(count<Left>(), 1U);
}

// ---- pools

TEST_F(Pooled, WhatAPoolMayCarryIsBusyAndNotTooLargeWhileThereIsNoConnection)
{
    protocol.disconnected();
    protocol.take_events();
    const auto refused = [&](std::size_t bytes) {
        call(Bytes{std::string(bytes, 'x')});
        return error_of(only<Finished>().outcome).name;
    };
    EXPECT_EQ(refused(huge_bytes), "busy");
    EXPECT_EQ(refused(wire::pool_bytes_max + 1), "too_large");
    protocol.connected(now);
    EXPECT_EQ(refused(huge_bytes), "busy") << "until the hub has said whether it takes pools";
    written();
    hub_sends(answer_to(ids.at(0), granting));
    EXPECT_EQ(refused(huge_bytes), "too_large") << "it takes none";
}

class PooledInMuchMemory : public Pooled {
protected:
    PooledInMuchMemory() : Pooled{Limits{.queue_bytes_max = 2 * huge_bytes}} {}
};

TEST_F(PooledInMuchMemory, WhatFitsNoFrameWaitsForAConnectionWithPools)
{
    protocol.disconnected();
    protocol.take_events();
    call(Bytes{std::string(huge_bytes, 'x')});
    protocol.connected(now);
    for (const std::string& answer : {granting_pools, accepted}) { // to ONLINE_UP and to PUBLISH_UP
        written();
        hub_sends(answer_to(ids.at(0), answer));
    }
    EXPECT_TRUE(written_one().shared);
}

} // namespace
} // namespace pandora::hub::client
