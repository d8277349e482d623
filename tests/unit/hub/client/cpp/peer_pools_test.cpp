#include "hub/client/cpp/peer_pools.hpp"
#include "hub/wire/limits.hpp"
#include "tests/unit/hub/client/cpp/heap_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pandora::hub::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PeerPoolsTest : public testing::Test {
protected:
    PeerPoolsTest()
    {
        *source->others = std::string(100, '.') + "payload";
        pools->announced(9, 1, OwnedFd{}, 107);
    }

    bool is_there(std::uint32_t owner, std::uint32_t pool)
    {
        return pools->borrow(owner, {.pool = pool, .offset = 0, .length = 1}).has_value();
    }

    int woken = 0;
    std::shared_ptr<HeapSource> source = std::make_shared<HeapSource>();
    std::unique_ptr<PeerPools> pools = std::make_unique<PeerPools>(source, [this] { ++woken; });
};

TEST_F(PeerPoolsTest, LendBytesUntilTheLastCopyOfThemIsGone)
{
    auto bytes = pools->borrow(9, {.pool = 1, .offset = 100, .length = 7});
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->text(), "payload");
    auto copy = *bytes;
    bytes.reset();
    EXPECT_EQ(woken, 0);
    copy = {};
    EXPECT_EQ(woken, 1);
    EXPECT_THAT(pools->take_returned(), ElementsAre(PeerPlace{9, 1, 100}));
    EXPECT_THAT(pools->take_returned(), IsEmpty());
}

TEST_F(PeerPoolsTest, WakeOnceForAllThatComesBackUntilItIsTaken)
{
    for (int i = 0; i < 3; ++i) pools->borrow(9, {.pool = 1, .offset = 0, .length = 1});
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(pools->take_returned().size(), 3U);
    pools->borrow(9, {.pool = 1, .offset = 0, .length = 1});
    EXPECT_EQ(woken, 2);
}

TEST_F(PeerPoolsTest, GiveBackAtOnceWhatIsNotThere)
{
    const wire::SharedPlace beyond{.pool = 1, .offset = 101, .length = 7},
        wrapping{.pool = 1, .offset = 1, .length = UINT32_MAX}, unknown{.pool = 2, .offset = 0, .length = 1};
    EXPECT_FALSE(pools->borrow(9, beyond));
    EXPECT_FALSE(pools->borrow(9, wrapping));
    EXPECT_FALSE(pools->borrow(9, unknown));
    EXPECT_FALSE(pools->borrow(8, {.pool = 1, .offset = 0, .length = 1})) << "the pool of another";
    EXPECT_THAT(pools->take_returned(),
                ElementsAre(PeerPlace{9, 1, 101}, PeerPlace{9, 1, 1}, PeerPlace{9, 2, 0}, PeerPlace{8, 1, 0}));
}

TEST_F(PeerPoolsTest, AreAtMostFourOfOneOwner)
{
    for (std::uint32_t number = 2; number <= wire::pools_of_client_max + 1; ++number)
        pools->announced(9, number, OwnedFd{}, 107);
    EXPECT_TRUE(is_there(9, 4));
    EXPECT_FALSE(is_there(9, 5));
    pools->announced(8, 5, OwnedFd{}, 107);
    EXPECT_TRUE(is_there(8, 5)) << "of another";
    pools->withdrawn(9, 2);
    pools->announced(9, 5, OwnedFd{}, 107);
    EXPECT_TRUE(is_there(9, 5));
}

TEST_F(PeerPoolsTest, AreNeitherTooLargeNorAnnouncedTwice)
{
    source->others_claim = wire::pool_bytes_max + 1;
    pools->announced(9, 2, OwnedFd{}, wire::pool_bytes_max + 1);
    EXPECT_FALSE(is_there(9, 2));
    pools->announced(9, 2, OwnedFd{}, wire::pool_bytes_max);
    EXPECT_TRUE(is_there(9, 2));
    source->others->resize(200);
    pools->announced(9, 1, OwnedFd{}, 200);
    EXPECT_FALSE(pools->borrow(9, {.pool = 1, .offset = 107, .length = 1})) << "it has 107 bytes, as at first";
}

TEST_F(PeerPoolsTest, AreNotMoreInAllThanMayBeMapped)
{
    std::uint32_t owner = 10;
    for (std::size_t known = 1; known < peer_pools_max; ++known) pools->announced(owner++, 1, OwnedFd{}, 107);
    EXPECT_TRUE(is_there(owner - 1, 1));
    pools->announced(owner, 1, OwnedFd{}, 107);
    EXPECT_FALSE(is_there(owner, 1));
    pools->withdrawn(9, 1);
    pools->announced(owner, 1, OwnedFd{}, 107);
    EXPECT_TRUE(is_there(owner, 1));
}

TEST_F(PeerPoolsTest, DoNotKnowMemoryThatCannotBeReadSafely)
{
    pools->announced(9, 2, OwnedFd{}, 108);
    EXPECT_FALSE(pools->borrow(9, {.pool = 2, .offset = 0, .length = 1}));
}

TEST_F(PeerPoolsTest, LeaveBytesWhereTheyAreWhenTheirPoolIsWithdrawnAndEvenWhenTheyAreGone)
{
    const auto bytes = pools->borrow(9, {.pool = 1, .offset = 100, .length = 7});
    pools->withdrawn(9, 1);
    EXPECT_FALSE(pools->borrow(9, {.pool = 1, .offset = 0, .length = 1}));
    const std::weak_ptr<std::string> memory = source->others;
    pools.reset();
    source.reset();
    EXPECT_EQ(bytes->text(), "payload");
    EXPECT_FALSE(memory.expired());
}

TEST(ReturnedPlaces, AreAllTakenWhicheverThreadsTheyComeFrom)
{
    constexpr std::uint32_t each = 20'000;
    std::atomic<std::uint32_t> wakes = 0, finished = 0;
    ReturnedPlaces returned{[&] { ++wakes; }};
    const auto give = [&] {
        for (std::uint32_t offset = 0; offset < each; ++offset) returned.add({.owner = 1, .pool = 1, .offset = offset});
        ++finished;
    };
    std::thread first{give}, second{give};
    std::size_t taken = 0, looks = 0;
    for (bool last = false; !last;) {
        last = finished == 2;
        const auto places = returned.take();
        taken += places.size();
        if (!places.empty()) ++looks;
    }
    first.join();
    second.join();
    EXPECT_EQ(taken, 2 * each);
    EXPECT_EQ(wakes, looks) << "once for each time that there was something";
}

TEST_F(PeerPoolsTest, WakeNobodyOnceTheyAreGone)
{
    auto bytes = pools->borrow(9, {.pool = 1, .offset = 100, .length = 7});
    pools.reset();
    bytes.reset();
    EXPECT_EQ(woken, 0);
}

} // namespace
} // namespace pandora::hub::client
