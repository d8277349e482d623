#include "hub/wire/legacy_json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::wire {
namespace {

LegacyBody parsed(std::string_view text)
{
    const auto result = parse_legacy(text);
    if (!std::holds_alternative<LegacyBody>(result)) {
        ADD_FAILURE() << "not read: " << text;
        return {};
    }
    return std::get<LegacyBody>(result);
}

std::string joined(const BodyPieces& body)
{
    std::string out;
    for (const std::string_view piece : body.pieces()) out += piece;
    EXPECT_EQ(out.size(), body.bytes());
    return out;
}

TEST(LegacyJson, ReadsAMessageAsTheNpmClientWritesIt)
{
    const std::string_view text =
        R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"math"},)"
        R"("action":"OBJECT_ACTION_INVOKE",)"
        R"("broadcast":false,"propertyName":"abs","data":[-4],"timeout":100,"host":{"pid":"2"},"needReply":true}})";
    const LegacyBody body = parsed(text);
    EXPECT_EQ(body.action, LegacyAction::message);
    EXPECT_EQ(body.remote, R"({"objectName":"math"})");
    EXPECT_EQ(body.broadcast, "false");
    EXPECT_EQ(body.payload, "[-4]");
    EXPECT_EQ(body.timeout, "100");
    EXPECT_EQ(body.host, R"({"pid":"2"})");
    EXPECT_EQ(body.need_reply, "true");
    EXPECT_TRUE(body.data_is_object());
    const std::size_t begin = text.find(R"({"remote")");
    EXPECT_EQ(body.data, text.substr(begin, text.size() - begin - 1));
}

TEST(LegacyJson, KnowsEveryActionAndTakesAllOthersForUnknown)
{
    using enum LegacyAction;

    struct Row {
        const char* name;
        LegacyAction want;
    };

    for (const auto& [name, want] :
         {Row{"PANDORA_HUB_ACTION_ONLINE_UP", online}, Row{"PANDORA_HUB_ACTION_OFFLINE_UP", offline},
          Row{"PANDORA_HUB_ACTION_PUBLISH_UP", publish}, Row{"PANDORA_HUB_ACTION_UNPUBLISH_UP", unpublish},
          Row{"PANDORA_HUB_ACTION_MSG_UP", message}, Row{"response_callback_1", reply},
          Row{"PANDORA_HUB_ACTION_MSG_DOWN", unknown}, Row{"connect", unknown}, Row{"error", unknown}, Row{"", unknown},
          Row{"response_callback_", unknown}, Row{"response_callback_x", unknown}, Row{"response_callback_-1", unknown},
          Row{"response_callback_01", unknown}, Row{"response_callback_1 ", unknown},
          Row{"response_callback_1073741824", unknown}, Row{"response_callback_99999999999", unknown}})
        EXPECT_EQ(parsed(std::string{R"({"action":")"} + name + R"(","data":{}})").action, want) << name;
}

TEST(LegacyJson, ReadsTheNumberOfAReply)
{
    EXPECT_EQ(parsed(R"({"action":"response_callback_1073741823"})").answers, 1073741823U);
    const LegacyBody body = parsed(R"({"data":{"success":false,"error":{}},"action":"response_callback_12"})");
    EXPECT_EQ(body.answers, 12U);
    EXPECT_EQ(body.success, "false");
}

TEST(LegacyJson, ReadsWhateverJavaScriptWouldReadTheSame)
{
    for (const char* text : {
             R"({ "data" : { "remote" : {"a":1} } , "action" : "PANDORA_HUB_ACTION_MSG_UP" })",
             R"({"\u0061ction":"PANDORA_HUB_ACTION_MSG_UP","d\u0061ta":{"r\u0065mote":{"a":1}}})",
             R"({"action":"PANDORA_HUB_ACTION_MSG\u005fUP","data":{"remote":{"a":1}}})",
             R"({"action":"x","action":"PANDORA_HUB_ACTION_MSG_UP",)"
             R"("data":{"remote":1,"host":2},"data":{"remote":{"a":1}}})",
             R"({"action":"PANDORA_HUB_ACTION_MSG_UP","source":"forged","data":{"remote":2,"remote":{"a":1}}})",
         }) {
        const LegacyBody body = parsed(text);
        EXPECT_EQ(body.action, LegacyAction::message) << text;
        EXPECT_EQ(body.remote, R"({"a":1})") << text;
        EXPECT_EQ(body.host, "") << text;
    }
}

TEST(LegacyJson, ALaterDataThatIsNoObjectTakesTheMembersOfTheEarlierOneWithIt)
{
    const LegacyBody body = parsed(R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{}},"data":5})");
    EXPECT_EQ(body.data, "5");
    EXPECT_EQ(body.remote, "");
    EXPECT_FALSE(body.data_is_object());
}

