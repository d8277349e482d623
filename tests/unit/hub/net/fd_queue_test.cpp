#include "hub/net/fd_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace pandora::hub::net {
namespace {

/// Stands for an open descriptor.
core::Fd descriptor(int number) { return std::make_shared<const int>(number); }

std::vector<int> taken(FdQueue& queue, std::size_t count)
{
    const auto fds = queue.take(count);
    if (!fds) return {-1};
    std::vector<int> out;
    for (const core::Fd& fd : *fds) out.push_back(*fd);
    return out;
}

TEST(FdQueue, GivesExactlyAsManyAsAreAskedForInTheirOrder)
{
    FdQueue queue;
    for (int i = 1; i <= 5; ++i) queue.back().push_back(descriptor(i));
    EXPECT_EQ(taken(queue, 2), (std::vector{1, 2}));
    EXPECT_EQ(taken(queue, 0), std::vector<int>{});
    EXPECT_EQ(taken(queue, 1), std::vector{3});
    queue.back().push_back(descriptor(6));
    EXPECT_EQ(taken(queue, 3), (std::vector{4, 5, 6}));
    EXPECT_TRUE(queue.empty());
}

TEST(FdQueue, GivesNothingWhereSoManyHaveNotCome)
{
    FdQueue queue;
    queue.back().push_back(descriptor(1));
    EXPECT_EQ(taken(queue, 2), std::vector{-1});
    EXPECT_EQ(taken(queue, 1), std::vector{1}) << "and keeps what there is";
    EXPECT_EQ(taken(queue, 1), std::vector{-1});
}

TEST(FdQueue, HasRoomForSixteen)
{
    FdQueue queue;
    EXPECT_EQ(queue.room(), 16U);
    for (int i = 0; i < 16; ++i) queue.back().push_back(descriptor(i));
    EXPECT_EQ(queue.room(), 0U);
    queue.take(4);
    EXPECT_EQ(queue.room(), 4U);
}

TEST(FdQueue, LetsGoOfThemAll)
{
    const core::Fd kept = descriptor(1);
    FdQueue queue;
    queue.back() = {kept, kept};
    EXPECT_EQ(queue.clear(), 2U);
    EXPECT_EQ(kept.use_count(), 1);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.clear(), 0U);
}

} // namespace
} // namespace pandora::hub::net
