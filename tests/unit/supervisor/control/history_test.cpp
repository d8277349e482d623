#include "supervisor/control/history.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::control {
namespace {

StateChange change(const std::string& process, std::uint32_t instance, const std::string& to, double at)
{
    return {process, instance, "pending", to, at, ""};
}

TEST(History, CountsTheRunsOfEachInstance)
{
    History history;
    EXPECT_EQ(history.runs("web", 0), 0U);
    for (const char* to : {"starting", "ready", "backoff", "starting", "ready"}) history.add(change("web", 0, to, 1));
    history.add(change("web", 1, "starting", 2));
    EXPECT_EQ(history.runs("web", 0), 2U);
    EXPECT_EQ(history.runs("web", 1), 1U);
    EXPECT_EQ(history.runs("we", 0), 0U);
}

TEST(History, KeepsTheLastChangesOfEachInstance)
{
    History history;
    history.add(change("quiet", 0, "ready", 0));
    for (std::size_t n = 0; n < 3 * History::changes_kept; ++n)
        history.add(change("web", 0, "starting", static_cast<double>(n)));
    const auto kept = history.changes_of({{.process = "web", .instance = 0}});
    ASSERT_EQ(kept.size(), History::changes_kept);
    EXPECT_EQ(kept.back().at, 3 * History::changes_kept - 1);
    EXPECT_EQ(history.runs("web", 0), 3 * History::changes_kept) << "what is forgotten was still a run";
    EXPECT_EQ(history.changes_of({{.process = "quiet", .instance = 0}}).size(), 1U);
}

TEST(History, TellsTheChangesOfSeveralInstancesInTheirOrder)
{
    History history;
    history.add(change("web", 0, "starting", 1));
    history.add(change("web", 1, "starting", 2));
    history.add(change("other", 0, "starting", 3));
    history.add(change("web", 0, "ready", 4));
    const auto changes = history.changes_of({{.process = "web", .instance = 0}, {.process = "web", .instance = 1}});
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_EQ(changes[1].instance, 1U);
    EXPECT_EQ(changes[2].to, "ready");
}

} // namespace
} // namespace pandora::supervisor::control
