// What each key of the hub becomes, and what is said of those that are wrong.
#include "procfiles/limits.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string one_process = "\nprocesses: {web: {command: run}}\n";

HubSpec hub(const std::string& lines) { return parsed("hub:\n" + lines + one_process).hub; }

TEST(HubKeys, EachHasADefault)
{
    const HubSpec defaults = parsed(one_process).hub;
    EXPECT_EQ(defaults, HubSpec{});
    EXPECT_EQ(defaults.frame_bytes_max, 16U * 1024 * 1024);
    EXPECT_EQ(defaults.call_timeout, 5s);
    EXPECT_EQ(defaults.unresponsive_after, 10s);
    EXPECT_EQ(defaults.user, "nobody");
    EXPECT_THAT(defaults.allow_uids, IsEmpty());
    EXPECT_FALSE(defaults.strict);
    EXPECT_FALSE(defaults.persist_config);
    EXPECT_THAT(defaults.policy, IsEmpty());
}

TEST(HubKeys, OfTheBlockAllLand)
{
    const HubSpec spec = hub("  max_frame: 1MiB\n  call_timeout: 250ms\n  unresponsive_after: 3\n  user: hub\n"
                             "  allow_uids: [1000, www]\n  strict: true\n  persist_config: true\n");
    EXPECT_EQ(spec.frame_bytes_max, 1024U * 1024);
    EXPECT_EQ(spec.call_timeout, 250ms);
    EXPECT_EQ(spec.unresponsive_after, 3s);
    EXPECT_EQ(spec.user, "hub");
    EXPECT_THAT(spec.allow_uids, ElementsAre("1000", "www"));
    EXPECT_TRUE(spec.strict);
    EXPECT_TRUE(spec.persist_config);
    EXPECT_THAT(hub("  allow_uids: 1000\n").allow_uids, ElementsAre("1000"));
}

TEST(HubKeys, ARuleAllowsOrDeniesWhatItsPatternsFit)
{
    const HubSpec spec = hub("  policy:\n"
                             "    - {deny: call, object: 'pandora.*', method: stop}\n"
                             "    - {allow: any, object: [billing, tax], process: [web, '-'], user: [0, www]}\n"
                             "    - {deny: subscribe, event: ['paid*', lost]}\n"
                             "    - {deny: publish}\n");
    ASSERT_THAT(spec.policy, SizeIs(4));
    EXPECT_EQ(spec.policy[0], (PolicyRule{.allow = false,
                                          .verb = PolicyVerb::call,
                                          .objects = {"pandora.*"},
                                          .names = {"stop"},
                                          .processes = {},
                                          .users = {},
                                          .place = {3, 7}}));
    EXPECT_EQ(spec.policy[1], (PolicyRule{.allow = true,
                                          .verb = PolicyVerb::any,
                                          .objects = {"billing", "tax"},
                                          .names = {},
                                          .processes = {"web", "-"},
                                          .users = {"0", "www"},
                                          .place = {4, 7}}));
    EXPECT_EQ(spec.policy[2].verb, PolicyVerb::subscribe);
    EXPECT_THAT(spec.policy[2].names, ElementsAre("paid*", "lost"));
    EXPECT_EQ(spec.policy[3].verb, PolicyVerb::publish);
    EXPECT_FALSE(spec.policy[3].allow);
}

TEST(HubKeys, SayWhatIsWrong)
{
    const std::string long_text(policy_pattern_bytes_max + 1, 'x');

    struct Row {
        std::string text;
        std::string want;
    };

    for (const auto& [text, want] : {
             Row{"{max_frame: 1}", "1:18: expected a size from 1KiB to 16MiB, found `1`"},
             Row{"{unresponsive_after: 0}", "1:27: expected a duration above 0 such as `500ms`, `1.5s` or `2m` (a bare "
                                            "number is seconds), found `0`"},
             Row{"{user: ' '}", "1:13: expected text that is not empty, found ` `"},
             Row{"{strict: maybe}", "1:15: expected `true` or `false`, found `maybe`"},
             Row{"{rules: []}", "1:7: unknown key `rules`; did you mean `policy`?"},
             Row{"{policy: {deny: call}}", "1:15: expected a list of rules, found a map"},
             Row{"{policy: [deny]}", "1:16: expected a map, found `deny`"},
             Row{"{policy: [{object: a}]}",
                 "1:16: a rule needs `allow` or `deny`: `call`, `publish`, `subscribe` or `any`"},
             Row{"{policy: [{deny: }]}",
                 "1:16: a rule needs `allow` or `deny`: `call`, `publish`, `subscribe` or `any`"},
             Row{"{policy: [{deny: call, allow: call}]}",
                 "1:16: a rule allows or denies: one of `allow` and `deny`, not both"},
             Row{"{policy: [{deny: read}]}", "1:23: expected `call`, `publish`, `subscribe` or `any`, found `read`"},
             Row{"{policy: [{deny: call, methods: a}]}", "1:29: unknown key `methods`; did you mean `method`?"},
             Row{"{policy: [{deny: call, property: a}]}", "1:29: unknown key `property`; did you mean `method`?"},
             Row{"{policy: [{deny: call, method: a, event: b}]}",
                 "1:40: `event` and `method` (line 1) are the same setting"},
             Row{"{policy: [{deny: call, object: '" + long_text + "'}]}",
                 "1:37: a pattern has at most 256 bytes: `" + std::string(64, 'x') + "...`"},
         }) {
        const auto problems = problems_of("hub: " + text + one_process);
        EXPECT_THAT(problems, ElementsAre(want)) << text;
    }
}

TEST(HubKeys, APolicyIsNoLongerThanSomebodyCanOversee)
{
    const auto policy = [](std::size_t rules) {
        std::string text = "  policy:\n";
        for (std::size_t i = 0; i < rules; ++i) text += "    - {deny: call, object: o" + std::to_string(i) + "}\n";
        return text;
    };
    EXPECT_THAT(hub(policy(policy_rules_max)).policy, SizeIs(policy_rules_max));
    EXPECT_THAT(problems_of("hub:\n" + policy(policy_rules_max + 1) + one_process),
                ElementsAre("3:5: a policy has at most 1000 rules"));

    std::string objects = "o";
    for (std::size_t i = 0; i < policy_patterns_max; ++i) objects += ", o";
    EXPECT_THAT(problems_of("hub: {policy: [{deny: call, object: [" + objects + "]}]}" + one_process),
                ElementsAre("1:37: a rule lists at most 100 of a kind"));
}

} // namespace
} // namespace pandora::procfiles
