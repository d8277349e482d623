// Direct channels and shared memory, as their clients see them.
#include "tests/unit/hub/core/native_fixture.hpp"

#include <gmock/gmock.h>

namespace pandora::hub::core::testing {
namespace {

using ::testing::SizeIs;
using wire::ControlVerb;
using wire::Status;
using wire::Verb;

constexpr const char* channel_feature = R"(,"features":["channel"])";
constexpr const char* pool_feature = R"(,"features":["pool"])";

class RouterChannelsTest : public NativeRouterTest {
protected:
    std::vector<ChannelWanted> wanted()
    {
        std::vector<ChannelWanted> out;
        router.take_channels(out);
        return out;
    }

    void announce(PeerId owner, std::uint32_t number, std::uint64_t bytes = 4096)
    {
        const std::array<Fd, 1> fds{fd};
        put(owner, wire::flag::control | wire::flag::oneway | wire::flag::fds, 0,
            {.verb = static_cast<std::uint8_t>(ControlVerb::pool), .nfds = 1, .dst = number, .deadline = bytes}, {}, {},
            fds);
    }

    void ask_pooled(PeerId caller, std::uint32_t id, const wire::SharedPlace& place, wire::RoutingBlock block = {})
    {
        put(caller, wire::flag::request, id, block, {.selector = math, .name = "m", .shared = place}, {});
    }

    void release(PeerId from, std::uint32_t owner, std::uint32_t pool, std::uint32_t offset)
    {
        put(from, wire::flag::control | wire::flag::oneway, 0,
            {.verb = static_cast<std::uint8_t>(ControlVerb::release), .dst = pool, .src = owner, .method = offset});
    }

    Fd fd = std::make_shared<const int>(7);
};

TEST_F(RouterChannelsTest, BothGetAnEndAndTheOthersHandle)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    control(caller, ControlVerb::open_channel, 5, {}, {.selector = math});
    const auto asked = wanted();
    ASSERT_THAT(asked, SizeIs(1));
    EXPECT_THAT(frames(caller), IsEmpty()) << "until the edge has made one";
    router.opened(asked[0], fd, fd, now);
    const NativeReceived answer = only_frame(caller), notice = only_frame(callee);
    EXPECT_EQ(answer.id, 5U);
    EXPECT_EQ(answer.status(), Status::ok);
    EXPECT_EQ(answer.block.nfds, 1U);
    EXPECT_EQ(answer.block.src, asked[0].callee_handle);
    EXPECT_TRUE(notice.is(ControlVerb::channel));
    EXPECT_EQ(notice.block.src, asked[0].caller_handle);
    EXPECT_EQ(notice.block.method, answer.block.method) << "the channel's number";
    EXPECT_EQ(router.channels(), 1U);
    EXPECT_EQ(fd.use_count(), 1) << "both have been written, and the hub keeps none";
}

TEST_F(RouterChannelsTest, WhoCannotHaveOneIsTold)
{
    const PeerId plain = join_native(), able = join_native(channel_feature);
    control(able, ControlVerb::open_channel, 1, {}, {.selector = math});
    EXPECT_EQ(only_status(able), Status::no_route);
    native_provider("math");
    RouterHarness::provider("math");
    control(able, ControlVerb::open_channel, 2, {}, {.selector = math});
    EXPECT_EQ(only_status(able), Status::unsupported) << "nobody with the feature";
    control(plain, ControlVerb::open_channel, 3, {}, {.selector = math});
    EXPECT_EQ(only_status(plain), Status::unsupported);
    control(able, ControlVerb::open_channel, 4, {}, {.selector = "{"});
    EXPECT_EQ(only_status(able), Status::invalid);
    EXPECT_THAT(wanted(), IsEmpty());
}

TEST_F(RouterChannelsTest, OneThatComesTooLateIsNotOpened)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    for (std::uint32_t id : {1, 2}) control(caller, ControlVerb::open_channel, id, {}, {.selector = math});
    const auto asked = wanted();
    router.disconnect(callee, Disconnect::peer_closed, now);
    native_provider("math", channel_feature); // in the same place
    router.opened(asked[0], fd, fd, now);
    EXPECT_EQ(only_status(caller), Status::busy);
    router.disconnect(caller, Disconnect::peer_closed, now);
    router.opened(asked[1], fd, fd, now);
    EXPECT_EQ(router.channels(), 0U);
    EXPECT_EQ(fd.use_count(), 1);
}

TEST_F(RouterChannelsTest, TheOtherEndHearsWhenOneIsGone)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    control(caller, ControlVerb::open_channel, 5, {}, {.selector = math});
    router.opened(wanted().at(0), fd, fd, now);
    const std::uint32_t number = only_frame(caller).block.method;
    router.disconnect(callee, Disconnect::peer_closed, now);
    const NativeReceived notice = only_frame(caller);
    EXPECT_TRUE(notice.is(ControlVerb::channel));
    EXPECT_EQ(notice.status(), Status::peer_gone);
    EXPECT_EQ(notice.block.method, number);
    EXPECT_EQ(router.channels(), 0U);
}

TEST_F(RouterChannelsTest, AStormOfThemCostsNobodyItsConnection)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    for (std::uint32_t id = 1; id <= 200; ++id) control(caller, ControlVerb::open_channel, id, {}, {.selector = math});
    for (const ChannelWanted& one : wanted()) router.opened(one, fd, fd, now);
    EXPECT_THAT(close_asked(), IsEmpty());
    EXPECT_LE(router.outbox(callee).fds(), wire::Limits{}.fds_queued_max);
    EXPECT_THAT(frames(caller), SizeIs(200)) << "each is answered";
}

