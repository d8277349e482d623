#include "tests/unit/hub/core/native_fixture.hpp"

#include <gmock/gmock.h>

#include <set>

namespace pandora::hub::core::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;
using wire::ControlVerb;
using wire::Status;
using wire::Verb;

TEST_F(NativeRouterTest, IsNegotiatedAsTheClientGoesOnline)
{
    const PeerId peer = join();
    send(peer, 1,
         R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{},"needReply":true,)"
         R"("native":{"v":3,"features":["pool","later"]}}})");
    EXPECT_THAT(only(peer), HasSubstr(R"("native":{"v":1,"handle":)"));
    EXPECT_TRUE(router.speaks_native(peer));
}

TEST_F(NativeRouterTest, AClientThatOffersNoVersionOfItStaysLegacy)
{
    for (const char* offer : {R"({"v":0})", R"({})", "true", "[1]", R"({"v":"1"})"}) {
        const PeerId peer = join();
        send(peer, 1,
             R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":1},"native":)" + std::string{offer} +
                 "}}");
        EXPECT_EQ(only(peer), ok(1)) << offer;
        EXPECT_FALSE(router.speaks_native(peer)) << offer;
    }
}

TEST_F(NativeRouterTest, AMessageInJsonIsRefusedOnceTheClientIsNative)
{
    native_provider();
    const PeerId caller = join_native();
    send(caller, 7, invoke("math"));
    EXPECT_THAT(only(caller), HasSubstr(R"("response_callback_7","data":{"success":false)"));
    EXPECT_EQ(dropped(Drop::wrong_shape), 1U);
}

TEST_F(NativeRouterTest, APassedOnCallHasTheHubsIdSourceAndDeadlineAndIsElseAsItCame)
{
    const PeerId callee = native_provider(), caller = join_native();
    ask(caller, 77, math, "abs", "[-4]", {.src = 4711, .schema = 9});
    const NativeReceived call = only_frame(callee);
    EXPECT_TRUE(call.is(Verb::invoke));
    EXPECT_EQ(call.flags, wire::flag::native | wire::flag::request);
    EXPECT_EQ(call.selector, math);
    EXPECT_EQ(call.name, "abs");
    EXPECT_EQ(call.payload, "[-4]");
    EXPECT_NE(call.block.src, 4711U);
    EXPECT_NE(call.block.src, 0U);
    EXPECT_EQ(call.block.schema, 9U);
    EXPECT_EQ(call.block.deadline, nanoseconds(now + wire::Limits{}.call_timeout));

    answer_to(callee, call.id, "4");
    const NativeReceived answer = only_frame(caller);
    EXPECT_TRUE(answer.is(Verb::reply));
    EXPECT_EQ(answer.id, 77U);
    EXPECT_EQ(answer.payload, "4");
    EXPECT_EQ(answer.status(), Status::ok);
    EXPECT_EQ(ended(CallEnd::ok), 1U);
}

TEST_F(NativeRouterTest, NumbersStandForTextsAndAreIntroducedBeforeTheyAreUsed)
{
    const PeerId callee = native_provider(), caller = join_native();
    control(caller, ControlVerb::intern, 5, {.act = 0}, {}, math);
    const std::uint32_t dst = only_frame(caller).block.dst;
    control(caller, ControlVerb::intern, 6, {.act = 1}, {}, "abs");
    const std::uint32_t method = only_frame(caller).block.dst;
    for (std::uint32_t id = 7; id < 9; ++id) ask(caller, id, {}, {}, "[]", {.dst = dst, .method = method});

    const auto got = frames(callee, true);
    ASSERT_THAT(got, SizeIs(4));
    EXPECT_TRUE(got[0].is(ControlVerb::named));
    EXPECT_EQ(got[0].block.dst, dst);
    EXPECT_EQ(got[0].payload, math);
    EXPECT_TRUE(got[1].is(ControlVerb::named));
    EXPECT_EQ(got[1].payload, "abs");
    EXPECT_EQ(got[2].block.dst, dst);
    EXPECT_EQ(got[3].block.method, method);
}

