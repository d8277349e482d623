#include "supervisor/control/verbs.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

namespace pandora::supervisor::control {
namespace {

const std::vector<KnownProcess> known{{"hub", {}, {0}, true}, {"web", {}, {0, 1}, false}};

Understood understood(Verb verb, const char* params) { return understand(verb, Json::parse(params), known); }

template <class T>
T accepted(Verb verb, const char* params)
{
    return std::get<T>(std::get<Request>(understood(verb, params)));
}

std::string refused(Verb verb, const char* params)
{
    const auto result = understood(verb, params);
    const auto* refusal = std::get_if<Refused>(&result);
    return refusal ? refusal->why : "<accepted>";
}

TEST(Verbs, EachIsUnderstoodAsItsRequest)
{
    EXPECT_EQ(accepted<StartRequest>(Verb::start, R"(["web"])").targets.size(), 1U);
    EXPECT_EQ(accepted<StopRequest>(Verb::stop, R"([["web/0","web/1"]])").targets.size(), 2U);
    EXPECT_EQ(accepted<ReloadRequest>(Verb::reload, R"(["all"])").targets.front().process, "web");
    EXPECT_FALSE(accepted<RestartRequest>(Verb::restart, R"(["web"])").rolling);
    EXPECT_FALSE(accepted<RestartRequest>(Verb::restart, R"(["web",{}])").rolling);
    EXPECT_TRUE(accepted<RestartRequest>(Verb::restart, R"(["web",{"rolling":true}])").rolling);
    EXPECT_EQ(accepted<ScaleRequest>(Verb::scale, R"(["web",3])").replicas, 3U);
    EXPECT_EQ(accepted<ScaleRequest>(Verb::scale, R"(["web",0])").replicas, 0U);
}

TEST(Verbs, SignalsAreNamedInAnyOfTheWaysPeopleKnow)
{
    for (const char* named : {R"("USR1")", R"("SIGUSR1")", R"("usr1")", R"("10")", "10"}) {
        const auto params = R"(["web",)" + std::string{named} + "]";
        EXPECT_EQ(accepted<SignalRequest>(Verb::signal, params.c_str()).signal, SIGUSR1) << named;
    }
}

struct Row {
    Verb verb;
    const char* params;
    const char* why;
};

class Misunderstood : public ::testing::TestWithParam<Row> {};

TEST_P(Misunderstood, IsRefusedWithTheReason)
{
    EXPECT_EQ(refused(GetParam().verb, GetParam().params), GetParam().why);
}

constexpr const char* nothing = "name what is meant: a process, an instance like web/1, ns:NAME, or all";
constexpr const char* no_signal = "a signal is a name like SIGHUP or a number from 1 to 64";
constexpr const char* no_count = "the number of replicas is a whole number from 1 to 10000";
constexpr const char* no_scale = "scale takes a process and a number of replicas";
constexpr const char* no_options = "the options of restart are {\"rolling\": true or false}";

INSTANTIATE_TEST_SUITE_P(
    Verbs, Misunderstood,
    ::testing::Values(
        Row{Verb::start, "[]", nothing}, Row{Verb::stop, "null", nothing}, Row{Verb::stop, R"({"a":1})", nothing},
        Row{Verb::stop, R"(["hub"])", "`hub` is pandora's own: it can be restarted, but takes no stop"},
        Row{Verb::signal, R"(["hub","HUP"])", "`hub` is pandora's own: it can be restarted, but takes no signal"},
        Row{Verb::scale, R"(["hub",2])", "`hub` is pandora's own: it can be restarted, but takes no scale"},
        Row{Verb::restart, R"(["hub"])", "<accepted>"}, Row{Verb::restart, R"(["web",{"rolling":1}])", no_options},
        Row{Verb::restart, R"(["web",7])", no_options}, Row{Verb::signal, R"(["web"])", no_signal},
        Row{Verb::signal, R"(["web","NOPE"])", no_signal}, Row{Verb::signal, R"(["web",0])", no_signal},
        Row{Verb::signal, R"(["web",65])", no_signal}, Row{Verb::signal, R"(["web",-1])", no_signal},
        Row{Verb::signal, R"(["web",1.5])", no_signal}, Row{Verb::scale, R"(["web"])", no_count},
        Row{Verb::scale, R"(["web",-1])", no_count}, Row{Verb::scale, R"(["web",10001])", no_count},
        Row{Verb::scale, R"(["web",18446744073709551615])", no_count}, Row{Verb::scale, R"(["web","3"])", no_count},
        Row{Verb::scale, R"([["web"],3])", no_scale},
        Row{Verb::scale, R"(["wbe",3])", "no process `wbe`; did you mean `web`?"},
        Row{Verb::scale, R"(["web/0",3])", "no process `web/0`; did you mean `web`?"}));

TEST(Verbs, ATailNamesAProcessHowManyLinesAndPerhapsWhereToBegin)
{
    const auto tail = [](const char* params) { return understand_tail(Json::parse(params), known); };
    const auto request = std::get<TailRequest>(tail(R"(["web/1",20])"));
    EXPECT_EQ(request.target, (Target{"web", 1}));
    EXPECT_EQ(request.lines, 20U);
    EXPECT_FALSE(request.after);
    EXPECT_EQ(std::get<TailRequest>(tail(R"(["web/1",20,7])")).after, 7U);
    EXPECT_FALSE(std::get<TailRequest>(tail(R"(["web",20,null])")).after);
    for (const char* wrong : {"[]", R"(["web"])", R"(["web",-1])", R"(["web",10001])", R"(["web/0",1,-1])",
                              R"(["web",1,7])", R"(["nobody",1])", R"(["all",1])", R"([["web"],1])", R"({"web":1})"})
        EXPECT_TRUE(std::holds_alternative<Refused>(tail(wrong))) << wrong;
}

TEST(Verbs, ARequestTellsWhomItNames)
{
    EXPECT_EQ(targets_of(ScaleRequest{"web", 3}), Targets({{"web", std::nullopt}}));
    EXPECT_EQ(targets_of(StopRequest{{{"web", 1}}}), Targets({{"web", 1}}));
}

} // namespace
} // namespace pandora::supervisor::control
