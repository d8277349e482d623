#include "hub/core/translation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using wire::Act;

/// A native message whose texts and frame live as long as this.
struct NativeMessage {
    explicit NativeMessage(std::string payload, Act act = Act::call, const wire::Tlvs& tlvs = {})
        : frame{*wire::encode_head({}, tlvs) + payload}, body{*wire::parse_native(frame)}
    {
        message.form = &body;
        message.flags = wire::flag::native;
        message.act = act;
        message.remote = R"({"objectName":"math"})";
        message.method = "abs";
        message.payload = body.payload;
        message.wants_answer = true;
    }

    std::string frame;
    wire::NativeBody body;
    Message message;
};

struct LegacyMessage {
    explicit LegacyMessage(const std::string& members, Act act = Act::call)
        : frame{R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{)" + members + "}}"}, body{std::get<wire::LegacyBody>(
                                                                                           wire::parse_legacy(frame))}
    {
        message.form = &body;
        message.act = act;
        message.remote = body.remote;
        message.target = &target;
        message.method = "abs";
        message.payload = body.payload;
        message.wants_answer = true;
    }

    std::string frame;
    wire::LegacyBody body;
    Target target;
    Message message;
};

TEST(Translation, TheLegacyActionsAreTheActs)
{
    struct Row {
        std::string_view action;
        Act act;
    };

    for (const auto& [action, act] :
         {Row{"OBJECT_ACTION_INVOKE", Act::call}, Row{"OBJECT_ACTION_INTROSPECT", Act::introspect},
          Row{"OBJECT_ACTION_GET_PROPERTY", Act::get_property}, Row{"OBJECT_ACTION_SUBSCRIBE", Act::subscribe},
          Row{"OBJECT_ACTION_UNSUBSCRIBE", Act::unsubscribe}, Row{"anything", Act::raw}, Row{"", Act::raw},
          Row{"7", Act::raw}})
        EXPECT_EQ(act_named(action), act) << action;
}

TEST(Translation, ANativeCallReadsAsANpmClientWritesIt)
{
    const NativeMessage call{"[-4]"};
    EXPECT_EQ(legacy_data(call.message, R"({"pid":"7"})"),
              R"({"remote":{"objectName":"math"},"action":"OBJECT_ACTION_INVOKE","broadcast":false,)"
              R"("propertyName":"abs","data":[-4],"host":{"pid":"7"},"needReply":true})");
}

TEST(Translation, SubscriptionsNameTheirEventAndOneWayMessagesWantNoReply)
{
    NativeMessage subscribing{"", Act::subscribe};
    subscribing.message.wants_answer = false;
    subscribing.message.to_all = true;
    EXPECT_EQ(
        legacy_data(subscribing.message, ""),
        R"({"remote":{"objectName":"math"},"action":"OBJECT_ACTION_SUBSCRIBE","broadcast":true,"register":"abs"})");
}

TEST(Translation, ARawMessageIsTheClientsOwnObjectInTheHubsFrame)
{
    const NativeMessage raw{R"( {"action":"mine","x":[1]} )", Act::raw};
    EXPECT_EQ(legacy_data(raw.message, ""),
              R"({"action":"mine","x":[1],"remote":{"objectName":"math"},"broadcast":false,"needReply":true})");
    const NativeMessage empty{"{ }", Act::raw};
    EXPECT_TRUE(wire::is_json(legacy_data(empty.message, "")));
}

