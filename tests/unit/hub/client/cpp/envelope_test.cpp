#include "hub/client/cpp/envelope.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

TEST(Envelope, ReadsAnOutcomeFromAnyAnswer)
{
    struct Row {
        const char* package;
        Outcome outcome;
    };

    const CallError no_reason{"Error", "the call failed, and the answer does not say why"};
    const Row rows[] = {
        {R"({"host":{},"remote":{},"success":true,"data":4})", Json(4)},
        {R"({"success":true})", Outcome::absent()},
        {R"({})", Outcome::absent()},
        {R"({"success":true,"data":null})", Json(nullptr)},
        {R"({"success":true,"data":{"b":1,"a":2}})", Json::parse(R"({"b":1,"a":2})")},
        {R"({"success":true,"error":null,"data":1})", Json(1)},
        {R"({"success":false})", no_reason},
        {R"(null)", no_reason},
        {R"([1])", no_reason},
        {R"({"success":false,"error":"text"})", CallError{"Error", "text"}},
        {R"({"success":false,"error":{"stack":"s","message":"bad"}})", CallError{"Error", "bad"}},
        {R"({"success":false,"error":{"message":"late","name":"MessengerRequestTimeoutError"}})",
         CallError{"MessengerRequestTimeoutError", "late"}},
        {R"({"success":true,"error":{"message":"said anyway"}})", CallError{"Error", "said anyway"}},
        {R"({"success":false,"error":{"message":"Cannot found any clients by selector: {}"}})",
         CallError{"no_route", "Cannot found any clients by selector: {}"}},
        {R"({"success":false,"error":{"message":"Cannot found any clients by selector: {}","name":"X"}})",
         CallError{"X", "Cannot found any clients by selector: {}"}},
    };
    for (const auto& [package, outcome] : rows) {
        EXPECT_EQ(envelope::read_outcome(Json::parse(package)), outcome) << package;
    }
}

TEST(Envelope, ReadsAnAnswersNumberAndNothingElse)
{
    struct Row {
        const char* action;
        std::optional<std::uint32_t> id;
    };

    for (const auto& [action, id] :
         {Row{"response_callback_1", 1U}, Row{"response_callback_1073741823", 1073741823U},
          Row{"response_callback_", std::nullopt}, Row{"response_callback_1x", std::nullopt},
          Row{"response_callback_-1", std::nullopt}, Row{"response_callback_99999999999", std::nullopt},
          Row{"PANDORA_HUB_ACTION_MSG_DOWN", std::nullopt}, Row{"", std::nullopt}}) {
        EXPECT_EQ(envelope::answered_id(action), id) << action;
    }
    EXPECT_EQ(envelope::answered_id(envelope::answer_action(77)), 77U);
}

TEST(Envelope, TakesTruthAsJavaScriptDoes)
{
    for (const char* yes : {"true", "1", "-0.5", "\"0\"", "{}", "[]"}) {
        const Json value = Json::parse(yes);
        EXPECT_TRUE(envelope::truthy(&value)) << yes;
    }
    for (const char* no : {"false", "0", "null", "\"\""}) {
        const Json value = Json::parse(no);
        EXPECT_FALSE(envelope::truthy(&value)) << no;
    }
    EXPECT_FALSE(envelope::truthy(nullptr));
}

TEST(Envelope, ReplacesInvalidUtf8InsteadOfThrowing)
{
    EXPECT_EQ(envelope::text("a", Json::array({"x\xff"})), R"({"action":"a","data":["x\ufffd"]})");
}

TEST(Envelope, LeavesDataOutOfAnAnswerThatHasNone)
{
    EXPECT_EQ(envelope::success_package(Json::object(), nullptr, std::nullopt).dump(),
              R"({"host":{},"remote":null,"success":true})");
    EXPECT_EQ(envelope::success_package(Json::object(), nullptr, Json(nullptr)).dump(),
              R"({"host":{},"remote":null,"success":true,"data":null})");
    EXPECT_EQ(envelope::error_package(Json::object(), nullptr, {"TypeError", "bad"}).dump(),
              R"({"host":{},"remote":null,"success":false,)"
              R"("error":{"stack":"TypeError: bad","message":"bad","name":"TypeError"}})");
}

} // namespace
} // namespace pandora::hub::client
