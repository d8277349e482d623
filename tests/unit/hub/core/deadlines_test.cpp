#include "hub/core/deadlines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint origin{1'000'000s};

std::vector<Deadlines::Key> fired(Deadlines& wheel, TimePoint now)
{
    std::vector<Deadlines::Key> keys;
    wheel.advance(now, keys);
    std::ranges::sort(keys);
    return keys;
}

TEST(Deadlines, NothingArmedNeverExpires)
{
    Deadlines wheel{origin};
    EXPECT_EQ(wheel.next_expiry(), std::nullopt);
    EXPECT_THAT(fired(wheel, origin + 24h), IsEmpty());
}

TEST(Deadlines, FireOnTimeAtEveryDistance)
{
    for (const auto after : {1ms, 2ms, 63ms, 64ms, 65ms, 4095ms, 4096ms, 4097ms, 262'143ms, 262'144ms, 262'145ms,
                             16'777'215ms, 16'777'216ms, 100'000'000ms})
        for (const auto start : {0ms, 1ms, 63ms, 4095ms, 262'143ms, 16'777'215ms}) {
            Deadlines wheel{origin};
            ASSERT_THAT(fired(wheel, origin + start), IsEmpty());
            wheel.arm(3, origin + start + after);
            ASSERT_THAT(fired(wheel, origin + start + after - 1ms), IsEmpty()) << start.count() << '+' << after.count();
            ASSERT_LE(wheel.next_expiry(), origin + start + after);
            ASSERT_THAT(fired(wheel, origin + start + after), ElementsAre(3)) << start.count() << '+' << after.count();
            ASSERT_FALSE(wheel.armed(3));
        }
}

TEST(Deadlines, RoundUpToAMillisecond)
{
    Deadlines wheel{origin};
    wheel.arm(0, origin + 1ms + 1ns);
    EXPECT_THAT(fired(wheel, origin + 1ms + 999us), IsEmpty());
    EXPECT_THAT(fired(wheel, origin + 2ms), ElementsAre(0));
}

TEST(Deadlines, OneThatIsOverAlreadyFiresWithTheNextMillisecond)
{
    Deadlines wheel{origin};
    fired(wheel, origin + 1s);
    wheel.arm(0, origin);
    wheel.arm(1, origin + 1s);
    EXPECT_THAT(fired(wheel, origin + 1001ms), ElementsAre(0, 1));
}

TEST(Deadlines, ArmingAgainMovesAndCancellingDisarms)
{
    Deadlines wheel{origin};
    wheel.arm(0, origin + 10ms);
    wheel.arm(1, origin + 10ms);
    wheel.arm(2, origin + 10ms);
    wheel.arm(1, origin + 20ms);
    wheel.cancel(2);
    wheel.cancel(2);
    wheel.cancel(77);
    EXPECT_THAT(fired(wheel, origin + 10ms), ElementsAre(0));
    EXPECT_THAT(fired(wheel, origin + 20ms), ElementsAre(1));
    EXPECT_EQ(wheel.next_expiry(), std::nullopt);
}

/// Random arming, cancelling and passing of time, against a plain map.
TEST(Deadlines, AgreeWithANaiveModel)
{
    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937_64 random{seed};
        const auto up_to = [&](std::int64_t n) {
            return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
        };
        Deadlines wheel{origin};
        std::map<Deadlines::Key, std::int64_t> model; // key -> millisecond
        std::int64_t now = 0;
        static constexpr std::int64_t spans[] = {2, 70, 5'000, 300'000, 20'000'000, 200'000'000};
        for (int step = 0; step < 30'000; ++step) {
            const auto key = static_cast<Deadlines::Key>(up_to(200));
            const std::int64_t span = spans[up_to(6)];
            switch (up_to(4)) {
            case 0:
            case 1:
                model[key] = now + 1 + up_to(span);
                wheel.arm(key, origin + Millis{model[key]});
                break;
            case 2:
                model.erase(key);
                wheel.cancel(key);
                break;
            default:
                now += up_to(span);
                std::vector<Deadlines::Key> want;
                for (const auto& [armed, at] : model)
                    if (at <= now) want.push_back(armed);
                for (const Deadlines::Key gone : want) model.erase(gone);
                ASSERT_EQ(fired(wheel, origin + Millis{now}), want) << "seed " << seed << ", step " << step;
            }
            ASSERT_EQ(wheel.armed(key), model.contains(key));
            const auto next = wheel.next_expiry();
            ASSERT_EQ(next.has_value(), !model.empty());
            if (!next) continue;
            const auto first = std::ranges::min_element(model, {}, [](const auto& entry) { return entry.second; });
            ASSERT_LE(*next, origin + Millis{first->second}) << "seed " << seed << ", step " << step;
            ASSERT_GT(*next, origin + Millis{now}) << "seed " << seed << ", step " << step;
        }
    }
}

} // namespace
} // namespace pandora::hub::core
