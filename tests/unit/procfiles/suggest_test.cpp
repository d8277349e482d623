#include "procfiles/suggest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace pandora::procfiles {
namespace {

TEST(Suggest, DistanceCountsLettersChangedLeftOutAddedAndSwapped)
{
    struct Row {
        std::string_view from, to;
        std::size_t want;
    };

    for (const auto& [from, to, want] :
         {Row{"", "", 0}, Row{"", "abc", 3}, Row{"abc", "", 3}, Row{"abc", "abc", 0}, Row{"comand", "command", 1},
          Row{"commnad", "command", 1}, Row{"xommand", "command", 1}, Row{"ca", "abc", 3}, Row{"kitten", "sitting", 3}})
        EXPECT_EQ(edit_distance(from, to), want) << from << " " << to;
}

TEST(Suggest, OnlyWordsThatAreASlipAwayAreNear)
{
    constexpr std::array<std::string_view, 4> known{"command", "replicas", "objects", "shutdown"};

    struct Row {
        std::string_view word, want;
    };

    for (const auto& [word, want] : {Row{"comand", "command"}, Row{"cmmnd", "command"}, Row{"replica", "replicas"},
                                     Row{"shut_down", "shutdown"}, Row{"ports", ""}, Row{"x", ""}, Row{"", ""}})
        EXPECT_EQ(nearest(word, known), want) << word;
}

TEST(Suggest, TheFirstOfEquallyNearWordsWins)
{
    constexpr std::array<std::string_view, 2> known{"web1", "web2"};
    EXPECT_EQ(nearest("web", known), "web1");
    EXPECT_EQ(nearest(std::string(81, 'w'), known), "");
}

TEST(Suggest, AMessageEndsWithAQuestionOrNotAtAll)
{
    EXPECT_EQ(did_you_mean("web"), "; did you mean `web`?");
    EXPECT_EQ(did_you_mean(""), "");
}

TEST(Suggestions, AreTheEndOfAMessageAndNeverTheOneWhoAsks)
{
    Suggestions names{{"web", "wep", "worker"}};
    EXPECT_EQ(names.end_of_message("weg"), "; did you mean `web`?");
    EXPECT_EQ(names.end_of_message("weg", "web"), "; did you mean `wep`?");
    EXPECT_EQ(names.end_of_message("database"), "");
}

TEST(Suggestions, EndAfterTheFirstTwenty)
{
    Suggestions names{{"web"}};
    for (int n = 0; n < 20; ++n) EXPECT_NE(names.end_of_message("wbe"), "") << n;
    EXPECT_EQ(names.end_of_message("wbe"), "");
}

} // namespace
} // namespace pandora::procfiles
