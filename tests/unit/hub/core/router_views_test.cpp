// What a monitor is shown, and what that may cost.
#include "tests/unit/hub/core/native_fixture.hpp"

#include <gmock/gmock.h>

namespace pandora::hub::core::testing {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::SizeIs;

class RouterViewsTest : public NativeRouterTest {
protected:
    std::vector<TapRecord> taken()
    {
        std::vector<TapRecord> taps;
        router.take_taps(taps);
        return taps;
    }

    /// A call and its answer.
    void round_trip(const std::string& params, const std::string& result)
    {
        ask(caller, 1, math, "abs", params);
        answer_to(callee, only_frame(callee).id, result);
        frames(caller);
    }

    const PeerId callee = native_provider(), caller = join_native();
};

TEST_F(RouterViewsTest, NothingIsKeptUnlessSomebodyLooks)
{
    round_trip("[-4]", "4");
    EXPECT_THAT(taken(), IsEmpty());
    router.tap(Tap::payloads);
    round_trip("[-4]", "4");
    router.tap(Tap::nothing);
    EXPECT_THAT(taken(), IsEmpty()) << "nobody looks any more";
}

TEST_F(RouterViewsTest, PayloadsAreKeptOnlyWhereTheyAreWanted)
{
    router.tap(Tap::heads);
    round_trip("[-4]", "4");
    auto taps = taken();
    ASSERT_THAT(taps, SizeIs(2));
    EXPECT_EQ(taps[0].bytes, 4U) << "what there was is told all the same";
    EXPECT_THAT(taps, Each(Field(&TapRecord::payload, std::nullopt)));
    router.tap(Tap::payloads);
    round_trip("[-4]", "4");
    taps = taken();
    ASSERT_THAT(taps, SizeIs(2));
    EXPECT_EQ(taps[0].payload, "[-4]");
    EXPECT_EQ(taps[1].payload, "4");
}

TEST_F(RouterViewsTest, WhatWaitsForTheMonitorIsBoundedInBytesAndTheRestCounted)
{
    router.tap(Tap::payloads);
    const std::string params = "\"" + std::string(wire::tap_payload_max, 'x') + "\"";
    const std::size_t fitting = wire::tap_bytes_max / (wire::tap_payload_max + 7); // with "math" and "abs"
    for (std::size_t i = 0; i < fitting + 3; ++i) {
        ask(caller, 1, math, "abs", params);
        frames(callee);
    }
    EXPECT_EQ(dropped(Drop::monitor), 3U);
    EXPECT_THAT(taken(), SizeIs(fitting));
    ask(caller, 1, math, "abs", params);
    EXPECT_THAT(taken(), SizeIs(1)) << "what has been taken makes room";
}

TEST_F(RouterViewsTest, LongNamesCountAsWell)
{
    router.tap(Tap::heads);
    const PeerId legacy = join();
    const std::string name(wire::tap_bytes_max / 4, 'n');
    const std::string call = invoke("math", R"(,"action":"OBJECT_ACTION_INVOKE","propertyName":")" + name + "\"");
    for (std::uint32_t id = 1; id <= 10; ++id) {
        send(legacy, id, call);
        received(callee), received(legacy);
    }
    EXPECT_THAT(taken(), SizeIs(3));
    EXPECT_EQ(dropped(Drop::monitor), 7U);
}

} // namespace
} // namespace pandora::hub::core::testing