TEST_F(NativeRouterTest, ANumberThatNobodyWasGivenIsInvalid)
{
    native_provider();
    const PeerId caller = join_native();
    ask(caller, 1, {}, {}, "[]", {.dst = 999});
    EXPECT_EQ(only_status(caller), Status::invalid);
    ask(caller, 2, math, {}, "[]", {.method = 999});
    EXPECT_EQ(only_status(caller), Status::invalid);
}

TEST_F(NativeRouterTest, SourcesAreIntroducedToThoseWhoWantToKnow)
{
    const PeerId caller = join_native();
    const PeerId callee = join_native("", "web", true);
    send(callee, 2, publish(std::string{math}));
    received(callee);
    ask(caller, 1, math, "abs");
    ask(caller, 2, math, "abs");
    const auto got = frames(callee, true);
    ASSERT_THAT(got, SizeIs(3)) << "once is enough";
    EXPECT_TRUE(got[0].is(ControlVerb::identity));
    EXPECT_EQ(got[0].block.src, got[1].block.src);
    EXPECT_THAT(got[0].payload, HasSubstr(R"("pid":4711)"));
}

TEST_F(NativeRouterTest, WhoTakesAnothersHandleIsIntroducedAllTheSame)
{
    const PeerId callee = join_native("", "web", true);
    send(callee, 2, publish(std::string{math}));
    received(callee);
    PeerId caller = join_native();
    ask(caller, 1, math, "abs");
    const std::uint32_t handle = frames(callee).front().block.src;
    for (int i = 0; i < 4095; ++i) { // after so many the handles of a slot begin anew
        router.disconnect(caller, Disconnect::peer_closed, now);
        caller = join_native();
    }
    frames(callee);
    ask(caller, 1, math, "abs");
    const auto got = frames(callee, true);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_TRUE(got[0].is(ControlVerb::identity));
    EXPECT_EQ(got[1].block.src, handle);
}

TEST_F(NativeRouterTest, WhatIsUnknownIsUnsupportedAndWhatMakesNoSenseInvalid)
{
    native_provider();
    const PeerId caller = join_native();
    ask(caller, 1, math, "m", "[]", {.verb = 9});
    EXPECT_EQ(only_status(caller), Status::unsupported);
    ask(caller, 2, math, "m", "[]", {.options = 0x80});
    EXPECT_EQ(only_status(caller), Status::unsupported);
    ask(caller, 3, math, "m", "[]", {.act = 99});
    EXPECT_EQ(only_status(caller), Status::unsupported);
    ask(caller, 4, "{", "m");
    EXPECT_EQ(only_status(caller), Status::invalid);
    ask(caller, 5, {}, "m");
    EXPECT_EQ(only_status(caller), Status::invalid);
    put(caller, wire::flag::control | wire::flag::request, 6, {.verb = 99});
    EXPECT_EQ(only_status(caller), Status::unsupported);
    control(caller, ControlVerb{99}, 7);
    EXPECT_THAT(frames(caller), IsEmpty()) << "it was one-way";
    EXPECT_THAT(close_asked(), IsEmpty());
}

TEST_F(NativeRouterTest, FramesThatCannotBeReadEndTheConnection)
{
    using namespace wire::flag;

    const struct {
        std::uint8_t flags;
        std::string body;
    } broken[] = {
        {native, "too short"},
        {native | reserved, std::string(32, '\x08')},
        {native | request | oneway, std::string{"\0\x08", 2} + std::string(30, '\0')},
        {native, std::string{"\0\x07", 2} + std::string(30, '\0')},
        {native, std::string{"\0\x09", 2} + std::string(30, '\0')},
        {native, std::string{"\0\x09", 2} + std::string(30, '\0') + std::string{"\1\0\0\5", 4}},
        {native | fds, std::string{"\0\x08\0\1", 4} + std::string(28, '\0')},
    };

    for (const auto& [flags, body] : broken) {
        const PeerId peer = join_native();
        router.receive(peer, {{flags, 1, static_cast<std::uint32_t>(body.size())}, body}, now);
        EXPECT_THAT(close_asked(), ElementsAre(Disconnect::protocol_error)) << int{flags} << " " << body.size();
    }
}

