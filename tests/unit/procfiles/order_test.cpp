#include "procfiles/order.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> dependencies(const ProcessSpec& process)
{
    std::vector<std::string> result;
    for (const Dependency& dependency : process.depends_on)
        result.push_back(dependency.process + (dependency.condition == Condition::healthy ? " healthy" : ""));
    return result;
}

TEST(Order, MakesAProcessWaitForThoseOfTheNextLowerNumber)
{
    const AppSpec app = parsed(R"(
processes:
  free: {command: run}
  last: {command: run, order: 30, depends_on: {first: {condition: process_started}}}
  first: {command: run, order: -1}
  second: {command: run, order: 2, objects: [o]}
  also: {command: run, order: 2, depends_on: {first: {condition: process_healthy}}}
)");
    EXPECT_THAT(dependencies(app.processes[0]), IsEmpty());
    EXPECT_THAT(dependencies(app.processes[1]), ElementsAre("first", "second healthy", "also"));
    EXPECT_THAT(dependencies(app.processes[2]), IsEmpty());
    EXPECT_THAT(dependencies(app.processes[3]), ElementsAre("first"));
    EXPECT_THAT(dependencies(app.processes[4]), ElementsAre("first healthy"));
    EXPECT_EQ(app.processes[3].depends_on[0].place, (Place{6, 33}));
}

TEST(Order, OfTooManyProcessesIsRefused)
{
    std::string text = "processes:\n";
    for (int i = 0; i < 1'000; ++i)
        text += "  p" + std::to_string(i) + ": {command: run, order: " + std::to_string(i % 2) + "}\n";
    EXPECT_THAT(problems_of(text), SizeIs(1));
}

} // namespace
} // namespace pandora::procfiles
