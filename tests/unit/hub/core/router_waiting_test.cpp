// What the supervisor knows: parking, the reason of an end, retries, policy.
#include "tests/unit/hub/core/native_fixture.hpp"

#include <gmock/gmock.h>

namespace pandora::hub::core::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Not;
using ::testing::SizeIs;
using wire::Status;

const InstanceName calc0{"calc", 0}, calc1{"calc", 1};

class WaitingTest : public NativeRouterTest {
protected:
    WaitingTest()
    {
        router.promise("calc", {"math"});
        hear(calc0, Prospect::serving);
    }

    void hear(const InstanceName& name, Prospect prospect, const std::string& cause = "", bool ready = true)
    {
        router.heard({name, prospect, ready, cause}, now);
    }

    PeerId calculator(std::uint32_t instance = 0)
    {
        const PeerId peer = router.connect({"shop", "calc", instance, {4711, 1000, 1000}}, Reach::ordinary, now);
        send(peer, 1, publish(R"({"objectName":"math"})"));
        received(peer);
        return peer;
    }

    WaitId wait_for(std::uint32_t asker) { return router.wait_for(asker, math, now + 1s, now); }

    /// How those have ended for which the owner waits.
    std::vector<CallEnd> waited()
    {
        std::vector<Waited> told;
        router.take_waited(told);
        std::vector<CallEnd> ends;
        for (const Waited& one : told) {
            const auto* failure = std::get_if<Failure>(&one.end);
            ends.push_back(failure ? failure->end : CallEnd::ok);
        }
        return ends;
    }
};

TEST_F(WaitingTest, CallsWaitForAProcessThatWillBeBack)
{
    hear(calc0, Prospect::returning, "crashed: SIGSEGV; restarting in 400 ms");
    const PeerId legacy = join(), native = join_native();
    send(legacy, 1, invoke("math"));
    ask(native, 2, math, "m");
    EXPECT_THAT(received(legacy), IsEmpty());
    EXPECT_EQ(router.parked(), 2U);
    const PeerId callee = calculator();
    EXPECT_EQ(router.parked(), 0U);
    const auto got = received(callee);
    EXPECT_THAT(got, IsEmpty()) << "they came with the answer to its publication, which was taken";
    EXPECT_EQ(router.calls_in_flight(), 2U);
}

TEST_F(WaitingTest, AParkedCallEndsAtItsDeadlineAndItsBytesAreGivenBack)
{
    hear(calc0, Prospect::returning);
    const PeerId caller = join();
    const std::size_t before = router.charged_bytes();
    send(caller, 1, invoke("math", R"(,"timeout":100)"));
    EXPECT_GT(router.charged_bytes(), before);
    pass(100ms);
    EXPECT_THAT(only(caller), HasSubstr("target no response in 100ms"));
    EXPECT_EQ(router.charged_bytes(), before);
    EXPECT_EQ(router.parked(), 0U);
}

TEST_F(WaitingTest, ParkedCallsFailWithTheReasonOnceNobodyWillComeAnyMore)
{
    hear(calc0, Prospect::returning);
    const PeerId caller = join(), native = join_native();
    send(caller, 1, invoke("math"));
    ask(native, 2, math, "m");
    hear(calc0, Prospect::gone, "exit 3; given up after 5 restarts");
    EXPECT_THAT(only(caller), AllOf(HasSubstr("PandoraNoRouteError"), HasSubstr(R"("process":"calc")"),
                                    HasSubstr(R"("reason":"exit 3; given up after 5 restarts")")));
    const NativeReceived failed = only_frame(native);
    EXPECT_EQ(failed.status(), Status::no_route);
    EXPECT_THAT(failed.payload, HasSubstr("given up"));
}

TEST_F(WaitingTest, OfAProcessThatNobodyKnowsTheEndIsToldAtOnce)
{
    const PeerId callee = provider("other"), caller = join();
    send(caller, 1, invoke("other"));
    router.disconnect(callee, Disconnect::peer_closed, now);
    EXPECT_THAT(only(caller), HasSubstr("peer_closed"));
    send(caller, 2, invoke("other"));
    EXPECT_THAT(only(caller), HasSubstr("PandoraNoRouteError"));
}

