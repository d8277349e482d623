#include "hub/core/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::core {
namespace {

struct Row {
    std::string pattern, text;
};

TEST(Glob, FitsWhatItStandsFor)
{
    for (const auto& [pattern, text] :
         {Row{"", ""}, Row{"get", "get"}, Row{"*", ""}, Row{"*", "anything"}, Row{"**", "x"}, Row{"get*", "get"},
          Row{"get*", "getAll"}, Row{"*All", "getAll"}, Row{"*a*b", "xaxbxb"}, Row{"*ab", "aab"}, Row{"g?t", "got"},
          Row{"???", "abc"}, Row{"pandora.*", "pandora.hub"}, Row{"*.*", "a.b.c"}, Row{"a*?", "ab"},
          Row{"[a]\\", "[a]\\"}, Row{"*aab*", "aaaab"}})
        EXPECT_TRUE(fits(pattern, text)) << pattern << " and " << text;
}

TEST(Glob, FitsNothingElse)
{
    for (const auto& [pattern, text] :
         {Row{"", "x"}, Row{"get", "gets"}, Row{"get", "ge"}, Row{"get", "GET"}, Row{"get*", "forget"},
          Row{"*All", "getAlls"}, Row{"*a*b", "xbxa"}, Row{"g?t", "gt"}, Row{"???", "ab"}, Row{"pandora.*", "pandora"},
          Row{"a*?", "a"}, Row{"[a]", "a"}, Row{"*ab", "xa"}})
        EXPECT_FALSE(fits(pattern, text)) << pattern << " and " << text;
}

TEST(Glob, ManyStarsCostNoMoreThanTheProductOfTheLengths)
{
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "a*";
    // Would not end within a lifetime if every star were tried again.
    EXPECT_FALSE(fits(pattern + "b", std::string(100'000, 'a')));
    EXPECT_TRUE(fits(pattern + "b", std::string(100'000, 'a') + "b"));
}

TEST(Glob, TellsWhatItHasInCommonWithAllThatBeginsAlike)
{
    struct Case {
        std::string pattern, prefix;
        Overlap want;
    };

    for (const auto& [pattern, prefix, want] : {
             Case{"*", "", Overlap::all},
             Case{"*", "ca", Overlap::all},
             Case{"c*", "ca", Overlap::all},
             Case{"ca*", "ca", Overlap::all},
             Case{"*a*", "ca", Overlap::all},
             Case{"cat*", "ca", Overlap::some},
             Case{"cat", "ca", Overlap::some},
             Case{"ca", "ca", Overlap::some},
             Case{"*t", "ca", Overlap::some},
             Case{"???*", "ca", Overlap::some},
             Case{"?*", "", Overlap::some},
             Case{"cat", "", Overlap::some},
             Case{"c", "ca", Overlap::none},
             Case{"dog*", "ca", Overlap::none},
             Case{"", "ca", Overlap::none},
             Case{"", "", Overlap::some},
         })
        EXPECT_EQ(overlap(pattern, prefix), want) << pattern << " and " << prefix << "...";
}

} // namespace
} // namespace pandora::hub::core
