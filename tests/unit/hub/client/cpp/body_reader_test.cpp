// What the client can read, which is all that the hub forwards but for a few things, and how it bears the rest.
#include "hub/client/cpp/body_reader.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace pandora::hub::client {
namespace {

constexpr std::size_t depth = 100;

/// What was read, as text again; "nothing" where it could not be.
std::string read(std::string_view text, std::size_t nesting_max = depth)
{
    const auto body = read_body(text, nesting_max);
    return body ? body->dump() : "nothing";
}

/// What reading costs this processor, however busy it is with others. A tenth of a second below, and half a
/// minute or more where the cost grows with the square of the text.
double cpu_seconds_of_reading(const std::string& text)
{
    const std::clock_t start = std::clock();
    EXPECT_TRUE(read_body(text, 512));
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

constexpr double soon = 5;

std::string repeat(std::string_view text, std::size_t times)
{
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

TEST(BodyReader, ReadsEveryKindOfValueInTheOrderItWasWritten)
{
    for (const char* text :
         {"null", "true", "false", "0", "-7", "18446744073709551615", "1.5", "\"\"", R"("a\"b\\\u0001é")", "[]",
          "[1,[2,[]],{}]", "{}", R"({"b":1,"a":{"d":[],"c":null},"":false})", R"([{"x":1},{"x":2}])"})
        EXPECT_EQ(read(text), text);
    EXPECT_EQ(read(" [ 1 , { \"a\" : 1e2 } ] "), R"([1,{"a":100.0}])");
}

TEST(BodyReader, TakesTheLastOfMembersThatComeMoreThanOnce)
{
    EXPECT_EQ(read(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
    EXPECT_EQ(read(R"({"a":1,"\u0061":{"b":1,"b":2},"c":0,"a":[5],"c":1})"), R"({"a":[5],"c":1})");
}

TEST(BodyReader, ReadsAnObjectOfManyMembersInTimeThatGrowsWithThem)
{
    std::string text = "{";
    for (int i = 0; i < 300'000; ++i) text += '"' + std::to_string(i) + "\":0,";
    text += R"("7":1})";
    EXPECT_LT(cpu_seconds_of_reading(text), soon);
}

TEST(BodyReader, DoesNotCopyWhatIsInsideForEveryObjectAroundIt)
{
    const std::string large = "[" + repeat("[],", 300'000) + "0]";
    const std::string text = repeat(R"({"a":)", 500) + large + repeat(R"(,"b":0,"c":0,"d":0,"e":0})", 500);
    EXPECT_LT(cpu_seconds_of_reading(text), soon);
}

TEST(BodyReader, PutsAReplacementCharacterInPlaceOfHalfASurrogatePair)
{
    const std::string replacement = "\xEF\xBF\xBD";

    struct Row {
        const char* inner;
        std::string read;
    };

    for (const auto& [inner, expected] : {
             Row{R"(\ud800)", replacement}, Row{R"(\uDFFF)", replacement}, Row{R"(a\ud83dz)", "a" + replacement + "z"},
             Row{R"(\ud83d\ude00\ud800)", "\xF0\x9F\x98\x80" + replacement}, // a pair, and half of one
             Row{R"(\ud800\ud83d\ude00)", replacement + "\xF0\x9F\x98\x80"},
             Row{R"(\ude00\ud83d)", replacement + replacement}, Row{R"(\ud800\u0041)", replacement + "A"},
             Row{R"(\ud800\n\udc00)", replacement + "\\n" + replacement},
             Row{R"(\\ud800\ud800)", "\\\\ud800" + replacement}, // an escaped backslash, then a half
         }) {
        const std::string text = std::string{"[\""} + inner + "\"]";
        EXPECT_EQ(read(text), "[\"" + expected + "\"]") << inner;
        EXPECT_EQ(read("{\"" + std::string{inner} + "\":1}"), "{\"" + expected + "\":1}") << inner;
    }
}

TEST(BodyReader, RefusesWhatItCannotRead)
{
    for (const std::string text : {"", " ", "{", "[1,]", "{\"a\"}", "1 2", "nul", "\"", "\"\\", "\"\\u", "\"\\ud8\"",
                                   "\"\\ud800", "\"\xFF\"", "1e999", "[-1e999]", "{\"a\":1e400}", "\"\\ud800\" 1e999"})
        EXPECT_EQ(read(text), "nothing") << text;
    EXPECT_EQ(read(std::string(400, '9')), "nothing");
}

TEST(BodyReader, RefusesWhatNestsDeeperThanItMay)
{
    EXPECT_EQ(read(R"([{"a":[]},[{}]])", 3), R"([{"a":[]},[{}]])");
    EXPECT_EQ(read(R"([{"a":[]},[{}]])", 2), "nothing");
    EXPECT_EQ(read("7", 0), "7");
    EXPECT_EQ(read("[]", 0), "nothing");
    EXPECT_EQ(read(repeat("[", 1'000'000) + repeat("]", 1'000'000)), "nothing");
    EXPECT_EQ(read(repeat(R"({"[[":)", 3) + "0}}}", 3), R"({"[[":{"[[":{"[[":0}}})");
}

TEST(BodyReader, FindsOutWhatAnUnreadableAnswerAnswers)
{
    struct Row {
        const char* text;
        std::optional<std::uint32_t> id;
    };

    for (const auto& [text, id] : {
             Row{R"({"action":"response_callback_7","data":1e999})", 7U},
             Row{R"({"action":"response_callback_7)", 7U},
             Row{R"({"action":"response_callback_x","data":1e999})", std::nullopt},
             Row{R"({"action":"response_callback_","data":1e999})", std::nullopt},
             Row{R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","data":"response_callback_7"})", std::nullopt},
             Row{R"({"data":1e999,"action":"response_callback_7"})", std::nullopt}, // no hub writes this
             Row{"", std::nullopt},
         })
        EXPECT_EQ(answered_by(text), id) << text;
}

TEST(BodyReader, FindsOutWhetherAnUnreadableMessageExpectsAnAnswer)
{
    const auto message = [](const std::string& data) {
        return R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","source":{"client":"c1"},"data":)" + data + "}";
    };
    EXPECT_TRUE(expects_answer(message(R"({"needReply":true,"data":1e999})")));
    EXPECT_FALSE(expects_answer(message(R"({"needReply":false,"data":1e999})")));
    EXPECT_FALSE(expects_answer(message(R"({"data":1e999})")));
    EXPECT_TRUE(expects_answer(message(repeat("[", 600) + repeat("]", 600)))) << "who cannot tell, answers";
    EXPECT_FALSE(expects_answer(R"({"action":"LOGGER_INTERNAL","data":1e999})"));
    EXPECT_FALSE(expects_answer("{"));
}

} // namespace
} // namespace pandora::hub::client