TEST_F(NativeRouterTest, NobodyThereIsToldAtOnceAndAfterTheDeadlineTheTimeIsOver)
{
    const PeerId caller = join_native();
    ask(caller, 1, math, "m");
    EXPECT_EQ(only_status(caller), Status::no_route);
    const PeerId callee = native_provider();
    ask(caller, 2, math, "m", "[]", {.deadline = nanoseconds(now + 10ms)});
    const std::uint32_t given = only_frame(callee).id;
    pass(10ms);
    EXPECT_EQ(only_status(caller), Status::deadline);
    const NativeReceived cancel = only_frame(callee);
    EXPECT_TRUE(cancel.is(ControlVerb::cancel));
    EXPECT_EQ(cancel.id, given);
    ask(caller, 3, math, "m", "[]", {.deadline = nanoseconds(now)});
    EXPECT_EQ(only_status(caller), Status::deadline) << "nothing is started whose time is over";
    EXPECT_THAT(frames(callee), IsEmpty());
}

TEST_F(NativeRouterTest, ACanceledCallIsCanceledAtTheCalleeAndItsAnswerDropped)
{
    const PeerId callee = native_provider(), caller = join_native();
    ask(caller, 1, math, "m");
    const std::uint32_t given = only_frame(callee).id;
    control(caller, ControlVerb::cancel, 1);
    EXPECT_TRUE(only_frame(callee).is(ControlVerb::cancel));
    answer_to(callee, given, "1");
    EXPECT_THAT(frames(caller), IsEmpty());
    EXPECT_EQ(dropped(Drop::late_reply), 1U);
    EXPECT_EQ(ended(CallEnd::canceled), 1U);
}

TEST_F(NativeRouterTest, ACallersEndCancelsItsCalls)
{
    const PeerId callee = native_provider(), caller = join_native();
    ask(caller, 1, math, "m");
    frames(callee);
    router.disconnect(caller, Disconnect::peer_closed, now);
    EXPECT_TRUE(only_frame(callee).is(ControlVerb::cancel));
}

TEST_F(NativeRouterTest, AMultiPassesAnswersOnAsTheyComeAndEndsWithTheirNumber)
{
    const PeerId one = native_provider(), two = native_provider(), caller = join_native();
    ask(caller, 1, math, "m", "[]", {.verb = static_cast<std::uint8_t>(Verb::multi)});
    answer_to(two, only_frame(two).id, "2");
    const NativeReceived part = only_frame(caller);
    EXPECT_TRUE(part.has_more());
    EXPECT_EQ(part.payload, "2");
    answer_to(one, only_frame(one).id, "false");
    const auto rest = frames(caller);
    ASSERT_THAT(rest, SizeIs(2));
    EXPECT_EQ(rest[0].payload, "false");
    EXPECT_FALSE(rest[1].has_more());
    EXPECT_EQ(rest[1].payload, R"({"asked":2,"answered":2})");
    EXPECT_EQ(rest[1].status(), Status::ok);
}

TEST_F(NativeRouterTest, AMultiEndsBeforeItsDeadlineWithWhatThereIs)
{
    const PeerId one = native_provider(), silent = native_provider(), caller = join_native();
    ask(caller, 1, math, "m", "[]",
        {.verb = static_cast<std::uint8_t>(Verb::multi), .deadline = nanoseconds(now + 1000ms)});
    answer_to(one, only_frame(one).id, "1");
    frames(silent);
    pass(900ms);
    const auto got = frames(caller);
    ASSERT_THAT(got, SizeIs(3));
    EXPECT_EQ(got[1].status(), Status::deadline);
    EXPECT_EQ(got[2].payload, R"({"asked":2,"answered":1})");
    EXPECT_EQ(got[2].status(), Status::deadline);
    EXPECT_TRUE(only_frame(silent).is(ControlVerb::cancel));
}

