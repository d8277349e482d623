#include "tests/unit/hub/core/native_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace pandora::hub::core::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;
using wire::ControlVerb;
using wire::Status;
using wire::Verb;

constexpr std::string_view feed = R"({"objectName":"feed"})";

class RouterEventsTest : public NativeRouterTest {
protected:
    void subscribe(PeerId peer, std::string_view event, Overflow overflow = Overflow::drop_new, std::uint16_t queue = 0)
    {
        control(peer, ControlVerb::subscribe, 9, {.credit = queue, .act = static_cast<std::uint8_t>(overflow)},
                {.selector = feed, .name = event});
    }

    void publish_event(PeerId peer, std::string_view event, std::string_view params, std::uint8_t options = 0)
    {
        put(peer, 0, 0, {.verb = static_cast<std::uint8_t>(Verb::event), .options = options},
            {.selector = feed, .name = event}, params);
    }

    std::vector<std::string> payloads(PeerId peer)
    {
        std::vector<std::string> out;
        for (const auto& frame : frames(peer))
            if (frame.is(Verb::event)) out.push_back(frame.payload);
        return out;
    }

    static std::string subscribe_message(const std::string& event)
    {
        return R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"feed"},)"
               R"("action":"OBJECT_ACTION_SUBSCRIBE","broadcast":false,"register":")" +
               event + R"(","needReply":true}})";
    }
};

TEST_F(RouterEventsTest, ReachThoseWhoHaveSubscribedAndNobodyElse)
{
    const PeerId provider = native_provider("feed"), all = join_native(), some = join_native(), none = join_native();
    subscribe(all, "*");
    subscribe(some, "news/*");
    frames(all), frames(some);
    publish_event(provider, "news/today", "[1]");
    publish_event(provider, "weather", "[2]");
    EXPECT_THAT(payloads(all), ElementsAre("[1]", "[2]"));
    EXPECT_THAT(payloads(some), ElementsAre("[1]"));
    EXPECT_THAT(frames(none), IsEmpty());
}

TEST_F(RouterEventsTest, OfAnObjectThatTheSenderDoesNotPublishAreDropped)
{
    native_provider("feed");
    const PeerId impostor = join_native(), listener = join_native();
    subscribe(listener, "news");
    frames(listener);
    publish_event(impostor, "news", "[1]");
    EXPECT_THAT(frames(listener), IsEmpty());
    EXPECT_EQ(dropped(Drop::not_publisher), 1U);
}

TEST_F(RouterEventsTest, ASubscriptionEndsWithUnsubscribeOrItsClient)
{
    const PeerId provider = native_provider("feed"), one = join_native(), two = join_native();
    subscribe(one, "news");
    subscribe(two, "news");
    frames(one), frames(two);
    control(one, ControlVerb::unsubscribe, 10, {}, {.selector = feed, .name = "news"});
    EXPECT_EQ(only_status(one), Status::ok);
    router.disconnect(two, Disconnect::peer_closed, now);
    publish_event(provider, "news", "[1]");
    EXPECT_THAT(frames(one), IsEmpty());
    EXPECT_EQ(router.subscriptions(), 0U);
}

TEST_F(RouterEventsTest, TheLastValueComesFirstToThoseWhoComeLater)
{
    const PeerId provider = native_provider("feed"), late = join_native();
    publish_event(provider, "price", "[1]", wire::option::retain);
    publish_event(provider, "price", "[2]", wire::option::retain);
    subscribe(late, "price");
    publish_event(provider, "price", "[3]", wire::option::retain);
    const auto got = frames(late);
    ASSERT_THAT(got, SizeIs(3));
    EXPECT_TRUE(got[0].is(ControlVerb::subscribe));
    EXPECT_EQ(got[1].payload, "[2]");
    EXPECT_EQ(got[2].payload, "[3]");
    router.disconnect(provider, Disconnect::peer_closed, now);
    const PeerId latest = join_native();
    subscribe(latest, "price");
    EXPECT_THAT(frames(latest), SizeIs(1)) << "what was retained goes with its publisher";
}

TEST_F(RouterEventsTest, AnEmptyRetainedEventTakesTheValueBackAndIsToldToNobody)
{
    const PeerId provider = native_provider("feed"), early = join_native(), late = join_native();
    subscribe(early, "price");
    frames(early);
    publish_event(provider, "price", "[1]", wire::option::retain);
    publish_event(provider, "price", {}, wire::option::retain);
    EXPECT_THAT(payloads(early), ElementsAre("[1]"));
    subscribe(late, "price");
    EXPECT_THAT(payloads(late), IsEmpty());
}

