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
        control(owner, ControlVerb::pool, 0, {.dst = number, .deadline = bytes}, {}, {}, fds);
    }

    void ask_pooled(PeerId caller, std::uint32_t id, const wire::SharedPlace& place, wire::RoutingBlock block = {})
    {
        put(caller, wire::flag::request, id, block, {.selector = math, .name = "m", .shared = place}, {});
    }

    void release(PeerId from, std::uint32_t owner, std::uint32_t pool, std::uint32_t offset)
    {
        control(from, ControlVerb::release, 0, {.dst = pool, .src = owner, .method = offset});
    }

    /// Why a message in shared memory went nowhere, and that its place is free again.
    Status refused(PeerId sender)
    {
        const auto got = frames(sender);
        EXPECT_THAT(got, SizeIs(2));
        EXPECT_TRUE(!got.empty() && got.back().is(ControlVerb::release));
        return got.empty() ? Status{} : got.front().status();
    }

    /// It is told that the hub does not keep this pool, and of whose handle.
    std::uint32_t expect_no_pool(PeerId owner, std::uint32_t number)
    {
        const NativeReceived told = only_frame(owner);
        EXPECT_TRUE(told.is(ControlVerb::pool));
        EXPECT_EQ(told.block.dst, number);
        EXPECT_EQ(told.block.deadline, 0U);
        return told.block.src;
    }

    /// A channel from the caller to somebody who publishes math. Its number; what came with it is taken.
    std::uint32_t open(PeerId caller, PeerId callee)
    {
        control(caller, ControlVerb::open_channel, 5, {}, {.selector = math});
        router.opened(wanted().at(0), fd, fd, now);
        frames(callee);
        return only_frame(caller).block.method;
    }

    void report(PeerId teller, std::uint32_t channel, Status is = Status::ok)
    {
        control(teller, ControlVerb::report, 0, {.status = static_cast<std::uint8_t>(is), .method = channel}, {},
                R"({"calls":1})");
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

TEST_F(RouterChannelsTest, PeopleAreShownWhatBothEndsHaveTold)
{
    const PeerId callee = native_provider("math", channel_feature, "calc"),
                 caller = join_native(channel_feature, "web");
    const std::uint32_t id = open(caller, callee);
    const auto tell = [&](PeerId teller, std::string_view totals) {
        control(teller, ControlVerb::report, 0, {.method = id}, {}, totals);
    };
    tell(caller, R"({"calls":3,"errors":1,"bytes_sent":70,"bytes_received":40})");
    tell(caller, R"({"calls":"many"})");
    tell(callee, R"({"calls":2,"bytes_sent":41,"bytes_received":71})");
    now += 1500ms;
    const auto shown = router.direct_channels(now);
    ASSERT_THAT(shown, SizeIs(1));
    const ChannelInfo& channel = shown.front();
    EXPECT_EQ(channel.id, ChannelId{id});
    EXPECT_EQ(channel.object, "math");
    EXPECT_EQ(channel.age, 1500ms);
    EXPECT_EQ(channel.caller.identity.process, "web");
    EXPECT_EQ(channel.callee.identity.process, "calc");
    EXPECT_EQ(channel.caller.told, (ChannelReport{3, 1, 70, 40}));
    EXPECT_EQ(channel.callee.told, (ChannelReport{2, 0, 41, 71}));
    report(caller, id, Status::peer_gone);
    EXPECT_THAT(router.direct_channels(now), IsEmpty());
}

TEST_F(RouterChannelsTest, OfTheNameOfAnObjectWholeCharactersAreShown)
{
    std::string name = "x";
    for (int i = 0; i < 200; ++i) name += "\xC3\xA4"; // one character
    const std::string selector = R"({"objectName":")" + name + "\"}";
    native_provider(name, channel_feature);
    control(join_native(channel_feature), ControlVerb::open_channel, 5, {}, {.selector = selector});
    router.opened(wanted().at(0), fd, fd, now);
    EXPECT_EQ(router.direct_channels(now).at(0).object, name.substr(0, wire::channel_object_bytes_max - 1));
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

TEST_F(RouterChannelsTest, OneByAKeyWaitsForNobodyElseWhereItsCalleeIsFull)
{
    const PeerId caller = join_native(channel_feature);
    native_provider("math", R"(,"features":["channel"],"credit":{"messages":1,"kib":64})");
    control(caller, ControlVerb::open_channel, 1, {}, {.selector = math, .sticky = "key"});
    EXPECT_THAT(wanted(), SizeIs(1));
    ask(caller, 2, math, "m");
    control(caller, ControlVerb::open_channel, 3, {}, {.selector = math, .sticky = "key"});
    EXPECT_EQ(only_status(caller), Status::busy);
    EXPECT_THAT(wanted(), IsEmpty());
}

TEST_F(RouterChannelsTest, OneThatComesTooLateIsNotOpened)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    for (std::uint32_t id : {1U, 2U}) control(caller, ControlVerb::open_channel, id, {}, {.selector = math});
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

TEST_F(RouterChannelsTest, TheCalleeIsToldForWhichObjectAsTheCallerHasNamedIt)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    control(caller, ControlVerb::open_channel, 5, {}, {.selector = math});
    router.opened(wanted().at(0), fd, fd, now);
    EXPECT_EQ(only_frame(callee).selector, math);

    frames(caller);
    const std::string long_one =
        R"({"objectName":"math","note":")" + std::string(2'000, 'x') + R"("})"; // of a TLV's length it is not
    control(caller, ControlVerb::intern, 6, {.act = 0}, {}, long_one);
    const std::uint32_t number = only_frame(caller).block.dst;
    control(caller, ControlVerb::open_channel, 7, {.dst = number});
    router.opened(wanted().at(0), fd, fd, now);
    const auto got = frames(callee, true);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_TRUE(got[0].is(ControlVerb::named));
    EXPECT_EQ(got[1].block.dst, number);
    EXPECT_EQ(got[1].selector, "");
}

