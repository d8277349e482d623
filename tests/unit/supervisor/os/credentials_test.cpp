#include "supervisor/os/credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::supervisor::os {
namespace {

TEST(Credentials, RootIsFoundByNameAndNumber)
{
    for (const char* name : {"root", "0"}) {
        const auto account = find_account(name);
        ASSERT_TRUE(account) << name;
        EXPECT_EQ(account->uid, 0U);
        EXPECT_EQ(account->gid, 0U);
        EXPECT_EQ(account->name, "root");
        EXPECT_FALSE(account->home.empty());
        EXPECT_EQ(find_group(name), 0U);
    }
}

TEST(Credentials, ANumberNeedsNoEntry)
{
    const auto account = find_account("3999999999");
    ASSERT_TRUE(account);
    EXPECT_EQ(account->uid, 3'999'999'999U);
    EXPECT_EQ(account->gid, 3'999'999'999U);
    EXPECT_TRUE(account->name.empty());
    EXPECT_EQ(find_group("3999999999"), 3'999'999'999U);
    EXPECT_THAT(groups_of(*account, 5), testing::ElementsAre(5U));
}

TEST(Credentials, WhatIsNeitherIsNobody)
{
    // 4294967295 is -1, which setuid(2) takes for "as it is".
    for (const char* name : {"", "no-such-user-anywhere", "-1", "1x", "4294967295", "4294967296"}) {
        EXPECT_FALSE(find_account(name)) << name;
        EXPECT_FALSE(find_group(name)) << name;
    }
}

TEST(Credentials, TheGroupsOfALoginHoldThePrimaryOne)
{
    EXPECT_THAT(groups_of(*find_account("root"), 12'345), testing::Contains(12'345U));
}

} // namespace
} // namespace pandora::supervisor::os
