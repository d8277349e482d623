#include "supervisor/control/messages.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::control {
namespace {

TEST(Messages, AnInstanceSurvivesTheTripOverTheHub)
{
    const InstanceView running{.process = "web",
                               .instance = 1,
                               .builtin = true,
                               .state = "ready",
                               .up = true,
                               .restarts = 4,
                               .pid = 42,
                               .start_time = 1.5,
                               .last_end = "exit 3",
                               .usage = Usage{0.25, 4096, 7, 2},
                               .cause = "back",
                               .health = "passing",
                               .status = "loading",
                               .next_start = 2.5,
                               .not_applied = {"cpu: no cgroup"},
                               .rolling = true,
                               .runs = 5};
    const auto text = Json(running).dump();
    const auto back = Json::parse(text).get<InstanceView>();
    EXPECT_EQ(Json(back).dump(), text);
    EXPECT_EQ(back.usage->open_fds, 7U);
    EXPECT_EQ(back.pid, 42);
    EXPECT_TRUE(back.rolling);
}

template <class T>
void expect_to_survive(const T& message)
{
    const auto text = Json(message).dump();
    EXPECT_EQ(Json(Json::parse(text).get<T>()).dump(), text);
}

TEST(Messages, TheOthersDoToo)
{
    expect_to_survive(StateChange{"web", 1, "ready", "backoff", 1.5, "exit 3"});
    expect_to_survive(Accepted{{{"web", 1, 7}}});
    expect_to_survive(Accepted{});
    expect_to_survive(TailLine{9, 1, 1.5, true, "text"});
    expect_to_survive(Description{"web", "processes:", {{.process = "web"}}, {{"web", 0, "a", "b", 1, "c"}}});
    EXPECT_EQ(Json(Accepted{}).dump(), R"({"instances":[]})");
}

TEST(Messages, WhatIsAbsentStaysAbsent)
{
    const InstanceView down{.process = "web", .state = "backoff", .usage = Usage{}};
    const auto back = Json(down).get<InstanceView>();
    EXPECT_FALSE(back.pid);
    EXPECT_FALSE(back.start_time);
    EXPECT_FALSE(back.usage->open_fds);
    EXPECT_FALSE(Json(InstanceView{}).get<InstanceView>().usage);
}

TEST(Messages, MissingMembersAreAnErrorNotADefault)
{
    EXPECT_THROW(Json::parse(R"({"process":"web"})").get<InstanceView>(), nlohmann::json::exception);
    EXPECT_THROW(Json::parse("[]").get<Whose>(), nlohmann::json::exception);
}

} // namespace
} // namespace pandora::supervisor::control