TEST_F(RouterChannelsTest, OneThatASideSaysIsOverIsForgottenAndTheOtherTold)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    for (const auto& [teller, other] : {std::pair{caller, callee}, std::pair{callee, caller}}) {
        const std::uint32_t number = open(caller, callee);
        report(teller, number);
        EXPECT_EQ(router.channels(), 1U) << "it goes on";
        report(teller, number, Status::peer_gone);
        EXPECT_EQ(router.channels(), 0U);
        const NativeReceived notice = only_frame(other);
        EXPECT_TRUE(notice.is(ControlVerb::channel));
        EXPECT_EQ(notice.status(), Status::peer_gone);
        EXPECT_EQ(notice.block.method, number);
        report(other, number, Status::peer_gone); // which it had on its way
        EXPECT_THAT(frames(teller), IsEmpty());
    }
    EXPECT_EQ(dropped(Drop::wrong_shape), 0U);
}

TEST_F(RouterChannelsTest, AsManyAsOneLikesCanFollowEachOther)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    for (int i = 0; i < 200; ++i) report(caller, open(caller, callee), Status::peer_gone);
    EXPECT_EQ(router.channels(), 0U);
}

TEST_F(RouterChannelsTest, OneThatLeadsToWhatItsCallerMayNotCallIsEnded)
{
    router.set_policy(Policy{{{.allow = false, .verb = PolicyVerb::call, .objects = {"till"}}}}, false);
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    const std::uint32_t number = open(caller, callee);
    send(callee, 9, publish(R"({"objectName":"abacus"})"));
    received(callee);
    EXPECT_EQ(router.channels(), 1U);

    send(callee, 9, publish(R"({"objectName":"till"})"));
    EXPECT_EQ(router.channels(), 0U);
    const NativeReceived told = only_frame(caller);
    EXPECT_TRUE(told.is(ControlVerb::channel));
    EXPECT_EQ(told.status(), Status::denied);
    EXPECT_EQ(told.block.method, number);
    EXPECT_THAT(received(callee), SizeIs(2)) << "the same, and the answer to its publication";
}