TEST_F(WaitingTest, TheCallerIsToldTheTrueReasonOfItsCalleesEnd)
{
    const PeerId callee = calculator(), caller = join(), native = join_native();
    send(caller, 1, invoke("math"));
    ask(native, 2, math, "m");
    router.disconnect(callee, Disconnect::peer_closed, now);
    EXPECT_THAT(received(caller), IsEmpty()) << "the supervisor's word is on its way";
    hear(calc0, Prospect::returning, "crashed: SIGSEGV; restarting in 400 ms");
    EXPECT_THAT(only(caller), AllOf(HasSubstr("PandoraPeerGoneError"), HasSubstr(R"("process":"calc","instance":0)"),
                                    HasSubstr(R"("reason":"crashed: SIGSEGV; restarting in 400 ms")")));
    EXPECT_EQ(only_status(native), Status::peer_gone);
}

TEST_F(WaitingTest, TheReasonMayComeFirstOrNotAtAll)
{
    PeerId callee = calculator();
    const PeerId caller = join();
    send(caller, 1, invoke("math"));
    hear(calc0, Prospect::returning, "killed for memory");
    router.disconnect(callee, Disconnect::peer_closed, now);
    EXPECT_THAT(only(caller), HasSubstr("killed for memory"));

    hear(calc0, Prospect::serving);
    callee = calculator();
    send(caller, 2, invoke("math"));
    router.disconnect(callee, Disconnect::peer_closed, now);
    pass(wire::Limits{}.mourning);
    EXPECT_THAT(only(caller), AllOf(HasSubstr("peer_closed"), Not(HasSubstr("killed for memory"))));
}

TEST_F(WaitingTest, OnlyIdempotentCallsAreGivenToAnother)
{
    const PeerId first = calculator(0), caller = join(), native = join_native();
    send(caller, 1, invoke("math"));
    send(caller, 2, invoke("math", R"(,"idempotent":true)"));
    ask(native, 3, math, "m", "[7]", {.options = wire::option::idempotent});
    EXPECT_THAT(received(first), SizeIs(3));
    hear(calc1, Prospect::serving);
    const PeerId second = calculator(1);
    hear(calc0, Prospect::returning, "crashed");
    router.disconnect(first, Disconnect::peer_closed, now);
    const auto moved = received(second);
    ASSERT_THAT(moved, SizeIs(2));
    const auto failed = received(caller);
    ASSERT_THAT(failed, SizeIs(1));
    EXPECT_THAT(failed[0].body, HasSubstr("response_callback_1\""));
    for (const auto& call : moved) send(second, 9, reply(call.id, R"({"success":true,"data":1})"));
    EXPECT_THAT(only(caller), HasSubstr("response_callback_2\""));
    EXPECT_EQ(only_status(native), Status::ok);
    EXPECT_EQ(router.calls_in_flight(), 0U);
}

TEST_F(WaitingTest, AnIdempotentCallWaitsForTheNextRunWhereThereIsNoOther)
{
    const PeerId first = calculator(), native = join_native();
    ask(native, 3, math, "m", "[7]", {.options = wire::option::idempotent});
    received(first);
    router.disconnect(first, Disconnect::peer_closed, now); // nobody has said anything yet
    hear(calc0, Prospect::returning, "crashed");
    EXPECT_THAT(frames(native), IsEmpty());
    hear(calc0, Prospect::serving);
    calculator();
    EXPECT_EQ(router.calls_in_flight(), 1U);
    EXPECT_EQ(router.parked(), 0U);
}

TEST_F(WaitingTest, WhileTheOnlyInstanceIsDrainedCallsWaitForTheNextOne)
{
    const PeerId old = calculator(), caller = join();
    hear(calc1, Prospect::returning);
    router.drain(calc0, now + 10s, now);
    send(caller, 1, invoke("math"));
    EXPECT_THAT(received(old), IsEmpty());
    EXPECT_EQ(router.parked(), 1U);
    calculator(1);
    EXPECT_EQ(router.parked(), 0U);
    EXPECT_THAT(received(old), IsEmpty());
}

TEST_F(WaitingTest, ADrainedOneStillServesWhereNobodyElseWillCome)
{
    const PeerId old = calculator(), caller = join();
    router.drain(calc0, now + 10s, now);
    send(caller, 1, invoke("math"));
    EXPECT_THAT(received(old), SizeIs(1));
}