TEST_F(NativeRouterTest, AStreamHasAsManyPartsAsItsCallerGrants)
{
    const PeerId callee = native_provider(), caller = join_native();
    ask(caller, 1, math, "m", "[]", {.credit = 2});
    const NativeReceived call = only_frame(callee);
    EXPECT_EQ(call.block.credit, 2U);
    answer_to(callee, call.id, "1", Status::ok, wire::flag::more);
    answer_to(callee, call.id, "2", Status::ok, wire::flag::more);
    control(caller, ControlVerb::credit, 1, {.credit = 1});
    const NativeReceived more = only_frame(callee);
    EXPECT_TRUE(more.is(ControlVerb::credit));
    EXPECT_EQ(more.id, call.id);
    EXPECT_EQ(more.block.credit, 1U);
    answer_to(callee, call.id, "3", Status::ok, wire::flag::more);
    answer_to(callee, call.id, "4");
    const auto got = frames(caller);
    ASSERT_THAT(got, SizeIs(4));
    EXPECT_TRUE(got[2].has_more());
    EXPECT_FALSE(got[3].has_more());
}

TEST_F(NativeRouterTest, APartBeyondTheGrantEndsTheCall)
{
    const PeerId callee = native_provider(), caller = join_native();
    ask(caller, 1, math, "m", "[]", {.credit = 1});
    const std::uint32_t given = only_frame(callee).id;
    answer_to(callee, given, "1", Status::ok, wire::flag::more);
    answer_to(callee, given, "2", Status::ok, wire::flag::more);
    const auto got = frames(caller);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_EQ(got[1].status(), Status::invalid);
    EXPECT_TRUE(only_frame(callee).is(ControlVerb::cancel));
}

TEST_F(NativeRouterTest, ACalleeOutOfCreditIsGivenNoMoreUntilItReturnsSome)
{
    const PeerId callee = native_provider("math", R"(,"credit":{"messages":1,"kib":64})"), caller = join_native();
    ask(caller, 1, math, "m");
    ask(caller, 2, math, "m");
    EXPECT_EQ(only_status(caller), Status::busy);
    answer_to(callee, only_frame(callee).id, "1");
    frames(caller);
    ask(caller, 3, math, "m");
    EXPECT_EQ(only_status(caller), Status::busy) << "an answer alone returns nothing";
    control(callee, ControlVerb::credit, 0, {.credit = wire::credit_of(1, 1)});
    ask(caller, 4, math, "m");
    EXPECT_THAT(frames(callee), SizeIs(1));
}

TEST_F(NativeRouterTest, CreditComesBackWithAnAnswer)
{
    const PeerId callee = native_provider("math", R"(,"credit":{"messages":1,"kib":64})"), caller = join_native();
    ask(caller, 1, math, "m");
    put(callee, 0, only_frame(callee).id,
        {.verb = static_cast<std::uint8_t>(Verb::reply), .credit = wire::credit_of(1, 1)}, {}, "1");
    EXPECT_EQ(only_frame(caller).block.credit, 0U) << "it was for the hub";
    ask(caller, 2, math, "m");
    EXPECT_THAT(frames(callee), SizeIs(1));
}

TEST_F(NativeRouterTest, APingIsAnsweredAndASilentClientIsPinged)
{
    const PeerId peer = join_native();
    control(peer, ControlVerb::ping, 31);
    const NativeReceived pong = only_frame(peer);
    EXPECT_TRUE(pong.is(ControlVerb::pong));
    EXPECT_EQ(pong.id, 31U);
    pass(wire::Limits{}.ping_period + 1ms);
    EXPECT_TRUE(only_frame(peer).is(ControlVerb::ping));
}

TEST_F(NativeRouterTest, AClientThatDoesNotAnswerIsExcludedAndToldOf)
{
    const PeerId silent = native_provider("math", "", "web"), caller = join_native();
    const TimePoint end = now + wire::Limits{}.ping_period + wire::Limits{}.ping_patience;
    while (now <= end) pass(500ms); // a long time at once would look as if the hub had been away
    std::vector<LivenessEvent> events;
    router.take_liveness(events);
    ASSERT_THAT(events, SizeIs(2)) << "the caller was silent, too";
    EXPECT_TRUE(events[0].unresponsive);
    control(caller, ControlVerb::pong, 1);
    frames(silent);
    const PeerId fit = native_provider();
    for (std::uint32_t id = 1; id <= 5; ++id) ask(caller, id, math, "m");
    EXPECT_THAT(frames(silent), IsEmpty());
    EXPECT_THAT(frames(fit), SizeIs(5));
}