TEST_F(RouterChannelsTest, OneThatIsDeniedByTheTimeItIsMadeEndsAtOnce)
{
    router.set_policy(Policy{{{.allow = false, .verb = PolicyVerb::call, .objects = {"till"}}}}, false);
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    control(caller, ControlVerb::open_channel, 5, {}, {.selector = math});
    send(callee, 9, publish(R"({"objectName":"till"})"));
    router.opened(wanted().at(0), fd, fd, now);
    EXPECT_EQ(router.channels(), 0U);
    EXPECT_EQ(frames(caller).back().status(), Status::denied);
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

TEST_F(RouterChannelsTest, OfManyThatAreWantedAtOnceOneClientGetsAsManyAsItMayHave)
{
    const PeerId callee = native_provider("math", channel_feature), caller = join_native(channel_feature);
    const std::uint32_t most = wire::channels_of_client_max;
    for (std::uint32_t id = 1; id <= most + 1; ++id)
        control(caller, ControlVerb::open_channel, id, {}, {.selector = math});
    Status last{};
    for (const ChannelWanted& one : wanted()) {
        router.opened(one, fd, fd, now);
        last = only_status(caller);
        frames(callee); // room for the next descriptor
    }
    EXPECT_EQ(last, Status::busy);
    EXPECT_EQ(router.channels(), most);
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
    EXPECT_EQ(refused(caller), Status::unsupported) << "a legacy callee";
    native_provider("math", pool_feature);
    for (const auto verb : {Verb::multi, Verb::shout}) {
        ask_pooled(caller, 2, {1, 0, 16}, {.verb = static_cast<std::uint8_t>(verb)});
        EXPECT_EQ(refused(caller), Status::unsupported);
    }
}

TEST_F(RouterChannelsTest, WhatStandsInNoPoolCannotBeShared)
{
    const PeerId callee = native_provider("math", pool_feature), caller = join_native(pool_feature);
    announce(caller, 1);
    for (const wire::SharedPlace& place :
         {wire::SharedPlace{9, 0, 16}, wire::SharedPlace{1, 4096, 1}, wire::SharedPlace{1, 4097, 0},
          wire::SharedPlace{1, 0xFFFFFFFF, 0xFFFFFFFF}}) {
        ask_pooled(caller, 2, place);
        EXPECT_EQ(refused(caller), Status::unsupported) << place.pool << " " << place.offset;
    }
    ask(caller, 3, math, "m");
    put(callee, 0, only_frame(callee).id, {.verb = static_cast<std::uint8_t>(Verb::reply)},
        {.shared = wire::SharedPlace{1, 0, 8}}, {});
    EXPECT_EQ(only_status(caller), Status::busy) << "the pool of that number is another's, and the callee has acted";
}

TEST_F(RouterChannelsTest, APoolThatCannotBeIsCountedAndItsOwnerIsTold)
{
    const PeerId callee = native_provider("math", pool_feature), caller = join_native(pool_feature);
    for (std::uint32_t number = 1; number <= 5; ++number) announce(caller, number);
    EXPECT_EQ(dropped(Drop::wrong_shape), 1U) << "there are four";
    const std::uint32_t own_handle = expect_no_pool(caller, 5);
    announce(callee, 1, wire::pool_bytes_max + 1);
    EXPECT_EQ(dropped(Drop::wrong_shape), 2U);
    expect_no_pool(callee, 1);
    announce(caller, 4);
    EXPECT_EQ(dropped(Drop::wrong_shape), 3U) << "there is one of that number";
    EXPECT_THAT(frames(caller), IsEmpty());
    fd = nullptr; // as the edge says of a descriptor that is no such memory
    announce(callee, 1);
    EXPECT_EQ(dropped(Drop::wrong_shape), 4U);
    expect_no_pool(callee, 1);
    ask_pooled(caller, 7, {5, 0, 16});
    const auto got = frames(caller);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_EQ(got[0].status(), Status::unsupported);
    EXPECT_TRUE(got[1].is(ControlVerb::release));
    EXPECT_EQ(got[1].block.src, own_handle) << "which stands for it here as well";
    ask_pooled(caller, 8, {4, 0, 16});
    EXPECT_THAT(frames(callee), SizeIs(2)) << "the other four are as they were";
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
    control(caller, ControlVerb::pool, 0, {.dst = 1});
    const NativeReceived notice = only_frame(callee);
    EXPECT_TRUE(notice.is(ControlVerb::pool));
    EXPECT_EQ(notice.block.deadline, 0U);
    EXPECT_EQ(fd.use_count(), 1);
}

TEST_F(RouterChannelsTest, PoolsAndPlacesAreChargedToTheirOwnerAndGivenBackOnce)
{
    const PeerId callee = native_provider("math", pool_feature), caller = join_native(pool_feature);
    const std::size_t before = router.charged_bytes();
    announce(caller, 1);
    EXPECT_EQ(router.descriptors(), 1U);
    EXPECT_GT(router.charged_bytes(), before);
    ask_pooled(caller, 5, {1, 64, 16});
    ask_pooled(caller, 6, {1, 128, 16});
    EXPECT_EQ(router.descriptors(), 2U) << "the pool on its way to the callee";
    const auto got = frames(callee);
    EXPECT_EQ(router.descriptors(), 1U);
    for (std::size_t i : {1U, 2U}) answer_to(callee, got.at(i).id, "1");
    frames(caller);
    const std::size_t two = router.charged_bytes();
    release(callee, got.at(0).block.src, 1, 64);
    frames(caller);
    EXPECT_EQ(router.charged_bytes(), two - Pools::place_bytes);
    router.disconnect(caller, Disconnect::peer_closed, now);
    frames(callee);
    EXPECT_EQ(router.descriptors(), 0U);
    router.disconnect(callee, Disconnect::peer_closed, now);
    EXPECT_EQ(router.charged_bytes(), 0U);
}

TEST_F(RouterChannelsTest, OneUsersDescriptorsAreBoundedHoweverManyConnectionsItHas)
{
    native_provider();
    PeerId last{};
    const std::size_t most = wire::Limits{}.fds_max / 2;
    for (std::size_t i = 0; i < most / wire::pools_of_client_max + 1; ++i) {
        last = join_native(pool_feature);
        for (std::uint32_t number = 1; number <= wire::pools_of_client_max; ++number) announce(last, number);
    }
    EXPECT_EQ(router.descriptors(), most);
    EXPECT_EQ(dropped(Drop::descriptors), wire::pools_of_client_max);
    EXPECT_THAT(frames(last), SizeIs(wire::pools_of_client_max)) << "of each it is told";
    const std::array<Fd, 1> fds{fd};
    put(last, wire::flag::request | wire::flag::fds, 7, {.nfds = 1}, {.selector = math}, "[]", fds);
    EXPECT_EQ(only_status(last), Status::busy);
    ask(last, 8, math, "m");
    EXPECT_THAT(frames(last), IsEmpty()) << "a call without descriptors is given";
}

} // namespace
} // namespace pandora::hub::core::testing