TEST_F(WaitingTest, AnInstanceThatIsNotReadyIsTheLastChoice)
{
    hear(calc1, Prospect::serving, "", false);
    const PeerId ready = calculator(0), unready = calculator(1), caller = join();
    for (std::uint32_t id = 1; id <= 6; ++id) send(caller, id, invoke("math"));
    EXPECT_THAT(received(ready), SizeIs(6));
    EXPECT_THAT(received(unready), IsEmpty());
    router.disconnect(ready, Disconnect::peer_closed, now);
    send(caller, 7, invoke("math"));
    EXPECT_THAT(received(unready), SizeIs(1));
}

TEST_F(WaitingTest, NobodyWaitsForAProviderThatIsThereUnderOtherLabels)
{
    calculator();
    const PeerId caller = join();
    send(caller, 1, message(R"({"objectName":"math","processName":"other"})", R"(,"needReply":true)"));
    EXPECT_THAT(only(caller), HasSubstr("PandoraNoRouteError"));
}

TEST_F(WaitingTest, AtTheHubsEndTheCallersOfOneThatHasGoneAreToldThat)
{
    const PeerId callee = calculator(), caller = join();
    send(caller, 1, invoke("math"));
    router.disconnect(callee, Disconnect::peer_closed, now);
    router.shut_down(now);
    EXPECT_THAT(only(caller), HasSubstr("PandoraPeerGoneError"));
}

TEST_F(WaitingTest, OneWayMessagesWaitToo)
{
    hear(calc0, Prospect::returning);
    const PeerId caller = join();
    send(caller, 1, message(std::string{math}, R"(,"broadcast":false)"));
    EXPECT_EQ(router.parked(), 1U);
    const PeerId callee = router.connect({"shop", "calc", 0, {4711, 1000, 1000}}, Reach::ordinary, now);
    send(callee, 1, publish(R"({"objectName":"math"})"));
    EXPECT_THAT(received(callee), SizeIs(2));
    EXPECT_EQ(router.calls_in_flight(), 0U);
    EXPECT_THAT(received(caller), IsEmpty());
}