TEST_F(RouterEventsTest, ASlowSubscriberLosesNewEventsAndIsToldHowMany)
{
    const PeerId provider = native_provider("feed"), slow = join_native();
    subscribe(slow, "news", Overflow::drop_new, 2);
    frames(slow);
    const std::string filling = "\"" + std::string(300 * 1024, 'x') + "\"";
    publish_event(provider, "news", filling); // more than a queue takes of events
    for (int i = 1; i <= 5; ++i) publish_event(provider, "news", std::to_string(i));
    EXPECT_EQ(dropped(Drop::overflow), 3U);
    EXPECT_THAT(payloads(slow), ElementsAre(filling, "1", "2")) << "reading makes room for those that waited";
    publish_event(provider, "news", "6");
    const auto after = frames(slow);
    ASSERT_THAT(after, SizeIs(2));
    EXPECT_TRUE(after[0].is(ControlVerb::overflow));
    EXPECT_EQ(after[0].block.deadline, 3U);
    EXPECT_EQ(after[1].payload, "6");
}

TEST_F(RouterEventsTest, EveryEventThatGoesNowhereIsCounted)
{
    const PeerId provider = native_provider("feed"), slow = join_native();
    subscribe(slow, "news", Overflow::drop_old);
    frames(slow);
    publish_event(provider, "news", "\"" + std::string(300 * 1024, 'x') + "\""); // more than a queue takes of events
    for (int i = 1; i <= 5; ++i) publish_event(provider, "news", std::to_string(i));
    EXPECT_EQ(dropped(Drop::overflow), 0U);
    subscribe(slow, "news", Overflow::drop_old, 2);
    publish_event(provider, "news", "6");
    EXPECT_EQ(dropped(Drop::overflow), 4U) << "so many made room for it";
    const std::uint64_t before = dropped(Drop::receiver_gone);
    const std::size_t queued = router.outbox(slow).frames();
    router.disconnect(slow, Disconnect::peer_closed, now);
    EXPECT_EQ(dropped(Drop::receiver_gone) - before, queued + 2) << "and those that waited for one that has gone";
}

TEST_F(RouterEventsTest, ASubscriberThatWantsNoneLostIsRatherDisconnected)
{
    const PeerId provider = native_provider("feed"), slow = join_native();
    subscribe(slow, "news", Overflow::disconnect, 1);
    frames(slow);
    publish_event(provider, "news", "\"" + std::string(300 * 1024, 'x') + "\"");
    for (int i = 1; i <= 2; ++i) publish_event(provider, "news", "1");
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::slow_reader));
}

TEST_F(RouterEventsTest, ANativeEventReachesLegacySubscribersAsABroadcast)
{
    const PeerId provider = native_provider("feed");
    const PeerId legacy = join();
    send(legacy, 1, publish(R"({"objectName":"feed@subscriber"})"));
    send(legacy, 2, subscribe_message("news"));
    received(legacy);
    const NativeReceived asked = only_frame(provider);
    EXPECT_EQ(asked.block.act, static_cast<std::uint8_t>(wire::Act::subscribe));
    answer_to(provider, asked.id, {});
    EXPECT_THAT(only(legacy), HasSubstr(R"("success":true)"));
    publish_event(provider, "news", "[1,2]");
    EXPECT_THAT(only(legacy), HasSubstr(R"("propertyName":"callback","data":["news",[1,2]])"));
}

TEST_F(RouterEventsTest, ALegacyEventReachesNativeSubscribersOfItsName)
{
    const PeerId provider = RouterHarness::provider("feed"), native = join_native();
    subscribe(native, "news");
    frames(native);
    EXPECT_THAT(only(provider), HasSubstr(R"("action":"OBJECT_ACTION_SUBSCRIBE")")) << "in the client's name";
    for (const char* event : {"news", "other"})
        send(provider, 5,
             R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"feed@subscriber"},)"
             R"("action":"OBJECT_ACTION_INVOKE","propertyName":"callback","data":[")" +
                 std::string{event} + R"(",[1]],"broadcast":true,"needReply":true}})");
    EXPECT_THAT(payloads(native), ElementsAre("[1]"));
}

