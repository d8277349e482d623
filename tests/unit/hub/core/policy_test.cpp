#include "hub/core/policy.hpp"
#include "hub/wire/limits.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace pandora::hub::core {

void PrintTo(Ruling ruling, std::ostream* out)
{
    switch (ruling) {
    case Ruling::unsaid: *out << "unsaid"; return;
    case Ruling::allowed: *out << "allowed"; return;
    case Ruling::denied: *out << "denied"; return;
    }
}

namespace {

using enum Ruling;
using enum PolicyVerb;

Identity client(std::string process, uid_t uid = 1000)
{
    return {.app = process.empty() ? "" : "shop",
            .process = std::move(process),
            .instance = 0,
            .credentials = {42, uid, uid}};
}

const Identity web = client("web"), web_two = client("web-2"), job = client("job", 1001), stranger = client("");

struct Row {
    PolicyVerb verb;
    Identity who;
    std::string object, name;
    Ruling want;
};

/// Each twice: the second time it is remembered.
void expect(Policy policy, std::initializer_list<Row> rows)
{
    for (const char* time : {"first", "second"})
        for (const auto& [verb, who, object, name, want] : rows)
            EXPECT_EQ(policy.ruling(verb, who, object, name), want)
                << time << " time: " << static_cast<int>(verb) << ' ' << who.process << ' ' << object << '.' << name;
}

TEST(Policy, WithoutRulesNothingIsSaidAndAllAllowed)
{
    Policy policy;
    EXPECT_TRUE(policy.empty());
    EXPECT_EQ(policy.ruling(call, stranger, "billing", "charge"), unsaid);
    EXPECT_TRUE(policy.allows(publish, stranger, std::string(1 << 20, 'x'), ""));
}

TEST(Policy, TheFirstRuleThatFitsDecides)
{
    Policy policy{
        {{.allow = false, .verb = call, .objects = {"pandora.*"}, .names = {"stop"}},
         {.allow = true, .verb = call, .objects = {"billing"}, .names = {"charge", "get*"}, .processes = {"web"}},
         {.allow = false, .verb = call, .objects = {"billing"}}}};
    expect(policy, {
                       {call, web, "pandora.supervisor", "stop", denied},
                       {call, web, "pandora.supervisor", "list", unsaid},
                       {call, web, "billing", "charge", allowed},
                       {call, web, "billing", "getAll", allowed},
                       {call, web, "billing", "refund", denied},
                       {call, web, "billing", "", denied},
                       {call, job, "billing", "charge", denied},
                       {call, stranger, "billing", "charge", denied},
                       {call, web, "billing2", "charge", unsaid},
                       {publish, web, "billing", "", unsaid},
                       {subscribe, job, "billing", "charged", unsaid},
                   });
    EXPECT_TRUE(policy.allows(call, web, "billing", "charge"));
    EXPECT_TRUE(policy.allows(call, web, "other", "x"));
    EXPECT_FALSE(policy.allows(call, job, "billing", "charge"));
}

TEST(Policy, AListWithoutEntriesLeavesTheMatterOpen)
{
    expect(Policy{{{.allow = false}}}, {
                                           {call, web, "", "", denied},
                                           {publish, job, "x", "", denied},
                                           {subscribe, stranger, "x", "", denied},
                                       });
}

TEST(Policy, ProcessPatternsAreOfSupervisedProcessesAndOneIsOfAllOthers)
{
    const auto rule = [](std::string pattern) { return Policy{{{.processes = {std::move(pattern)}}}}; };
    expect(rule("web"), {{call, web, "o", "m", allowed}, {call, web_two, "o", "m", unsaid}});
    expect(rule("web*"), {{call, web_two, "o", "m", allowed}, {call, job, "o", "m", unsaid}});
    expect(rule("*"), {{call, job, "o", "m", allowed}, {call, stranger, "o", "m", unsaid}});
    expect(rule("-"), {{call, job, "o", "m", unsaid}, {call, stranger, "o", "m", allowed}});
    expect(Policy{{{.processes = {"job", "-"}}}},
           {{call, job, "o", "m", allowed}, {call, stranger, "o", "m", allowed}, {call, web, "o", "m", unsaid}});
}

TEST(Policy, UsersAreToldApartWhateverTheirProcess)
{
    expect(Policy{{{.allow = false, .users = {1001, 1002}}}}, {{call, job, "o", "m", denied},
                                                               {call, client("web", 1002), "o", "m", denied},
                                                               {call, client("", 1001), "o", "m", denied},
                                                               {call, web, "o", "m", unsaid}});
}

TEST(Policy, AMessageWithoutAnObjectFitsOnlyWhatLeavesItOpen)
{
    expect(Policy{{{.allow = false, .objects = {"?*"}}, {.allow = false, .objects = {""}, .names = {"secret"}}}},
           {{call, web, "o", "m", denied}, {call, web, "", "m", unsaid}, {call, web, "", "secret", denied}});
}

TEST(Policy, ASubscriptionToManyEventsIsDeniedIfOneOfThemIs)
{
    const Policy policy{{{.allow = true, .verb = subscribe, .objects = {"pay"}, .names = {"cash*"}},
                         {.allow = false, .verb = subscribe, .objects = {"pay"}, .names = {"cas*", "salary"}}}};
    expect(policy, {
                       {subscribe, web, "pay", "paid", unsaid},
                       {subscribe, web, "pay", "salary", denied},
                       {subscribe, web, "pay", "sal*", denied},
                       {subscribe, web, "pay", "salaries*", unsaid},
                       {subscribe, web, "pay", "*", denied},
                       {subscribe, web, "pay", "", denied},
                       {subscribe, web, "pay", "p*", unsaid},
                       {subscribe, web, "pay", "cash", allowed},
                       {subscribe, web, "pay", "cash*", allowed},
                       {subscribe, web, "pay", "cas*", denied}, // the first rule allows a part of it only
                       {call, web, "pay", "sal*", unsaid},
                   });
}

TEST(Policy, WhatIsTooLongToBeANameIsDenied)
{
    Policy policy{{{.allow = true}}};
    const std::string longest(hub::wire::policy_text_bytes_max, 'x');
    EXPECT_EQ(policy.ruling(call, web, longest, longest), allowed);
    EXPECT_EQ(policy.ruling(call, web, longest + "x", "m"), denied);
    EXPECT_EQ(policy.ruling(call, web, "o", longest + "x"), denied);
}

TEST(Policy, ManyMoreQuestionsThanItRemembersAreAnsweredAlike)
{
    Policy policy{{{.allow = false, .verb = call, .objects = {"*7"}, .processes = {"web"}},
                   {.allow = true, .objects = {"*"}, .users = {1001}}}};
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 20'000; ++i) {
            const std::string object = std::to_string(i);
            const bool seven = i % 10 == 7;
            ASSERT_EQ(policy.ruling(call, web, object, "m"), seven ? denied : unsaid) << object;
            ASSERT_EQ(policy.ruling(publish, web, object, "m"), unsaid) << object;
            ASSERT_EQ(policy.ruling(call, job, object, "m"), allowed) << object;
        }
}

TEST(Policy, WhatIsAskedTogetherIsNotTakenForAnotherQuestion)
{
    Policy policy{{{.allow = false, .objects = {"ab"}, .names = {"c"}}}};
    EXPECT_EQ(policy.ruling(call, web, "ab", "c"), denied);
    EXPECT_EQ(policy.ruling(call, web, "a", "bc"), unsaid);
    EXPECT_EQ(policy.ruling(call, web, "abc", ""), unsaid);
}

} // namespace
} // namespace pandora::hub::core