TEST_F(WaitingTest, NoMoreWaitThanMay)
{
    hear(calc0, Prospect::returning);
    const wire::Limits limits;
    const PeerId caller = join();
    for (std::uint32_t id = 1; id <= limits.parked_calls_max; ++id) send(caller, id, invoke("math"));
    EXPECT_THAT(received(caller), IsEmpty());
    send(caller, 9'999, invoke("math"));
    EXPECT_THAT(only(caller), HasSubstr("PandoraBusyError"));
}

TEST_F(WaitingTest, PartsThatAreGrantedWhileNobodyHasTheCallAreTheNextCallees)
{
    const PeerId caller = join_native();
    hear(calc0, Prospect::returning);
    ask(caller, 1, math, "m", "[]", {.credit = 2, .options = wire::option::idempotent});
    control(caller, wire::ControlVerb::credit, 1, {.credit = 3});
    ASSERT_EQ(router.parked(), 1U);

    for (const std::uint32_t kept : {3U, 7U}) { // the second one comes after the first has died
        const PeerId callee = join_native("", "calc");
        send(callee, 2, publish(std::string{math}));
        const auto got = received(callee);
        ASSERT_THAT(got, SizeIs(3)) << "the answer to its publication, the call, and";
        EXPECT_EQ(wire::parse_native(got[1].body)->block.credit, 2U) << "as it was asked";
        const auto granted = wire::parse_native(got[2].body)->block;
        EXPECT_EQ(granted.verb, static_cast<std::uint8_t>(wire::ControlVerb::credit));
        EXPECT_EQ(granted.credit, kept);
        EXPECT_EQ(got[2].id, got[1].id);
        control(caller, wire::ControlVerb::credit, 1, {.credit = 4});
        EXPECT_EQ(only_frame(callee).block.credit, 4U);
        if (kept == 3U) router.disconnect(callee, Disconnect::peer_closed, now);
        if (kept == 7U)
            for (int i = 0; i < 2 + 7 + 4; ++i) answer_to(callee, got[1].id, "1", Status::ok, wire::flag::more);
    }
    EXPECT_THAT(frames(caller), SizeIs(13)) << "and as many are taken";
    EXPECT_EQ(router.calls_in_flight(), 1U);
}

TEST_F(WaitingTest, WhoAsksToWaitWaitsForAnybody)
{
    const PeerId native = join_native();
    ask(native, 1, R"({"objectName":"new"})", "m", "[]", {.options = wire::option::wait});
    EXPECT_THAT(frames(native), IsEmpty());
    EXPECT_EQ(router.parked(), 1U);
    provider("new");
    EXPECT_EQ(router.parked(), 0U);
}

TEST_F(WaitingTest, ThePolicyDecidesWhoMayCallPublishAndSubscribe)
{
    router.set_policy(Policy{{{.allow = false, .verb = PolicyVerb::call, .objects = {"math"}, .names = {"abs"}},
                              {.allow = false, .verb = PolicyVerb::publish, .objects = {"till"}},
                              {.allow = false, .verb = PolicyVerb::subscribe, .objects = {"math"}}}},
                      false);
    const PeerId callee = calculator(), native = join_native(), legacy = join();
    ask(native, 1, math, "abs");
    EXPECT_EQ(only_status(native), Status::denied);
    ask(native, 2, math, "floor");
    EXPECT_THAT(received(callee), SizeIs(1));
    control(native, wire::ControlVerb::subscribe, 3, {}, {.selector = math, .name = "tick"});
    EXPECT_EQ(only_status(native), Status::denied);
    send(legacy, 4, publish(R"({"objectName":"till"})"));
    EXPECT_THAT(only(legacy), HasSubstr("PandoraDeniedError"));
    EXPECT_EQ(ended(CallEnd::denied), 1U);
}

TEST_F(WaitingTest, ThePolicyIsNotGotRoundByOtherWords)
{
    router.set_policy(Policy{{{.allow = false, .verb = PolicyVerb::call, .objects = {"math"}, .names = {"abs"}}}},
                      false);
    const PeerId callee = calculator(), native = join_native(R"(,"features":["channel"])"), legacy = join();
    const auto raw = static_cast<std::uint8_t>(wire::Act::raw);
    ask(native, 1, math, {}, R"({"action":"OBJECT_ACTION_INVOKE","propertyName":"abs"})", {.act = raw});
    EXPECT_EQ(only_status(native), Status::unsupported) << "an act of its own, in a raw message";
    put(native, wire::flag::request, 2, {.verb = static_cast<std::uint8_t>(wire::Verb::shout)},
        {.selector = math, .name = "abs"}, "[]");
    EXPECT_EQ(only_status(native), Status::invalid);
    native_provider("math", R"(,"features":["channel"])");
    control(native, wire::ControlVerb::open_channel, 3, {.act = 3}, {.selector = math});
    EXPECT_EQ(only_status(native), Status::denied);
    for (const char* words : {R"("action":"OBJECT_ACTION_INVOK\u0045","propertyName":"abs")",
                              R"("action":"OBJECT_ACTION_INVOKE","propertyName":["abs"])",
                              R"("action":"OBJECT_ACTION_INVOKE","propertyName":"a\u0062s")"}) {
        send(legacy, 4,
             R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"math"},"needReply":true,)" +
                 std::string{words} + "}}");
        EXPECT_THAT(only(legacy), HasSubstr("PandoraDeniedError")) << words;
    }
    EXPECT_THAT(received(callee), IsEmpty());
}

TEST_F(WaitingTest, InStrictModeNobodyTakesAnothersNameOrObject)
{
    router.set_policy(Policy{}, true);
    const PeerId thief = router.connect({"shop", "web", 0, {4711, 1000, 1000}}, Reach::ordinary, now);
    send(thief, 1, publish(R"({"objectName":"math"})"));
    EXPECT_THAT(only(thief), HasSubstr("PandoraDeniedError"));
    send(thief, 2,
         R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"processName":"calc"},"needReply":true}})");
    EXPECT_THAT(only(thief), HasSubstr("PandoraDeniedError"));
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::denied));
}