TEST_F(RouterEventsTest, EachLegacyProviderIsAskedOnceForANativeSubscriber)
{
    const PeerId first = RouterHarness::provider("feed"), native = join_native();
    subscribe(native, "news");
    subscribe(native, "news");
    EXPECT_THAT(received(first), SizeIs(1));
    const PeerId second = RouterHarness::join();
    send(second, 1, publish(std::string{feed}));
    const auto got = received(second);
    ASSERT_THAT(got, SizeIs(2)) << "though the first one is there";
    EXPECT_THAT(got[0].body + got[1].body, HasSubstr("OBJECT_ACTION_SUBSCRIBE"));
    EXPECT_THAT(received(first), IsEmpty());
    control(native, ControlVerb::unsubscribe, 10, {}, {.selector = feed, .name = "news"});
    for (const PeerId provider : {first, second}) EXPECT_THAT(only(provider), HasSubstr("OBJECT_ACTION_UNSUBSCRIBE"));
}

TEST_F(RouterEventsTest, ALegacyProviderIsToldOfItsSubscribersEndAndAgainAfterItsOwnRestart)
{
    PeerId provider = RouterHarness::provider("feed");
    const PeerId consumer = join();
    send(consumer, 1, publish(R"({"objectName":"feed@subscriber"})"));
    send(consumer, 2, subscribe_message("news"));
    EXPECT_THAT(received(provider), SizeIs(1));
    router.disconnect(provider, Disconnect::peer_closed, now);
    provider = RouterHarness::join();
    send(provider, 1, publish(std::string{feed}));
    const auto got = received(provider);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_THAT(got[0].body + got[1].body, HasSubstr("OBJECT_ACTION_SUBSCRIBE"));
    router.disconnect(consumer, Disconnect::peer_closed, now);
    EXPECT_THAT(only(provider), HasSubstr("OBJECT_ACTION_UNSUBSCRIBE"));
}

TEST_F(RouterEventsTest, ALastValueThatAnotherPublisherReplacesIsNotChargedToTheFirstAnyMore)
{
    const PeerId first = native_provider("feed"), second = native_provider("feed");
    publish_event(first, "price", "[1]", wire::option::retain);
    publish_event(second, "price", "[2]", wire::option::retain);
    router.disconnect(first, Disconnect::peer_closed, now); // asserts that nothing is charged to it
    router.disconnect(second, Disconnect::peer_closed, now);
    EXPECT_EQ(router.charged_bytes(), 0U);
}

TEST_F(RouterEventsTest, LastValuesWaitLikeAllEventsForASubscriberWithoutCredit)
{
    const PeerId provider = native_provider("feed"), late = join_native(R"(,"credit":{"messages":1,"kib":64})");
    for (const char* event : {"a", "b", "c"}) publish_event(provider, event, "[1]", wire::option::retain);
    subscribe(late, "*");
    EXPECT_THAT(payloads(late), SizeIs(1));
    publish_event(provider, "a", "[2]");
    control(late, ControlVerb::credit, 0, {.credit = wire::credit_of(9, 9)});
    EXPECT_THAT(payloads(late), ElementsAre("[1]", "[1]", "[2]")) << "and before any newer one";
}

TEST_F(RouterEventsTest, WhoToldAnEventIsIntroducedBeforeItEvenIfItHadToWait)
{
    const PeerId provider = native_provider("feed");
    const PeerId late = join_native(R"(,"credit":{"messages":0,"kib":64})", "", true);
    publish_event(provider, "price", "[1]", wire::option::retain);
    subscribe(late, "*");
    publish_event(provider, "news", "[2]");
    router.disconnect(provider, Disconnect::peer_closed, now);
    control(late, ControlVerb::credit, 0, {.credit = wire::credit_of(9, 9)});
    const auto got = frames(late, true);
    const auto identity = std::ranges::find_if(got, [](const auto& one) { return one.is(ControlVerb::identity); });
    const auto event = std::ranges::find_if(got, [](const auto& one) { return one.is(Verb::event); });
    ASSERT_TRUE(identity < event && event != got.end());
    EXPECT_EQ(identity->block.src, event->block.src);
}

TEST_F(RouterEventsTest, OverflowNamesTheSubscriptionAsItWasNamed)
{
    const PeerId provider = native_provider("feed"), slow = join_native(R"(,"credit":{"messages":0,"kib":64})");
    subscribe(slow, "news", Overflow::drop_new, 1);
    frames(slow);
    for (int i = 0; i < 3; ++i) publish_event(provider, "news", "[1]");
    control(slow, ControlVerb::credit, 0, {.credit = wire::credit_of(9, 9)});
    publish_event(provider, "news", "[2]");
    const auto got = frames(slow);
    ASSERT_THAT(got, SizeIs(3));
    EXPECT_TRUE(got[1].is(ControlVerb::overflow));
    EXPECT_EQ(got[1].block.deadline, 2U);
    EXPECT_EQ(got[1].selector, feed);
    EXPECT_EQ(got[1].name, "news");
}