TEST(Translation, ATraceGoesAlong)
{
    const std::string trace(wire::trace_bytes, '\x0f');
    const NativeMessage call{"[]", Act::call, {.trace = trace}};
    EXPECT_THAT(legacy_data(call.message, ""), HasSubstr(R"("trace":"00-0f0f)"));
}

TEST(Translation, WhatHasNoFormInTheLegacyDialectIsKnownBefore)
{
    EXPECT_TRUE(has_legacy_form(NativeMessage{"[1]"}.message));
    EXPECT_TRUE(has_legacy_form(NativeMessage{""}.message));
    EXPECT_FALSE(has_legacy_form(NativeMessage{"[1"}.message));
    EXPECT_FALSE(has_legacy_form(NativeMessage{"[1]", Act::raw}.message)) << "no object";
    EXPECT_FALSE(has_legacy_form(NativeMessage{"", Act::raw}.message));
    NativeMessage binary{"[1]"};
    binary.message.flags |= wire::flag::binary;
    EXPECT_FALSE(has_legacy_form(binary.message));
    EXPECT_FALSE(has_legacy_form(NativeMessage{"", Act::call, {.shared = wire::SharedPlace{1, 2, 3}}}.message));
    NativeMessage with_fds{"[1]"};
    const std::array<Fd, 1> fds{std::make_shared<const int>(7)};
    with_fds.message.fds = fds;
    EXPECT_FALSE(has_legacy_form(with_fds.message));
}

TEST(Translation, TextsOfANativeMessageCannotBreakTheJson)
{
    NativeMessage call{"[]"};
    for (const std::string_view method : {"a\"b\\", "\x01\n", "\xFF\xC0\xED\xA0\x80"}) {
        call.message.method = method;
        EXPECT_TRUE(wire::is_json(legacy_data(call.message, ""))) << method;
        EXPECT_TRUE(wire::is_json(legacy_event(method, method, method, "[1]", ""))) << method;
    }
}

TEST(Translation, ALegacyCallIsABlockWithNumbersOrTexts)
{
    const LegacyMessage call{R"("remote":{"objectName":"math"},"propertyName":"abs","data":[-4])"};
    const auto by_text = native_tail(call.message, 0, 0);
    ASSERT_TRUE(by_text);
    EXPECT_THAT(by_text->tlvs, HasSubstr(R"({"objectName":"math"})"));
    EXPECT_THAT(by_text->tlvs, HasSubstr("abs"));
    EXPECT_EQ(by_text->payload, "[-4]");
    const auto by_number = native_tail(call.message, 5, 6);
    ASSERT_TRUE(by_number);
    EXPECT_EQ(by_number->tlvs, "");
    EXPECT_EQ(by_number->block.dst, 5U);
    EXPECT_EQ(by_number->block.method, 6U);
}

TEST(Translation, ALegacyMessageOfItsOwnKindIsHandedOverWhole)
{
    const LegacyMessage own{R"("remote":{"pid":1},"action":"mine","data":7)", Act::raw};
    const auto tail = native_tail(own.message, 1, 0);
    ASSERT_TRUE(tail);
    EXPECT_EQ(tail->payload, R"({"remote":{"pid":1},"action":"mine","data":7})");
    EXPECT_EQ(tail->block.act, static_cast<std::uint8_t>(Act::raw));
}

TEST(Translation, OptionsAndTraceOfALegacyCallArriveAndABadTraceDoesNot)
{
    LegacyMessage call{R"("remote":{},"trace":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")"};
    call.message.idempotent = true;
    call.message.to_all = true;
    const auto tail = native_tail(call.message, 1, 1);
    EXPECT_EQ(tail->block.options, wire::option::idempotent);
    EXPECT_EQ(tail->block.verb, static_cast<std::uint8_t>(wire::Verb::multi));
    EXPECT_EQ(tail->tlvs.size(), 4 + 28U) << "25 bytes, padded";
    const LegacyMessage bad{R"("remote":{},"trace":"nonsense")"};
    EXPECT_EQ(native_tail(bad.message, 1, 1)->tlvs, "");
}

TEST(Translation, TextsTooLongForABlockHaveNoForm)
{
    const LegacyMessage call{R"("remote":{"objectName":")" + std::string(1'100, 'x') + "\"}"};
    EXPECT_FALSE(native_tail(call.message, 0, 0));
    EXPECT_TRUE(native_tail(call.message, 1, 0));
}

TEST(Translation, RepliesSayWhetherItWorked)
{
    struct Row {
        CallEnd end;
        std::string payload, want;
    };

    for (const auto& [end, payload, want] :
         {Row{CallEnd::ok, "4", R"({"host":{"h":1},"remote":{"r":1},"success":true,"data":4})"},
          Row{CallEnd::ok, "null", R"({"host":{"h":1},"remote":{"r":1},"success":true,"data":null})"},
          Row{CallEnd::ok, "", R"({"host":{"h":1},"remote":{"r":1},"success":true})"},
          Row{CallEnd::app_error, R"({"message":"no"})",
              R"({"host":{"h":1},"remote":{"r":1},"success":false,"error":{"message":"no"}})"},
          Row{CallEnd::app_error, "",
              R"({"host":{"h":1},"remote":{"r":1},"success":false,"error":{"message":"failed"}})"},
          Row{CallEnd::app_error, "0",
              R"({"host":{"h":1},"remote":{"r":1},"success":false,"error":{"message":"failed"}})"}}) {
        Answer answer;
        answer.end = end;
        answer.payload = payload;
        EXPECT_EQ(legacy_reply(answer, R"({"h":1})", R"({"r":1})"), want) << payload;
    }
}

TEST(Translation, EventsGoToTheSubscribersOfTheObjectAndComeBackAsTheyWere)
{
    const std::string data = legacy_event("feed", "t", "news", "[1,2]", R"({"pid":1})");
    EXPECT_EQ(data, R"({"remote":{"objectTag":"t","objectName":"feed@subscriber"},"action":"OBJECT_ACTION_INVOKE",)"
                    R"("broadcast":true,"propertyName":"callback","data":["news",[1,2]],"host":{"pid":1}})");
    EXPECT_THAT(legacy_event("feed", "", "news", "", ""), Not(HasSubstr("objectTag")));
    const auto read = read_legacy_event(R"(["news",[1,2]])");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->event, R"("news")");
    EXPECT_EQ(read->params, "[1,2]");
}

TEST(Translation, WhatIsNoEventIsNotReadAsOne)
{
    for (const std::string_view payload : {"", "7", "{}", "[]", "[7,[1]]", "[null]"})
        EXPECT_FALSE(read_legacy_event(payload)) << payload;
    EXPECT_EQ(read_legacy_event(R"(["news"])")->params, "");
}

} // namespace
} // namespace pandora::hub::core
