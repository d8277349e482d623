#include "supervisor/control/targets.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace pandora::supervisor::control {

std::ostream& operator<<(std::ostream& out, const Target& target)
{
    return out << target.process << (target.index ? "/" + std::to_string(*target.index) : "");
}

namespace {

const std::vector<KnownProcess> known{{"hub", {}, {0}, true},
                                      {"web", {"front", "all-day"}, {0, 1, 4}, false},
                                      {"worker", {"back"}, {0}, false},
                                      {"idle", {"back"}, {}, false}};

struct Row {
    const char* named;
    Targets want;
};

class Named : public ::testing::TestWithParam<Row> {};

TEST_P(Named, IsFound)
{
    const auto found = find_targets(Json::parse(GetParam().named), known);
    ASSERT_TRUE(std::holds_alternative<Targets>(found)) << std::get<Refused>(found).why;
    EXPECT_EQ(std::get<Targets>(found), GetParam().want);
}

const Target web{"web", std::nullopt}, worker{"worker", std::nullopt}, idle{"idle", std::nullopt};

INSTANTIATE_TEST_SUITE_P(
    Targets, Named,
    ::testing::Values(Row{R"("web")", {web}}, Row{R"("web/4")", {{"web", 4}}}, Row{R"("hub")", {{"hub", std::nullopt}}},
                      Row{R"("all")", {web, worker, idle}}, Row{R"("ns:back")", {worker, idle}},
                      Row{R"({"namespace":"front"})", {web}}, Row{R"(["worker","web"])", {web, worker}},
                      Row{R"(["web/1","web/0","web/1"])", {{"web", 0}, {"web", 1}}}, Row{R"(["web/1","web"])", {web}},
                      Row{R"(["ns:front",{"namespace":"back"}])", {web, worker, idle}}));

struct Wrong {
    const char* named;
    const char* why;
};

class Misnamed : public ::testing::TestWithParam<Wrong> {};

TEST_P(Misnamed, IsRefusedWithTheReason)
{
    const auto found = find_targets(Json::parse(GetParam().named), known);
    ASSERT_TRUE(std::holds_alternative<Refused>(found));
    EXPECT_EQ(std::get<Refused>(found).why, GetParam().why);
}

constexpr const char* nothing = "name what is meant: a process, an instance like web/1, ns:NAME, or all";

INSTANTIATE_TEST_SUITE_P(
    Targets, Misnamed,
    ::testing::Values(Wrong{R"("wbe")", "no process `wbe`; did you mean `web`?"},
                      Wrong{R"("wbe/0")", "no process `wbe`; did you mean `web`?"},
                      Wrong{R"("xyz")", "no process `xyz`"},
                      Wrong{R"("web/2")", "`web` has no instance `2`: it has 0, 1, 4"},
                      Wrong{R"("web/x")", "`web` has no instance `x`: it has 0, 1, 4"},
                      Wrong{R"("web/")", "`web` has no instance ``: it has 0, 1, 4"},
                      Wrong{R"("web/-1")", "`web` has no instance `-1`: it has 0, 1, 4"},
                      Wrong{R"("web/4294967296")", "`web` has no instance `4294967296`: it has 0, 1, 4"},
                      Wrong{R"("idle/0")", "`idle` has no instance `0`: it has none"},
                      Wrong{R"("ns:bak")", "no process is in the namespace `bak`; did you mean `back`?"},
                      Wrong{R"(["web","wbe"])", "no process `wbe`; did you mean `web`?"}, Wrong{R"("")", nothing},
                      Wrong{"[]", nothing}, Wrong{"{}", nothing}, Wrong{"null", nothing}, Wrong{"7", nothing},
                      Wrong{R"([["web"]])", nothing}, Wrong{R"({"namespace":3})", nothing}));

TEST(Targets, AProcessThatIsCalledAllIsMeantByIt)
{
    const auto found = find_targets("all", {{"all", {}, {0}, false}, {"web", {}, {0}, false}});
    EXPECT_EQ(std::get<Targets>(found), Targets({{"all", std::nullopt}}));
}

TEST(Targets, AllOfNothingIsAMistake)
{
    const auto found = find_targets("all", {{"hub", {}, {0}, true}});
    EXPECT_EQ(std::get<Refused>(found).why, "the app has no processes");
}

TEST(Targets, WhatIsShownOfALongNameIsItsBeginning)
{
    const auto found = find_targets(std::string(100'000, 'x'), known);
    EXPECT_LT(std::get<Refused>(found).why.size(), 200U);
}

} // namespace
} // namespace pandora::supervisor::control
