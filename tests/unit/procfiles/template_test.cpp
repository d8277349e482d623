#include "procfiles/template.hpp"

#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

std::optional<std::string> variable(std::string_view name)
{
    if (name == "NAME") return "value";
    if (name == "EMPTY") return "";
    if (name == "OFF") return "false";
    if (name == "ZERO") return "0";
    if (name == "NESTED") return "{{.NAME}}";
    return std::nullopt;
}

TEST(Template, PutsInVariablesTextsFunctionsAndBranches)
{
    struct Row {
        std::string_view text;
        std::string_view want;
    };

    for (const auto& [text, want] : {
             Row{"", ""},
             Row{"plain } text {", "plain } text {"},
             Row{"{{.NAME}}", "value"},
             Row{"a{{ .NAME }}b{{.NAME}}", "avaluebvalue"},
             Row{"{{.NESTED}}", "{{.NAME}}"},
             Row{"{{or .EMPTY .NAME}}", "value"},
             Row{"{{or \"\" .EMPTY}}", ""},
             Row{"{{or \"given\" .NAME}}", "given"},
             Row{"{{and .NAME .OFF}}", "false"},
             Row{"{{and .NAME \"x\"}}", "x"},
             Row{"{{not .OFF}}", "true"},
             Row{"{{eq .NAME \"value\"}}{{ne .NAME \"value\"}}", "truefalse"},
             Row{"{{or (and .OFF .NAME) 7}}", "7"},
             Row{"{{or (not .NAME) 7}}", "7"},
             Row{"{{if .NAME}}on{{end}}{{if .ZERO}}off{{end}}", "on"},
             Row{"{{if .OFF}}a{{else}}b{{end}}", "b"},
             Row{"{{if .OFF}}a{{else if .NAME}}b{{else}}c{{end}}", "b"},
             Row{"{{if .NAME}}{{if .OFF}}a{{else}}b{{end}}c{{else}}{{if .NAME}}d{{end}}{{end}}", "bc"},
             Row{"{{if and .NAME (not .OFF)}}both{{end}}", "both"},
             Row{"{{ \"{{.State.Running}}\" }}", "{{.State.Running}}"},
             Row{"{{`a}}b`}}", "a}}b"},
             Row{"{{\"a\\\"b\"}}", "a\"b"},
             Row{"a {{- .NAME -}} b", "avalueb"},
             Row{"a{{/* a note */}}b", "ab"},
             Row{"{{42}} {{true}}", "42 true"},
         }) {
        const Rendering rendering = render(text, variable);
        EXPECT_EQ(rendering.text, want) << text;
        EXPECT_EQ(rendering.fault, "") << text;
        EXPECT_FALSE(rendering.per_replica) << text;
    }
}

TEST(Template, KeepsTheNumberOfTheReplicaForLater)
{
    const Rendering rendering = render("404{{ .PC_REPLICA_NUM }}/{{.NAME}}", variable);
    EXPECT_EQ(rendering.text, "404{{.PC_REPLICA_NUM}}/value");
    EXPECT_TRUE(rendering.per_replica);
    EXPECT_FALSE(render("{{if .OFF}}{{.PC_REPLICA_NUM}}{{end}}", variable).per_replica);
}

TEST(Template, SaysWhatItCannotRenderAndLeavesTheText)
{
    struct Row {
        std::string_view text;
        std::string fault;
    };

    for (const auto& [text, fault] : {
             Row{"{{.UNKNOWN}}", "there is no variable `UNKNOWN` in `vars`"},
             Row{"{{.State.Running}}", "variables have no fields of their own"},
             Row{"{{.NAME", "`{{` is never closed"},
             Row{"{{}}", "a value is missing"},
             Row{"{{.}}", "`.` needs a name behind it"},
             Row{"{{range .NAME}}x{{end}}",
                 "`range` is none of the functions that can be used here: or, and, not, eq, ne"},
             Row{"{{.NAME | upper}}", "found `| upper` where it should end"},
             Row{"{{printf \"%d\" 1}}",
                 "`printf` is none of the functions that can be used here: or, and, not, eq, ne"},
             Row{"{{if .NAME}}x", "`if` without `end`"},
             Row{"x{{end}}", "`end` without `if`"},
             Row{"x{{else}}", "`else` without `if`"},
             Row{"{{if .NAME}}{{else}}{{else}}{{end}}", "`else` without `if`"},
             Row{"{{if .NAME}}{{else unless}}{{end}}", "`unless` behind `else`"},
             Row{"{{\"open}}", "`{{` is never closed"},
             Row{"{{(.NAME}}", "a parenthesis is never closed"},
             Row{"{{or .PC_REPLICA_NUM 1}}", "`.PC_REPLICA_NUM` can only stand alone"},
             Row{"{{if .PC_REPLICA_NUM}}{{end}}", "`.PC_REPLICA_NUM` can only stand alone"},
             Row{"{{((((((((((((((((((1))))))))))))))))))}}", "too many parentheses inside each other"},
         }) {
        const Rendering rendering = render(text, variable);
        EXPECT_EQ(rendering.fault, fault) << text;
        EXPECT_EQ(rendering.text, text);
    }
}

TEST(Template, TakesLinearTimeForTextsThatNeverClose)
{
    std::string open;
    for (int i = 0; i < 40'000; ++i) open += "{{if .NAME}}";
    EXPECT_EQ(render(open, variable).fault, "`if` without `end`");
    EXPECT_EQ(render(std::string(120'000, '{'), variable).fault, "`{{` is never closed");
}

} // namespace
} // namespace pandora::procfiles
