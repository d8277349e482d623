#include "supervisor/control/hub_messages.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace pandora::supervisor::control {
namespace {

using namespace std::chrono_literals;

template <class T>
T over_the_link(const T& message)
{
    return Json::parse(Json(message).dump()).get<T>();
}

TEST(HubMessages, WhatTheHubHasToKnowComesBackAsItWent)
{
    const AppKnowledge app{
        .promises = {{"store", {"store", "cache"}}, {"web", {}}},
        .policy = {{false, PolicyVerb::call, {"web", "-"}, {33, 1000}, {"pandora.*"}, {"stop"}},
                   {.verb = PolicyVerb::publish},
                   {.verb = PolicyVerb::subscribe},
                   {.verb = PolicyVerb::any}},
        .strict = true,
        .instances = {{"web", 1, Prospect::returning, false, "crashed: SIGSEGV; restarting in 400 ms"}}};
    const auto back = over_the_link(app);
    EXPECT_EQ(back.promises, app.promises);
    EXPECT_EQ(back.policy, app.policy);
    EXPECT_TRUE(back.strict);
    EXPECT_EQ(back.instances, app.instances);
}

TEST(HubMessages, EveryProspectHasAWordOfItsOwn)
{
    for (const auto prospect : {Prospect::serving, Prospect::returning, Prospect::leaving, Prospect::gone}) {
        const InstanceNews news{"web", 0, prospect, true, ""};
        EXPECT_EQ(over_the_link(news), news) << name_of(prospect);
    }
}

TEST(HubMessages, AWordThatIsNoneMakesNoRuleAndNoNews)
{
    Json rule = PolicyRule{.allow = false, .verb = PolicyVerb::call};
    rule["verb"] = "cal";
    EXPECT_THROW(rule.get<PolicyRule>(), std::invalid_argument) << "it would close, or open, everything";
    Json news = InstanceNews{"web", 0, Prospect::gone, false, "exit 3"};
    news["prospect"] = "dead";
    EXPECT_THROW(news.get<InstanceNews>(), std::invalid_argument);
}

TEST(HubMessages, NewsWithoutAMemberAreNone)
{
    for (const char* member : {"process", "instance", "prospect", "ready", "cause"}) {
        Json news = InstanceNews{"web", 0, Prospect::gone, false, "exit 3"};
        news.erase(member);
        EXPECT_THROW(news.get<InstanceNews>(), nlohmann::json::exception) << member;
    }
}

TEST(HubMessages, APieceOfTheJournalComesBackAsItWent)
{
    const ConfigPiece piece{"a \"line\"\n", true, false};
    EXPECT_EQ(over_the_link(piece), piece);
}

TEST(HubMessages, AComplaintComesBackAsItWent)
{
    const auto back = over_the_link(HubComplaint{"web", 1, 42, true, 12s});
    EXPECT_EQ(back.process, "web");
    EXPECT_EQ(back.instance, 1U);
    EXPECT_EQ(back.pid, 42);
    EXPECT_TRUE(back.unresponsive);
    EXPECT_EQ(back.lasted, 12s);
}

} // namespace
} // namespace pandora::supervisor::control
