// What the client makes of frames that the hub sends unasked, as transcripts with a hub that the test plays.
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- what cannot be read

TEST_F(WithSmallLimits, DropsTheConnectionOverAFrameAboveTheLimitAndNoOther)
{
    go_online();
    EXPECT_FALSE(hub_sends("{not json"));
    EXPECT_FALSE(hub_sends("\xFF"));
    EXPECT_FALSE(hub_sends("[[[[[[1]]]]]]"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    EXPECT_THAT(written(), IsEmpty());
    EXPECT_FALSE(hub_sends("\"" + std::string(1'000, 'x') + "\"")) << "the hub may add to a frame of the largest size";
    EXPECT_TRUE(hub_sends("\"" + std::string(6'000, 'x') + "\""));
}

TEST_F(Transcript, EndsACallWhoseAnswerItCannotRead)
{
    go_online();
    const auto call = invoke("abs");
    const auto other = invoke("sqrt");
    written();
    const auto packet = ids.at(0);
    EXPECT_FALSE(hub_sends(answer_to(packet, R"({"success":true,"data":1e999})")));
    const auto finished = only<Finished>();
    EXPECT_EQ(finished.call, call);
    EXPECT_EQ(error_of(finished.outcome),
              (CallError{"PandoraMalformedFrameError", "JSON that this client cannot read"}));
    EXPECT_FALSE(hub_sends(answer_to(packet, "1e999"))) << "nobody waits for it any more";
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    hub_sends(answer_to(ids.at(1), R"({"success":true,"data":2})"));
    EXPECT_EQ(only<Finished>().call, other);
}

TEST_F(Transcript, AnswersAnErrorToACallThatItCannotRead)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    next_hub_id = 7;
    EXPECT_FALSE(hub_sends(call_down("clock", "now", "[1e999]")));
    EXPECT_THAT(written(), ElementsAre(answer_to(
                               7, R"({"host":)" + host +
                                      R"(,"remote":null,"success":false,"error":{)"
                                      R"("stack":"PandoraMalformedFrameError: JSON that this client cannot read",)"
                                      R"("message":"JSON that this client cannot read",)"
                                      R"("name":"PandoraMalformedFrameError"}})")));
    EXPECT_FALSE(hub_sends(message_down(R"({"remote":{"objectName":"clock"},"data":[1e999]})")));
    EXPECT_THAT(written(), IsEmpty()) << "a one-way message has nobody who waits";
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(Transcript, HandsOverTextThatHoldsHalfASurrogatePair)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    hub_sends(call_down("clock", "now", R"(["\ud800!"])"));
    EXPECT_EQ(only<Invoked>().call.params.dump(), "[\"\xEF\xBF\xBD!\"]");
}

TEST_F(Transcript, IgnoresFramesThatMeanNothingToIt)
{
    go_online();
    for (const char* body :
         {"", "7", "null", "[]", R"({"action":7})", R"({"action":"LOGGER_INTERNAL"})",
          R"({"action":"response_callback_999"})", R"({"action":"response_callback_x","data":1})",
          R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN"})", R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","data":5})",
          R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","data":{}})",
          R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","data":{"action":"OBJECT_ACTION_INVOKE","remote":7}})"}) {
        EXPECT_FALSE(hub_sends(body)) << body;
    }
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    EXPECT_THAT(written(), IsEmpty());
}

// ---- calls to what is published here

TEST_F(Transcript, HandsACallOverWithItsVerifiedSourceAndAnswersItOnce)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    next_hub_id = 7;
    hub_sends(
        R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","source":{"client":"c7","process":"web"},"data":{)"
        R"("remote":{"objectName":"clock","objectTag":"latest"},"action":"OBJECT_ACTION_INVOKE","broadcast":false,)"
        R"("propertyName":"now","data":[1,"x"],"host":)" +
        peer + R"(,"needReply":true}})");
    const auto invoked = only<Invoked>();
    EXPECT_EQ(invoked.object + "." + invoked.method, "clock.now");
    EXPECT_EQ(invoked.call.params.dump(), R"([1,"x"])");
    EXPECT_EQ(invoked.call.source.dump(), R"({"client":"c7","process":"web"})");
    protocol.answer(invoked.answer, Outcome{Json(0)});
    protocol.answer(invoked.answer, Outcome{Json(1)});
    EXPECT_THAT(written(), ElementsAre(success(7, "0")));
}

TEST_F(Transcript, AnswersAnErrorWithStackMessageAndName)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    next_hub_id = 7;
    hub_sends(call_down("clock", "now", "null"));
    const auto invoked = only<Invoked>();
    EXPECT_EQ(invoked.call.params, Json::array());
    EXPECT_EQ(invoked.call.source, Json::object());
    protocol.answer(invoked.answer, Outcome{CallError{"RangeError", "too late"}});
    EXPECT_THAT(written(), ElementsAre(answer_to(7, R"({"host":)" + host + R"(,"remote":)" + peer +
                                                        R"(,"success":false,"error":{"stack":"RangeError: too late",)"
                                                        R"("message":"too late","name":"RangeError"}})")));
}

TEST_F(Transcript, AnswersTheOtherVerbsOfObjectsByItself)
{
    protocol.publish("clock", {{"now", "set"}}, now);
    go_online();

    struct Row {
        const char* action;
        std::string data;
    };

    const Row rows[] = {
        {"OBJECT_ACTION_GET_PROPERTY", ""}, // a method is none
        {"OBJECT_ACTION_SUBSCRIBE", ""},
        {"OBJECT_ACTION_UNSUBSCRIBE", ""},
        {"SOMETHING_NEW", ""},
    };
    for (const auto& [action, data] : rows) {
        next_hub_id = 9;
        hub_sends(call_down("clock", "now", "[]", action));
        EXPECT_THAT(written(), ElementsAre(success(9, data))) << action;
    }
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(Transcript, HasPropertiesReadAndListedByWhoHasThem)
{
    protocol.publish("clock", {.methods = {"now"}, .properties = {"zone"}}, now);
    go_online();
    next_hub_id = 9;
    hub_sends(call_down("clock", "zone", "[]", "OBJECT_ACTION_GET_PROPERTY"));
    const auto asked = only<PropertyAsked>();
    EXPECT_EQ(asked.object + "." + asked.property, "clock.zone");
    protocol.answer(asked.answer, Json("UTC"));
    EXPECT_THAT(written(), ElementsAre(success(9, R"("UTC")")));
    hub_sends(call_down("clock", "", "[]", "OBJECT_ACTION_INTROSPECT"));
    EXPECT_EQ(only<IntrospectionAsked>().object, "clock");
}

TEST_F(Transcript, TellsNoResultFromNull)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    next_hub_id = 7;
    for (const auto& [outcome, data] : {std::pair{Outcome::absent(), ""}, std::pair{Outcome{Json{}}, "null"}}) {
        const std::uint32_t id = next_hub_id;
        hub_sends(call_down("clock", "now", "[]"));
        protocol.answer(only<Invoked>().answer, outcome);
        EXPECT_THAT(written(), ElementsAre(success(id, data)));
    }
}

TEST_F(Transcript, AnswersAnErrorForWhatItDoesNotPublish)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();

    struct Row {
        const char* object;
        const char* action;
        const char* params;
        const char* message;
    };

    for (const auto& [object, action, params, message] :
         {Row{"clock", "OBJECT_ACTION_INVOKE", "7", "the parameters of a call have to be an array"},
          Row{"map", "OBJECT_ACTION_INVOKE", "[]",
              R"(Cannot found method called now within object {\"name\":\"map\"})"},
          Row{"map", "OBJECT_ACTION_INTROSPECT", "[]", "Cannot found object called map"},
          Row{"map@subscriber", "OBJECT_ACTION_SUBSCRIBE", "[]", "Cannot found object called map@subscriber"}}) {
        hub_sends(call_down(object, "now", params, action));
        EXPECT_THAT(written(), ElementsAre(HasSubstr(message)));
    }
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(Transcript, EchoesTheWholeMessage)
{
    go_online();
    next_hub_id = 3;
    const std::string message =
        R"({"action":"echo","remote":{"pid":"1"},"extra":[1],"host":)" + peer + R"(,"needReply":true})";
    hub_sends(message_down(message));
    EXPECT_THAT(written(), ElementsAre(success(3, R"({"echo":)" + message + "}")));
}

TEST_F(Transcript, AnswersNothingToOneWayCallsNorAfterTheirConnectionIsGone)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    hub_sends(message_down(
        R"({"remote":{"objectName":"clock"},"action":"OBJECT_ACTION_INVOKE","propertyName":"now","data":[]})"));
    protocol.answer(only<Invoked>().answer, Outcome{Json(1)});
    EXPECT_THAT(written(), IsEmpty());

    hub_sends(call_down("clock", "now", "[]"));
    const auto invoked = only<Invoked>();
    protocol.disconnected();
    protocol.connected(now);
    written();
    protocol.answer(invoked.answer, Outcome{Json(1)});
    EXPECT_THAT(written(), IsEmpty());
}

TEST_F(WithSmallLimits, AnswersBusyWhenItsMethodsDoNotKeepUp)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    for (int i = 0; i < 3; ++i) hub_sends(call_down("clock", "now", "[]"));
    EXPECT_EQ(count<Invoked>(), 2U);
    EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("name":"busy")")));
}

// ---- events

TEST_F(Transcript, NotifiesOnlyOfEventsSubscribedTo)
{
    subscribe({"math", "done"});
    go_online();
    hub_sends(call_down("math@subscriber", "callback", R"(["done",[4,5]])"));
    const auto notified = only<Notified>();
    EXPECT_EQ(notified.topic, (Topic{"math", "done"}));
    EXPECT_EQ(notified.params.dump(), "[4,5]");
    next_hub_id = 8;
    hub_sends(call_down("math@subscriber", "callback", R"(["failed",[]])"));
    hub_sends(call_down("math@subscriber", "callback", R"("done")"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    EXPECT_THAT(written(), ElementsAre(success(8, ""), HasSubstr("an event has to be")));
}

} // namespace
} // namespace pandora::hub::client
