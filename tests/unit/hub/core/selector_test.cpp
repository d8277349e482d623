#include "hub/core/selector.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::core {
namespace {

Selector selector(std::string_view text)
{
    Selector out;
    parse_selector(text, out);
    return out;
}

struct Row {
    const char* asked;
    const char* stored;
    bool want;
};

class Match : public testing::TestWithParam<Row> {};

TEST_P(Match, IsThatOfPandoraJs)
{
    const auto& [asked, stored, want] = GetParam();
    EXPECT_EQ(matches(selector(asked), selector(stored)), want) << asked << " against " << stored;
}

INSTANTIATE_TEST_SUITE_P(
    Wildcards, Match,
    testing::Values(Row{"{}", "{}", true}, Row{"{}", R"({"objectName":"a"})", true},
                    Row{R"({"other":1})", R"({"appName":"x"})", true}, Row{"\"text\"", R"({"pid":"1"})", true},
                    Row{"5", "{}", true}, Row{"[]", "{}", true}, Row{"{}", "\"text\"", true},
                    Row{R"({"pid":null,"appName":"","processName":0,"clientId":false})", R"({"pid":"1"})", true},
                    Row{R"({"pid":-0})", R"({"pid":"1"})", true}));

INSTANTIATE_TEST_SUITE_P(
    StrictEquality, Match,
    testing::Values(Row{R"({"pid":"2"})", R"({"pid":"2"})", true}, Row{R"({"pid":"2"})", R"({"pid":2})", false},
                    Row{R"({"pid":2})", R"({"pid":"2"})", false}, Row{R"({"pid":2})", R"({"pid":2.0})", true},
                    Row{R"({"pid":200})", R"({"pid":2e2})", true}, Row{R"({"pid":2})", R"({"pid":3})", false},
                    Row{R"({"pid":true})", R"({"pid":true})", true}, Row{R"({"pid":true})", R"({"pid":1})", false},
                    Row{R"({"pid":true})", R"({"pid":"true"})", false}, Row{R"({"pid":{}})", R"({"pid":{}})", false},
                    Row{R"({"pid":[1]})", R"({"pid":[1]})", false}, Row{R"({"pid":"2"})", "{}", false},
                    Row{R"({"pid":"2"})", R"({"pid":null})", false},
                    Row{R"({"appName":"a"})", R"({"appName":"A"})", false},
                    Row{R"({"appName":"\u0061"})", R"({"appName":"a"})", true},
                    Row{R"({"\u0061ppName":"a"})", R"({"appName":"a"})", true},
                    Row{R"({"appName":"\ud800"})", R"({"appName":"\ud801"})", false}));

INSTANTIATE_TEST_SUITE_P(
    EveryKeyCounts, Match,
    testing::Values(Row{R"({"objectName":"o"})", R"({"objectName":"o","appName":"a"})", true},
                    Row{R"({"objectName":"o","appName":"b"})", R"({"objectName":"o","appName":"a"})", false},
                    Row{R"({"clientId":"c"})", R"({"clientId":"c"})", true},
                    Row{R"({"clientId":"c"})", R"({"objectName":"c"})", false},
                    Row{R"({"processName":"p"})", R"({"processName":"p"})", true},
                    Row{R"({"tag":"t"})", R"({"tag":"t"})", true}, Row{R"({"tag":"t"})", R"({"objectTag":"t"})", false},
                    Row{R"({"objectName":"o","objectTag":"x"})", R"({"objectName":"o","objectTag":"y"})", true},
                    Row{R"({"initialization":true})", R"({"pid":"1"})", true},
                    Row{R"({"pid":"1","pid":"2"})", R"({"pid":"2"})", true}));

TEST(SelectorObject, IsAnObjectsNameOnlyIfItIsAString)
{
    EXPECT_EQ(object_named(selector(R"({"objectName":"math"})")), "math");
    for (const char* text : {"{}", R"({"objectName":""})", R"({"objectName":5})", R"({"objectName":{}})", "null"})
        EXPECT_EQ(object_named(selector(text)), "") << text;
}

TEST(Selector, ReadingIntoAUsedOneLeavesNothingOfTheOld)
{
    Selector used = selector(R"({"objectName":"a","objectTag":"t","pid":"1","tag":true})");
    parse_selector("{}", used);
    EXPECT_TRUE(used.all_falsy());
    EXPECT_EQ(used.object_tag, MatchValue{});
}

} // namespace
} // namespace pandora::hub::core
