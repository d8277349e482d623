#include "hub/client/cpp/credit.hpp"
#include "hub/wire/native.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

TEST(CreditReturn, OwesNothingWithoutAWindow)
{
    CreditReturn credit;
    for (int i = 0; i < 1'000; ++i) credit.done(1'000'000);
    EXPECT_FALSE(credit.due());
    EXPECT_EQ(credit.take(), 0U);
}

TEST(CreditReturn, IsDueAtHalfOfTheMessagesOrHalfOfTheBytes)
{
    CreditReturn messages{Window{.messages = 4, .kib = 1'000}};
    messages.done(10);
    EXPECT_FALSE(messages.due());
    messages.done(10);
    EXPECT_TRUE(messages.due());

    CreditReturn bytes{Window{.messages = 1'000, .kib = 4}};
    bytes.done(2'047);
    EXPECT_FALSE(bytes.due());
    bytes.done(1);
    EXPECT_TRUE(bytes.due());
}

TEST(CreditReturn, KeepsTheBytesThatAreNoWholeKibibyte)
{
    CreditReturn credit{Window{.messages = 4, .kib = 4}};
    credit.done(1'500);
    EXPECT_EQ(credit.take(), wire::credit_of(1, 1));
    credit.done(548);
    EXPECT_EQ(credit.take(), wire::credit_of(1, 1)) << "1500 + 548 bytes are two KiB";
    EXPECT_EQ(credit.take(), 0U);
}

TEST(CreditReturn, OwesOnWhatOneFieldCannotHold)
{
    CreditReturn credit{Window{.messages = 65'535, .kib = 65'535}};
    for (int i = 0; i < 70'000; ++i) credit.done(1'024);
    EXPECT_EQ(credit.take(), wire::credit_of(65'535, 65'535));
    EXPECT_EQ(credit.take(), wire::credit_of(70'000 - 65'535, 70'000 - 65'535));
}

TEST(CreditReturn, IsDueWithEveryMessageWhereTheWindowIsOne)
{
    CreditReturn credit{Window{.messages = 1, .kib = 1}};
    EXPECT_FALSE(credit.due());
    credit.done(1);
    EXPECT_TRUE(credit.due());
}

} // namespace
} // namespace pandora::hub::client