TEST_F(RouterEventsTest, OverflowOfATextNamesTheObjectOnlyAndThePatternAsItIs)
{
    struct Row {
        std::string_view selector, event, told;
    };

    for (const auto& [selector, event, told] : {Row{R"({ "objectTag":"t", "objectName":"feed" })", "news/*", "news/*"},
                                                Row{feed, "", ""}, Row{feed, "*", ""}}) {
        const PeerId provider = native_provider("feed"), slow = join_native(R"(,"credit":{"messages":0,"kib":64})");
        control(slow, ControlVerb::subscribe, 9, {.credit = 1}, {.selector = selector, .name = event});
        for (int i = 0; i < 2; ++i) publish_event(provider, "news/today", "[1]");
        control(slow, ControlVerb::credit, 0, {.credit = wire::credit_of(9, 9)});
        publish_event(provider, "news/today", "[2]");
        const auto got = frames(slow);
        ASSERT_THAT(got, SizeIs(4)) << event;
        EXPECT_TRUE(got[2].is(ControlVerb::overflow));
        EXPECT_EQ(got[2].selector, feed);
        EXPECT_EQ(got[2].name, told);
    }
}

TEST_F(RouterEventsTest, OverflowNamesAnObjectWhateverIsEscapedInItsName)
{
    for (const std::string escape : {R"(\n)", R"(\")", R"(\u0001)", R"(\ud83d)"}) {
        std::string name; // so long that its TLV has no room for a longer one
        while (name.size() + escape.size() <= 940) name += escape;
        const std::string selector = R"({"objectName":")" + name + R"("})";
        const PeerId provider = native_provider(name), slow = join_native(R"(,"credit":{"messages":0,"kib":64})");
        control(slow, ControlVerb::subscribe, 9, {.credit = 1}, {.selector = selector, .name = "news"});
        EXPECT_EQ(only_status(slow), Status::ok) << escape;
        const auto emit = [&] {
            put(provider, 0, 0, {.verb = static_cast<std::uint8_t>(Verb::event)},
                {.selector = selector, .name = "news"}, "[1]");
        };
        for (int i = 0; i < 3; ++i) emit();
        control(slow, ControlVerb::credit, 0, {.credit = wire::credit_of(9, 9)});
        emit();
        const auto got = frames(slow);
        ASSERT_THAT(got, SizeIs(3)) << escape;
        EXPECT_EQ(got[1].selector, selector);
    }
}

TEST_F(RouterEventsTest, AnEventIsShownToAMonitorWhateverIsLookedUpForIt)
{
    const PeerId provider = native_provider("feed");
    control(provider, ControlVerb::intern, 5, {.act = 0}, {}, feed);
    const std::uint32_t dst = only_frame(provider).block.dst;
    for (int i = 0; i < 100; ++i) // so that the next one moves the table of targets
        control(provider, ControlVerb::intern, 6, {.act = 1}, {}, "name " + std::to_string(i));
    control(provider, ControlVerb::intern, 7, {.act = 0}, {}, R"({"objectName":"feed@subscriber"})");
    router.tap(Tap::heads);
    put(provider, 0, 0, {.verb = static_cast<std::uint8_t>(Verb::event), .dst = dst}, {.name = "news"}, "[1]");
    std::vector<TapRecord> taps;
    router.take_taps(taps);
    ASSERT_THAT(taps, SizeIs(1));
    EXPECT_EQ(taps[0].object, "feed");
}

TEST_F(RouterEventsTest, WhoeverListensCountsInEitherDialectAndForThatEventAlone)
{
    RouterHarness::provider("feed");
    const PeerId legacy = join(), native = join_native();
    EXPECT_FALSE(router.has_subscribers("feed", "news"));
    send(legacy, 2, subscribe_message("news"));
    EXPECT_TRUE(router.has_subscribers("feed", "news"));
    EXPECT_FALSE(router.has_subscribers("feed", "weather"));
    router.disconnect(legacy, Disconnect::peer_closed, now);
    EXPECT_FALSE(router.has_subscribers("feed", "news"));
    subscribe(native, "w*");
    EXPECT_TRUE(router.has_subscribers("feed", "weather"));
}

} // namespace
} // namespace pandora::hub::core::testing
