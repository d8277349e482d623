#include "procfiles/validate.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// An app with processes `web` and `billing`, and each rule in a line of its own, from 1 on.
AppSpec app_with(std::vector<PolicyRule> rules)
{
    AppSpec app;
    for (const char* name : {"web", "billing"}) {
        ProcessSpec process;
        process.name = name;
        process.command = ShellCommand{"true"};
        app.processes.push_back(std::move(process));
    }
    for (std::size_t i = 0; i < rules.size(); ++i) rules[i].place = {i + 1, 1};
    app.hub.policy = std::move(rules);
    return app;
}

PolicyRule rule(PolicyVerb verb, std::vector<std::string> processes = {}, std::vector<std::string> names = {})
{
    PolicyRule made;
    made.verb = verb;
    made.processes = std::move(processes);
    made.names = std::move(names);
    return made;
}

TEST(ValidateHub, RulesMayBeForProcessesPatternsAndStrangers)
{
    EXPECT_THAT(validate(app_with({rule(PolicyVerb::call, {"web", "billing", "-", "w*", "job?"}),
                                   rule(PolicyVerb::call, {}, {"get*"}), rule(PolicyVerb::any)})),
                IsEmpty());
}

TEST(ValidateHub, ARuleForAProcessThatDoesNotExistIsAnError)
{
    EXPECT_THAT(
        validate(app_with({rule(PolicyVerb::call, {"web"}), rule(PolicyVerb::call, {"biling", "elsewhere"})})),
        ElementsAre(Problem{{2, 1}, "this rule is for process `biling`, which does not exist; did you mean `billing`?"},
                    Problem{{2, 1}, "this rule is for process `elsewhere`, which does not exist"}));
}

TEST(ValidateHub, WhatIsPublishedHasNoMethod)
{
    EXPECT_THAT(
        validate(app_with({rule(PolicyVerb::publish, {}, {"get"})})),
        ElementsAre(Problem{{1, 1}, "a rule for `publish` has no `method`: it is the object that is published"}));
}

TEST(ValidateHub, WhatStandsBehindARuleForEverythingIsNeverReached)
{
    const auto never = [](std::size_t line) {
        return Problem{
            {line, 1}, "this rule is never reached: the one in line 2 decides everything", Severity::warning};
    };
    EXPECT_THAT(validate(app_with({rule(PolicyVerb::call), rule(PolicyVerb::any), rule(PolicyVerb::call, {"web"}),
                                   rule(PolicyVerb::any)})),
                ElementsAre(never(3), never(4)));
}

} // namespace
} // namespace pandora::procfiles