TEST_F(WaitingTest, AClientWaitsForSoManyThingsAndNoMore)
{
    const PeerId waiter = join_native();
    for (std::uint32_t id = 1; id <= wire::Limits{}.waiters_max; ++id)
        control(waiter, wire::ControlVerb::wait_for, id, {}, {.selector = math});
    EXPECT_THAT(frames(waiter), IsEmpty());
    control(waiter, wire::ControlVerb::wait_for, 999, {}, {.selector = math});
    EXPECT_EQ(only_status(waiter), wire::Status::busy);
    native_provider();
    EXPECT_EQ(frames(waiter).size(), wire::Limits{}.waiters_max);
    control(waiter, wire::ControlVerb::wait_for, 1'000, {}, {.selector = math});
    EXPECT_EQ(only_status(waiter), wire::Status::ok);
}

TEST_F(WaitingTest, NobodyIsWaitedForWhereOneThatIsFitIsOnlyFull)
{
    const PeerId leaving = calculator(), full = native_provider("math", R"(,"credit":{"messages":1,"kib":64})", "web");
    const PeerId caller = join_native();
    router.drain(calc0, now + 1s, now);
    hear(calc1, Prospect::returning);
    ask(caller, 1, math, "m");
    EXPECT_THAT(frames(full), SizeIs(1));
    ask(caller, 2, math, "m");
    EXPECT_EQ(router.parked(), 0U);
    EXPECT_THAT(received(leaving), SizeIs(1)) << "a last resort, since no other takes it";
}

/// However a provider that is there takes no requests, and how it comes to take some again.
TEST_F(WaitingTest, AWaiterIsToldWhenAProviderThatWasFullHasRoomAgain)
{
    const auto full = [&](const std::string& more, std::string_view payload) {
        const PeerId callee = native_provider("math", more), caller = join_native();
        ask(caller, 1, math, "m", payload);
        return callee;
    };
    const auto waits = [&](PeerId callee, const std::function<void()>& makes_room) {
        const PeerId waiter = join_native();
        control(waiter, wire::ControlVerb::wait_for, 5, {}, {.selector = math});
        wait_for(handle_of(join()));
        EXPECT_THAT(frames(waiter), IsEmpty());
        makes_room();
        EXPECT_EQ(only_status(waiter), Status::ok);
        EXPECT_THAT(waited(), ElementsAre(CallEnd::ok));
        router.disconnect(callee, Disconnect::peer_closed, now);
    };
    const std::string window = R"(,"credit":{"messages":1,"kib":64})";
    PeerId callee = full(window, "[]");
    waits(callee, [&] { control(callee, wire::ControlVerb::credit, 0, {.credit = wire::credit_of(1, 1)}); });
    callee = full(window, "[]");
    waits(callee, [&] {
        put(callee, 0, only_frame(callee).id,
            {.verb = static_cast<std::uint8_t>(wire::Verb::reply), .credit = wire::credit_of(1, 1)}, {}, "1");
    });
    callee = full("", std::string(wire::Limits{}.queue_bytes_requests, ' ') + "[]");
    waits(callee, [&] {
        frames(callee);
        EXPECT_LE(router.next_deadline(), now) << "what the edge is told as it writes: it comes back at once";
        router.advance(now);
    });
}

TEST_F(WaitingTest, WhoWaitsForAProcessHearsOfItByWhateverItPublishes)
{
    const PeerId waiter = join_native();
    control(waiter, wire::ControlVerb::wait_for, 1, {}, {.selector = R"({"processName":"p"})"});
    control(waiter, wire::ControlVerb::wait_for, 2, {}, {.selector = R"({"initialization":true,"objectName":7})"});
    provider("other");
    EXPECT_EQ(only_frame(waiter).id, 1U);
    send(join(), 3, publish(R"({"objectName":7})"));
    EXPECT_EQ(only_frame(waiter).id, 2U) << "a name that is no text";
}

TEST_F(WaitingTest, WhoWaitsForTheHubsOwnObjectGetsItWhenTheClientInItsPlaceHasGone)
{
    const PeerId own = join("", Reach::fallback);
    send(own, 1, publish(R"({"objectName":"config","appName":"hub"})"));
    const PeerId in_its_place = provider("config"), waiter = join_native();
    control(waiter, wire::ControlVerb::wait_for, 1, {}, {.selector = R"({"objectName":"config","appName":"hub"})"});
    EXPECT_THAT(frames(waiter), IsEmpty());
    router.disconnect(in_its_place, Disconnect::peer_closed, now);
    EXPECT_EQ(only_status(waiter), Status::ok);
}

TEST_F(WaitingTest, OneWayMessagesThatWaitAreBoundedLikeCalls)
{
    wire::Limits limits;
    limits.calls_in_flight_max = 10;
    RouterHarness hub{limits};
    const PeerId sender = hub.join();
    for (std::uint32_t i = 1; i <= 20; ++i)
        hub.send(sender, i,
                 RouterHarness::message(R"({"objectName":"o)" + std::to_string(i) + "\"}",
                                        R"(,"broadcast":false,"wait":true)"));
    EXPECT_EQ(hub.router.parked(), 10U);
    EXPECT_EQ(hub.dropped(Drop::busy), 10U);
}

