#include "supervisor/cli/check.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::cli {
namespace {

using procfiles::Problem;
using procfiles::Severity;

const Problem unknown{.place = {.line = 4, .column = 5}, .message = "unknown key `comand`", .file = "shop.yml"};
const Problem whole{.message = "cannot be read: Permission denied", .file = "/srv/shop.yml"};
const Problem warning{.place = {.line = 7, .column = 3},
                      .message = "`is_tty` is \"odd\"",
                      .severity = Severity::warning,
                      .file = "b.yml"};

TEST(CheckLine, HasThePlaceTheSeverityAndTheMessage)
{
    EXPECT_EQ(problem_line(unknown), "shop.yml:4:5: error: unknown key `comand`");
    EXPECT_EQ(problem_line(warning), "b.yml:7:3: warning: `is_tty` is \"odd\"");
}

TEST(CheckLine, OfAFileAsAWholeHasNoPlace)
{
    EXPECT_EQ(problem_line(whole), "/srv/shop.yml: error: cannot be read: Permission denied");
}

TEST(CheckJson, TellsEveryProblem)
{
    EXPECT_EQ(problems_json({unknown, warning}),
              R"({"ok":false,"problems":[)"
              R"({"file":"shop.yml","line":4,"column":5,"severity":"error","message":"unknown key `comand`"},)"
              R"({"file":"b.yml","line":7,"column":3,"severity":"warning","message":"`is_tty` is \"odd\""}]})");
}

TEST(CheckJson, IsOkWithoutErrors)
{
    EXPECT_EQ(problems_json({}), R"({"ok":true,"problems":[]})");
    EXPECT_TRUE(problems_json({warning}).starts_with(R"({"ok":true,)"));
    EXPECT_TRUE(problems_json({warning, whole}).starts_with(R"({"ok":false,)"));
}

TEST(CheckJson, HoldsAFileNameThatIsNoUtf8)
{
    EXPECT_NE(problems_json({{.message = "x", .file = "caf\xE9.yml"}}).find(R"("caf\ufffd.yml")"), std::string::npos);
}

} // namespace
} // namespace pandora::supervisor::cli