TEST_F(NativeRouterTest, AWaiterIsToldWhenSomebodyComesOrItsTimeIsOver)
{
    const PeerId waiter = join_native();
    control(waiter, ControlVerb::wait_for, 5, {.deadline = nanoseconds(now + 1s)}, {.selector = math});
    EXPECT_THAT(frames(waiter), IsEmpty());
    native_provider();
    const NativeReceived answer = only_frame(waiter);
    EXPECT_EQ(answer.id, 5U);
    EXPECT_EQ(answer.payload, R"({"clients":1})");

    control(waiter, ControlVerb::wait_for, 6, {.deadline = nanoseconds(now + 1s)},
            {.selector = R"({"objectName":"other"})"});
    pass(1s);
    EXPECT_EQ(only_status(waiter), Status::deadline);
    EXPECT_EQ(router.next_deadline().has_value(), true) << "clients are still pinged";
}

TEST_F(NativeRouterTest, EqualKeysGoToTheSameCallee)
{
    std::vector<PeerId> callees;
    for (int i = 0; i < 5; ++i) callees.push_back(native_provider());
    const PeerId caller = join_native();
    const auto where = [&](std::string_view key) {
        put(caller, wire::flag::request, 1, {}, {.selector = math, .name = "m", .sticky = key}, "[]");
        for (std::size_t i = 0; i < callees.size(); ++i)
            if (!frames(callees[i]).empty()) return i;
        return callees.size();
    };
    std::set<std::size_t> used;
    for (int key = 0; key < 50; ++key) {
        const auto first = where(std::to_string(key));
        EXPECT_EQ(where(std::to_string(key)), first);
        used.insert(first);
    }
    EXPECT_GT(used.size(), 2U) << "different keys are spread";
}

TEST_F(NativeRouterTest, ANumberThatNobodyWasGivenIsInvalidBesideATextToo)
{
    constexpr std::uint32_t huge = 0xFFFFFFF0; // a table with a place for each would be the end of the hub
    native_provider();
    const PeerId caller = join_native();
    put(caller, wire::flag::request, 1, {.dst = huge}, {.selector = math, .name = "m"}, "[]");
    EXPECT_EQ(only_status(caller), Status::invalid);
    put(caller, wire::flag::request, 2, {.method = huge}, {.selector = math, .name = "m"}, "[]");
    EXPECT_EQ(only_status(caller), Status::invalid);
    for (const auto verb :
         {ControlVerb::subscribe, ControlVerb::unsubscribe, ControlVerb::wait_for, ControlVerb::open_channel}) {
        control(caller, verb, 3, {.dst = huge}, {.selector = math, .name = "m"});
        EXPECT_EQ(only_status(caller), Status::invalid) << static_cast<int>(verb);
    }
    control(caller, ControlVerb::subscribe, 4, {.method = huge}, {.selector = math, .name = "m"});
    EXPECT_EQ(only_status(caller), Status::invalid);
}

TEST_F(NativeRouterTest, AShoutIsLookedAtLikeAnyMessage)
{
    const PeerId shouter = join_native(), legacy = join(), native = join_native();
    const wire::RoutingBlock shout{.verb = static_cast<std::uint8_t>(Verb::shout)};
    wire::RoutingBlock wrong = shout;
    wrong.dst = 99'999;
    put(shouter, wire::flag::request, 1, wrong, {}, "[]");
    EXPECT_EQ(only_status(shouter), Status::invalid);
    put(shouter, wire::flag::request, 2, shout, {.selector = "no JSON"}, "[]");
    EXPECT_EQ(only_status(shouter), Status::invalid);
    EXPECT_THAT(received(legacy), IsEmpty());
    put(shouter, wire::flag::oneway, 3, shout, {}, "[]");
    EXPECT_THAT(only(legacy), HasSubstr(R"("remote":null)"));
    EXPECT_THAT(frames(native), SizeIs(1));
}

