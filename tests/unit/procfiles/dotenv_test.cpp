#include "procfiles/dotenv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Dotenv, ReadsTheFormsThatShellsAndLibrariesKnow)
{
    struct Row {
        std::string_view text;
        Environment want;
    };

    for (const auto& [text, want] : {
             Row{"", {}},
             Row{"# comment\n\n  # another\n", {}},
             Row{"A=1\nB=2", {{"A", "1"}, {"B", "2"}}},
             Row{"A=1\r\nB='2'\r\n", {{"A", "1"}, {"B", "2"}}},
             Row{"\xEF\xBB\xBF"
                 "A=1",
                 {{"A", "1"}}},
             Row{"export A=1\nexport\tB=2", {{"A", "1"}, {"B", "2"}}},
             Row{"exported=1", {{"exported", "1"}}},
             Row{"A=", {{"A", ""}}},
             Row{"  A = spaced out  ", {{"A", "spaced out"}}},
             Row{"A=x # comment", {{"A", "x"}}},
             Row{"A=# comment", {{"A", ""}}},
             Row{"A=x#y", {{"A", "x#y"}}},
             Row{"A=a=b", {{"A", "a=b"}}},
             Row{"A=$HOME", {{"A", "$HOME"}}},
             Row{"A='$HOME \\n # \"'", {{"A", "$HOME \\n # \""}}},
             Row{R"(A="tab\t nl\n cr\r bs\\ q\" d\$ other\q")", {{"A", "tab\t nl\n cr\r bs\\ q\" d$ other\\q"}}},
             Row{"A=\"x\" # comment", {{"A", "x"}}},
             Row{"A=''", {{"A", ""}}},
             Row{"A='  kept  '", {{"A", "  kept  "}}},
             Row{"A=\"one \n two\"\nB=3", {{"A", "one \n two"}, {"B", "3"}}},
             Row{"A=\"one\r\ntwo\"", {{"A", "one\ntwo"}}},
             Row{"A=1\nA=2", {{"A", "1"}, {"A", "2"}}},
         }) {
        const Dotenv result = parse_dotenv(text);
        EXPECT_EQ(result.variables, want) << text;
        EXPECT_THAT(result.problems, IsEmpty()) << text;
    }
}

TEST(Dotenv, NamesTheLineOfEveryProblemAndReadsOn)
{
    const Dotenv result = parse_dotenv("A=1\nsecret\n=x\nB C=1\nD='x' y\nE=5\nF='x\ny\n");
    EXPECT_EQ(result.variables, (Environment{{"A", "1"}, {"E", "5"}}));
    EXPECT_THAT(result.problems, ElementsAre(DotenvProblem{2, "expected NAME=VALUE"},
                                             DotenvProblem{3, "expected a variable's name before `=`"},
                                             DotenvProblem{4, "expected a variable's name before `=`"},
                                             DotenvProblem{5, "expected the end of the line behind the closing quote"},
                                             DotenvProblem{7, "the quote is never closed"}));
}

TEST(Dotenv, RefusesValuesWithNulCharacters)
{
    using namespace std::string_view_literals;
    EXPECT_THAT(parse_dotenv("A=x\0y"sv).problems,
                ElementsAre(DotenvProblem{1, "a value must not hold a NUL character"}));
}

} // namespace
} // namespace pandora::procfiles