TEST(LegacyJson, TellsMalformedFromShapeless)
{
    for (const char* text :
         {"", "x", "{", R"({"action":"a",})", R"({"action":"a","data":{"x":[1,}})", R"({"action":"a"} x)",
          "{\"action\":\"\xFF\"}", "{\"action\":\"a\",\"data\":\"\xC3\"}", R"({"action":"a","data":tru})"})
        EXPECT_TRUE(std::holds_alternative<Malformed>(parse_legacy(text))) << text;
    for (const char* text : {"1", "null", "[]", R"("action")", "{}", R"({"data":{}})", R"({"action":5})",
                             R"({"action":null,"data":{}})", R"({"action":{"action":"a"}})"})
        EXPECT_TRUE(std::holds_alternative<NoEnvelope>(parse_legacy(text))) << text;
}

TEST(LegacyJson, FindsTheSelectorInsideAPublish)
{
    EXPECT_EQ(selector_of(R"({"selector":{"objectName":"a"}})"), R"({"objectName":"a"})");
    EXPECT_EQ(selector_of(R"({"x":1,"s\u0065lector":null})"), "null");
    for (const char* payload : {"", "{}", "[]", "5", R"({"Selector":1})"})
        EXPECT_EQ(selector_of(payload), "") << payload;
}

TEST(LegacyJson, AForwardedMessageDiffersFromTheOneSentByOneWord)
{
    const std::string up = R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{},"x":[1, 2],"needReply":true}})";
    std::string down = up;
    down.replace(down.find("_UP"), 3, "_DOWN");
    EXPECT_EQ(joined(message_down({}, parsed(up).data)), down);
}

TEST(LegacyJson, TheSourceStandsInTheEnvelopeBeforeTheData)
{
    EXPECT_EQ(joined(message_down(R"({"client":"c1"})", "{}")),
              R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","source":{"client":"c1"},"data":{}})");
}

TEST(LegacyJson, AForwardedReplyDiffersByItsNumber)
{
    const std::string sent = R"({"action":"response_callback_8","data":{"success":true,"data":4}})";
    EXPECT_EQ(joined(response(PacketDigits{1073741823}, parsed(sent).data)),
              R"({"action":"response_callback_1073741823","data":{"success":true,"data":4}})");
    EXPECT_EQ(joined(response(PacketDigits{3}, "")), R"({"action":"response_callback_3"})");
}

TEST(LegacyJson, ErrorsLookLikeThoseOfJavaScript)
{
    EXPECT_EQ(failure_reply("", "no \"x\""),
              R"({"success":false,"error":{"stack":"Error: no \"x\"","message":"no \"x\""}})");
    EXPECT_EQ(failure_reply("PandoraPeerGoneError", "m", "{}"),
              R"({"remote":{},"success":false,"error":{"stack":"PandoraPeerGoneError: m","message":"m",)"
              R"("name":"PandoraPeerGoneError"}})");
}

} // namespace
} // namespace pandora::hub::wire