TEST_F(NativeRouterTest, AnEventHasNoAnswerButAFailure)
{
    const PeerId provider = native_provider();
    put(provider, wire::flag::request, 1, {.verb = static_cast<std::uint8_t>(Verb::event)},
        {.selector = math, .name = "e"}, "[]");
    EXPECT_EQ(only_status(provider), Status::invalid);
}

TEST_F(NativeRouterTest, NamesAreTexts)
{
    native_provider();
    const PeerId caller = join_native();
    for (const char* name : {"\xFF", "\xC3", "\xED\xA0\x80"}) {
        ask(caller, 1, math, name);
        EXPECT_EQ(only_status(caller), Status::invalid);
        control(caller, ControlVerb::intern, 2, {.act = 1}, {}, name);
        EXPECT_EQ(only_status(caller), Status::invalid);
        control(caller, ControlVerb::subscribe, 3, {}, {.selector = math, .name = name});
        EXPECT_EQ(only_status(caller), Status::invalid);
    }
}

TEST_F(NativeRouterTest, WhoGoesNativeIsGivenItsIdempotentCallsAgainInItsNewDialect)
{
    const PeerId callee = RouterHarness::provider("math"), caller = join();
    send(caller, 1, invoke("math", R"(,"idempotent":true)"));
    send(caller, 2, invoke("math"));
    EXPECT_THAT(received(callee), SizeIs(2));
    send(callee, 3, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":1},"native":{"v":1}}})");
    const auto got = received(callee);
    ASSERT_THAT(got, SizeIs(3)) << "the answer, the selector's number, the call";
    EXPECT_THAT(got[0].body, HasSubstr(R"("native":{"v":1)")) << "nothing native before that";
    EXPECT_EQ(got[2].flags, wire::flag::native | wire::flag::request);
    EXPECT_THAT(only(caller), HasSubstr("PandoraPeerGoneError")) << "the other one has failed";
    answer_to(callee, got[2].id, "4");
    EXPECT_THAT(only(caller), HasSubstr(R"("data":4)"));
}

TEST_F(NativeRouterTest, WhoseOnlineIsRefusedStaysLegacy)
{
    const PeerId peer = join();
    send(peer, 1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":null,"native":{"v":1}}})");
    EXPECT_THAT(only(peer), HasSubstr("Selector is required"));
    EXPECT_FALSE(router.speaks_native(peer));
}

TEST_F(NativeRouterTest, DescriptorsBeyondWhatAReceiverTakesAreRefusedAndItStays)
{
    const PeerId callee = native_provider(), caller = join_native();
    const std::vector<Fd> fds(wire::fds_max, std::make_shared<const int>(7));
    const std::size_t room = wire::Limits{}.fds_queued_max / wire::fds_max;
    for (std::uint32_t id = 1; id <= room + 1; ++id)
        put(caller, wire::flag::request | wire::flag::fds, id, {.nfds = wire::fds_max}, {.selector = math}, "[]", fds);
    EXPECT_EQ(only_status(caller), Status::busy);
    EXPECT_THAT(close_asked(), IsEmpty());
    EXPECT_THAT(frames(callee), SizeIs(room));
}

TEST_F(NativeRouterTest, AWaitIsChargedToItsClientUntilItEndsOrIsCanceled)
{
    const PeerId waiter = join_native();
    const std::size_t before = router.charged_bytes();
    for (std::uint32_t id = 5; id < 8; ++id)
        control(waiter, ControlVerb::wait_for, id, {.deadline = nanoseconds(now + 1s)}, {.selector = math});
    const std::size_t three = router.charged_bytes() - before;
    EXPECT_GT(three, 3 * math.size());
    control(waiter, ControlVerb::cancel, 6);
    EXPECT_EQ(router.charged_bytes(), before + three / 3 * 2);
    pass(1s);
    EXPECT_THAT(frames(waiter), SizeIs(2)) << "the canceled one is not answered";
    EXPECT_EQ(router.charged_bytes(), before);
}

} // namespace
} // namespace pandora::hub::core::testing
