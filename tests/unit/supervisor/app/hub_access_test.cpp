#include "supervisor/app/hub_access.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace pandora::supervisor::app {
namespace {

using procfiles::HubSpec;
using procfiles::PolicyVerb;
using testing::ElementsAre;

/// A machine with two users beside root, who has no `nobody`.
std::optional<os::Account> find(const std::string& user)
{
    if (user == "www" || user == "33") return os::Account{33, 34, "www", "/var/www"};
    if (user == "mail") return os::Account{8, 12, "mail", "/var/mail"};
    return std::nullopt;
}

TEST(HubAccess, TheHubOfARootMasterRunsAsAnotherUserAndNeverAsRoot)
{
    const auto nobody = hub_access({}, {}, true, find).run_as;
    ASSERT_TRUE(nobody);
    EXPECT_EQ(nobody->uid, 65534U) << "also where no database knows that name";
    const auto www = hub_access({.user = "www"}, {}, true, find).run_as;
    ASSERT_TRUE(www);
    EXPECT_EQ(www->uid, 33U);
    EXPECT_EQ(www->gid, 34U);
    EXPECT_THAT(www->groups, ElementsAre()) << "nothing of that user's but its number";
    EXPECT_FALSE(hub_access({.user = "www"}, {}, false, find).run_as) << "only root can change it";
}

TEST(HubAccess, TheHubAsRootStopsTheStartWhateverRootIsCalled)
{
    const auto toor = [](const std::string&) { return os::Account{0, 0, "toor", "/root"}; };
    for (const char* user : {"root", "0", "toor"}) try {
            hub_access({.user = user}, {}, true, toor);
            ADD_FAILURE() << user;
        } catch (const std::runtime_error& error) {
            EXPECT_THAT(error.what(), testing::StartsWith("hub.user: `" + std::string{user} + "` is root"));
        }
    EXPECT_FALSE(hub_access({.user = "root"}, {}, false, toor).run_as) << "who is not root cannot make it so";
}

TEST(HubAccess, AdmitsTheUsersOfWorkersAndThoseOfTheProcfileEachOnce)
{
    EXPECT_THAT(hub_access({.allow_uids = {"mail", "33", "www"}}, {33}, true, find).admitted, ElementsAre(33, 8));
}

TEST(HubAccess, AUserThatDoesNotExistStopsTheStart)
{
    HubSpec with_rule;
    with_rule.policy = {{.users = {"mial"}}};
    for (const auto& [hub, want] : {std::pair<HubSpec, std::string>{{.user = "mial"}, "hub.user"},
                                    {{.allow_uids = {"mial"}}, "hub.allow_uids"},
                                    {with_rule, "hub.policy"}})
        try {
            hub_access(hub, {}, true, find);
            ADD_FAILURE() << want;
        } catch (const std::runtime_error& error) {
            EXPECT_EQ(error.what(), want + ": user `mial` does not exist");
        }
}

TEST(HubAccess, RulesKeepTheirOrderAndTheirPatterns)
{
    HubSpec hub;
    hub.policy = {{.allow = false,
                   .verb = PolicyVerb::call,
                   .objects = {"pandora.*"},
                   .names = {"stop", "get*"},
                   .processes = {"web", "-"},
                   .users = {"mail"}},
                  {.verb = PolicyVerb::publish},
                  {.verb = PolicyVerb::subscribe},
                  {.verb = PolicyVerb::any}};
    const auto policy = hub_access(hub, {}, false, find).policy;
    ASSERT_EQ(policy.size(), 4U);
    using Verb = control::PolicyVerb;
    EXPECT_EQ(policy[0], (control::PolicyRule{false, Verb::call, {"web", "-"}, {8}, {"pandora.*"}, {"stop", "get*"}}));
    EXPECT_EQ(policy[1].verb, Verb::publish);
    EXPECT_EQ(policy[2].verb, Verb::subscribe);
    EXPECT_EQ(policy[3], (control::PolicyRule{.verb = Verb::any}));
}

} // namespace
} // namespace pandora::supervisor::app