TEST_F(WaitingTest, TheHubsOwnerWaitsForSoMuchInTheNameOfAClientAndNoMore)
{
    const wire::Limits limits;
    const PeerId greedy = join(), other = join(), native = join_native();
    const std::uint32_t asker = handle_of(greedy);
    const std::size_t before = router.charged_bytes();
    for (std::size_t i = 0; i < limits.waiters_max; ++i) wait_for(asker);
    EXPECT_THAT(waited(), IsEmpty());
    EXPECT_GT(router.charged_bytes(), before + limits.waiters_max * math.size());
    wait_for(asker);
    EXPECT_THAT(waited(), ElementsAre(CallEnd::busy)) << "not that nobody has come in time";
    wait_for(handle_of(other));
    control(native, wire::ControlVerb::wait_for, 1, {}, {.selector = math});
    EXPECT_THAT(waited(), IsEmpty()) << "others have places of their own";
    router.wait_for(handle_of(other), std::string(limits.selector_bytes_max + 1, ' '), now + 1s, now);
    EXPECT_THAT(waited(), ElementsAre(CallEnd::too_large));
    native_provider();
    EXPECT_THAT(waited(), AllOf(SizeIs(limits.waiters_max + 1), Each(CallEnd::ok)));
    EXPECT_EQ(only_status(native), Status::ok);
    wait_for(asker);
    EXPECT_THAT(waited(), ElementsAre(CallEnd::ok)) << "the places are free again";
}

TEST_F(WaitingTest, WhoAsksTheOwnerToWaitHasThePlacesOfItsOwnRequests)
{
    const PeerId client = join_native();
    const std::uint32_t asker = handle_of(client);
    for (std::uint32_t id = 1; id < wire::Limits{}.waiters_max; ++id)
        control(client, wire::ControlVerb::wait_for, id, {}, {.selector = math});
    const WaitId last = wait_for(asker);
    wait_for(asker);
    EXPECT_THAT(waited(), ElementsAre(CallEnd::busy));
    router.stop_waiting(asker, last);
    wait_for(asker);
    EXPECT_THAT(waited(), IsEmpty()) << "one that nobody wants to know of takes no place, and nobody is told";
}

TEST_F(WaitingTest, WhatTheOwnerWaitsForEndsWithItsTimeOrWithWhoHasAsked)
{
    const PeerId client = join();
    const std::uint32_t asker = handle_of(client);
    const std::size_t before = router.charged_bytes();
    wait_for(asker);
    pass(1s);
    EXPECT_THAT(waited(), ElementsAre(CallEnd::deadline));
    EXPECT_EQ(router.charged_bytes(), before);
    const WaitId stopped = wait_for(asker);
    router.stop_waiting(asker, stopped);
    EXPECT_EQ(router.charged_bytes(), before);
    wait_for(asker);
    router.disconnect(client, Disconnect::peer_closed, now);
    EXPECT_THAT(waited(), ElementsAre(CallEnd::caller_gone));
    wait_for(asker);
    EXPECT_THAT(waited(), ElementsAre(CallEnd::caller_gone)) << "its question came too late";
    join(); // in the same place
    router.stop_waiting(asker, stopped);
    native_provider();
    EXPECT_THAT(waited(), IsEmpty());
}

} // namespace
} // namespace pandora::hub::core::testing