TEST_F(RouterChannelsTest, APoolIsIntroducedBeforeItsFirstMessageOnly)
{
    const PeerId callee = native_provider("math", pool_feature), caller = join_native(pool_feature);
    announce(caller, 1);
    ask_pooled(caller, 5, {1, 64, 16});
    ask_pooled(caller, 6, {1, 128, 16});
    const auto got = frames(callee);
    ASSERT_THAT(got, SizeIs(3));
    EXPECT_TRUE(got[0].is(ControlVerb::pool));
    EXPECT_EQ(got[0].block.dst, 1U);
    EXPECT_EQ(got[0].block.deadline, 4096U);
    EXPECT_EQ(got[0].block.src, got[1].block.src);
    EXPECT_TRUE(got[2].is(Verb::invoke));
}

TEST_F(RouterChannelsTest, APlaceComesBackWhenItIsReleasedOrItsReceiverHasGone)
{
    const PeerId callee = native_provider("math", pool_feature), caller = join_native(pool_feature);
    announce(caller, 1);
    ask_pooled(caller, 5, {1, 64, 16});
    ask_pooled(caller, 6, {1, 128, 16});
    const std::uint32_t owner = frames(callee).at(0).block.src;
    release(callee, owner, 1, 64);
    EXPECT_EQ(only_frame(caller).block.method, 64U);
    release(callee, owner, 1, 64);
    EXPECT_THAT(frames(caller), IsEmpty()) << "twice";
    router.disconnect(callee, Disconnect::peer_closed, now);
    const auto got = frames(caller);
    EXPECT_EQ(std::ranges::count_if(got, [](const auto& one) { return one.is(ControlVerb::release); }), 1);
}

TEST_F(RouterChannelsTest, WhatCannotBeSharedIsUnsupported)
{
    const PeerId caller = join_native(pool_feature);
    announce(caller, 1);
    RouterHarness::provider("math");
    ask_pooled(caller, 1, {1, 0, 16});
    EXPECT_EQ(only_status(caller), Status::unsupported) << "a legacy callee";
    native_provider("math", pool_feature);

    struct Row {
        wire::SharedPlace place;
        wire::RoutingBlock block;
    };

    for (const auto& [place, block] :
         {Row{{9, 0, 16}, {}}, Row{{1, 4096, 1}, {}}, Row{{1, 4097, 0}, {}}, Row{{1, 0xFFFFFFFF, 0xFFFFFFFF}, {}},
          Row{{1, 0, 16}, {.verb = static_cast<std::uint8_t>(Verb::multi)}},
          Row{{1, 0, 16}, {.verb = static_cast<std::uint8_t>(Verb::shout)}}}) {
        ask_pooled(caller, 2, place, block);
        EXPECT_EQ(only_status(caller), Status::unsupported) << place.pool << " " << place.offset;
    }
}

TEST_F(RouterChannelsTest, ACallInSharedMemoryIsNotGivenTwice)
{
    const PeerId first = native_provider("math", pool_feature), caller = join_native(pool_feature);
    announce(caller, 1);
    ask_pooled(caller, 5, {1, 64, 16}, {.options = wire::option::idempotent});
    EXPECT_THAT(frames(first), SizeIs(2));
    const PeerId second = native_provider("math", pool_feature);
    router.disconnect(first, Disconnect::peer_closed, now);
    EXPECT_THAT(frames(second), IsEmpty()) << "the place is its owner's again";
    const auto got = frames(caller);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_EQ(got[0].status(), Status::peer_gone);
    EXPECT_TRUE(got[1].is(ControlVerb::release));
}

TEST_F(RouterChannelsTest, AnAnswerInSharedMemoryReachesWhoCanReadIt)
{
    const PeerId callee = native_provider("math", pool_feature);
    const PeerId able = join_native(pool_feature), unable = join_native();
    announce(callee, 3);
    for (const PeerId caller : {able, unable}) {
        ask(caller, 1, math, "m");
        put(callee, 0, only_frame(callee).id, {.verb = static_cast<std::uint8_t>(Verb::reply)},
            {.shared = wire::SharedPlace{3, 0, 8}}, {});
    }
    const auto got = frames(able);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_TRUE(got[0].is(ControlVerb::pool));
    EXPECT_EQ(got[1].status(), Status::ok);
    EXPECT_EQ(only_status(unable), Status::unsupported);
}

TEST_F(RouterChannelsTest, WhoKnowsAPoolIsToldWhenItIsWithdrawn)
{
    const PeerId callee = native_provider("math", pool_feature), caller = join_native(pool_feature);
    announce(caller, 1);
    ask_pooled(caller, 5, {1, 64, 16});
    frames(callee);
    put(caller, wire::flag::control | wire::flag::oneway, 0,
        {.verb = static_cast<std::uint8_t>(ControlVerb::pool), .dst = 1});
    const NativeReceived notice = only_frame(callee);
    EXPECT_TRUE(notice.is(ControlVerb::pool));
    EXPECT_EQ(notice.block.deadline, 0U);
    EXPECT_EQ(fd.use_count(), 1);
}

} // namespace
} // namespace pandora::hub::core::testing
