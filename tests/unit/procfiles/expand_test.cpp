#include "procfiles/expand.hpp"

#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

std::optional<std::string> variable(std::string_view name)
{
    if (name == "NAME") return "value";
    if (name == "OTHER") return "${NAME}";
    if (name == "EMPTY") return "";
    return std::nullopt;
}

TEST(Expand, PutsInVariablesAndDefaultsAndLeavesTheRestToTheShell)
{
    struct Row {
        std::string_view text;
        std::string_view want;
    };

    for (const auto& [text, want] : {
             Row{"", ""},
             Row{"plain", "plain"},
             Row{"${NAME}", "value"},
             Row{"a${NAME}b${NAME}", "avaluebvalue"},
             Row{"[${UNSET}]", "[]"},
             Row{"${UNSET:-d}", "d"},
             Row{"${EMPTY:-d}", "d"},
             Row{"${NAME:-d}", "value"},
             Row{"${NAME:-${NAME}}!", "value!"},
             Row{"${UNSET:-}", ""},
             Row{"${UNSET:-a b:-c}", "a b:-c"},
             Row{"${UNSET:-${NAME}-${EMPTY:-x}}.", "value-x."},
             Row{"${UNSET:-$$}", "$"},
             Row{"${OTHER}", "${NAME}"},
             Row{"$NAME $(x) $1", "$NAME $(x) $1"},
             Row{"$$", "$"},
             Row{"$$$$", "$$"},
             Row{"$${NAME}", "${NAME}"},
             Row{"$$${NAME}", "$value"},
             Row{"$", "$"},
             Row{"a$", "a$"},
             Row{"${", "${"},
             Row{"${NAME", "${NAME"},
             Row{"${NAME:-", "${NAME:-"},
             Row{"${}", "${}"},
             Row{"${1}", "${1}"},
             Row{"${#NAME}", "${#NAME}"},
             Row{"${NAME%.*}", "${NAME%.*}"},
             Row{"${NAME:=x}", "${NAME:=x}"},
             Row{"${NAME-x}", "${NAME-x}"},
             Row{"${UNKNOWN%${NAME}}", "${UNKNOWN%value}"},
             Row{"awk '{print ${UNSET:-$1}}'", "awk '{print $1}'"},
         })
        EXPECT_EQ(expand(text, variable), want) << text;
}

TEST(Expand, NamesTheFirstVariableThatIsReplacedByNothing)
{
    struct Row {
        std::string_view text;
        std::string_view want;
    };

    for (const auto& [text, want] :
         {Row{"${NAME} $UNSET $${UNSET}", ""}, Row{"${NAME}${UNSET}${EMPTY}", "UNSET"}, Row{"${EMPTY}", "EMPTY"},
          Row{"${UNSET:-}", ""}, Row{"${UNSET:-${EMPTY}}", "EMPTY"}, Row{"${NAME:-${UNSET}}", ""}})
        EXPECT_EQ(first_unset(text, variable), want) << text;
}

TEST(Expand, TakesLinearTimeForTextsThatNeverClose)
{
    std::string open;
    for (int i = 0; i < 200'000; ++i) open += "${A:-";
    EXPECT_EQ(expand(open, variable), open);
    EXPECT_EQ(expand(open + std::string(200'000, '}'), variable), "");
}

} // namespace
} // namespace pandora::procfiles
