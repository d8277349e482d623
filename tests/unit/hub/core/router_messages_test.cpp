// Transcripts of messages: what a client sends, what every client receives for it, and how calls end.
#include "tests/unit/hub/core/router_fixture.hpp"

namespace pandora::hub::core::testing {
namespace {

TEST_F(RouterTest, InvokeGoesToTheProviderAndTheAnswerBackByteByByte)
{
    const PeerId callee = provider("math");
    const PeerId caller = join();
    const std::string call = invoke("math", R"(,"extra":{"x":[1, 2.50]})");
    send(caller, 41, call);
    const auto asked = received(callee);
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].body, down(call));
    EXPECT_EQ(router.calls_in_flight(), 1U);

    now += 3ms;
    send(callee, 77, reply(asked[0].id, R"({"host":{},"success":true,"data":-0.0})"));
    EXPECT_EQ(only(caller), reply(41, R"({"host":{},"success":true,"data":-0.0})"));
    EXPECT_EQ(router.calls_in_flight(), 0U);
    EXPECT_EQ(ended(CallEnd::ok), 1U);
    EXPECT_EQ(router.counters().call_duration.count(), 1U);
    EXPECT_NEAR(router.counters().call_duration.sum_seconds(), 0.003, 1e-9);
    EXPECT_EQ(router.next_deadline(), std::nullopt);
}

TEST_F(RouterTest, AnAnswerWithoutDataStaysWithoutData)
{
    const PeerId callee = provider("o");
    const PeerId caller = join();
    send(caller, 1, invoke("o"));
    send(callee, 3, R"({"action":"response_callback_)" + std::to_string(received(callee)[0].id) + "\"}");
    EXPECT_EQ(only(caller), R"({"action":"response_callback_1"})");
}

TEST_F(RouterTest, AnErrorOfTheApplicationIsForwardedAndCounted)
{
    const PeerId callee = provider("o");
    const PeerId caller = join();
    send(caller, 1, invoke("o"));
    send(callee, 3, reply(received(callee)[0].id, R"({"success":false,"error":{"message":"bad"}})"));
    EXPECT_EQ(only(caller), reply(1, R"({"success":false,"error":{"message":"bad"}})"));
    EXPECT_EQ(ended(CallEnd::app_error), 1U);
}

TEST_F(RouterTest, NoRouteIsAnsweredAtOnceAndASendWithoutRouteIsCounted)
{
    const PeerId caller = join();
    send(caller, 5, invoke("nobody"));
    EXPECT_EQ(only(caller),
              failed(5, "PandoraNoRouteError", R"(Cannot found any clients by selector: {"objectName":"nobody"})"));
    EXPECT_EQ(ended(CallEnd::no_route), 1U);
    send(caller, 6, message(R"({"objectName":"nobody"})", R"(,"broadcast":false)"));
    EXPECT_THAT(received(caller), IsEmpty());
    EXPECT_EQ(dropped(Drop::no_route), 1U);
}

TEST_F(RouterTest, ARemoteOfNullIsTheErrorThatPandoraJsMakesOfIt)
{
    const PeerId caller = join();
    send(caller, 1, message("null", R"(,"broadcast":false,"needReply":true)"));
    EXPECT_EQ(only(caller), failed(1, "", "Cannot read properties of null (reading 'clientId')"));
    send(caller, 2, R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"needReply":true}})");
    EXPECT_EQ(only(caller), failed(2, "", "Cannot read properties of undefined (reading 'clientId')"));
    send(caller, 3, message("null", ""));
    EXPECT_THAT(received(caller), IsEmpty());
    EXPECT_EQ(ended(CallEnd::invalid), 2U);
    EXPECT_EQ(dropped(Drop::wrong_shape), 1U);
}

TEST_F(RouterTest, AnEmptySelectorReachesConnectionsThatNeverSaidAnything)
{
    const PeerId silent = join();
    send(silent, 1, message("{}", R"(,"needReply":true)"));
    EXPECT_THAT(only(silent), HasSubstr("MSG_DOWN")) << "the sender matches as well";
}

TEST_F(RouterTest, SendExpectsNoAnswer)
{
    const PeerId callee = provider("o");
    const PeerId caller = join();
    send(caller, 1, message(R"({"objectName":"o"})", R"(,"broadcast":false)"));
    EXPECT_THAT(only(callee), HasSubstr("MSG_DOWN"));
    EXPECT_EQ(router.calls_in_flight(), 0U);
    EXPECT_EQ(router.next_deadline(), std::nullopt);
}

TEST_F(RouterTest, TheLeastLoadedProviderIsChosenAndEqualOnesAtRandom)
{
    const PeerId caller = join();
    const std::array providers{provider("o"), provider("o"), provider("o")};
    for (std::uint32_t id = 1; id <= 3; ++id) send(caller, id, invoke("o"));
    for (const PeerId peer : providers)
        EXPECT_EQ(received(peer).size(), 1U) << "each has less to do than one that has a call";

    std::array<int, 3> sends{};
    for (int i = 0; i < 3000; ++i) {
        send(caller, 9, message(R"({"objectName":"o"})", ""));
        for (std::size_t at = 0; at < 3; ++at) sends[at] += static_cast<int>(received(providers[at]).size());
    }
    for (const int count : sends) EXPECT_NEAR(count, 1000, 150);
}

TEST_F(RouterTest, AProviderWithTheTagAskedForIsPreferred)
{
    const PeerId tagged = join(), untagged = join(), caller = join();
    send(tagged, 1, publish(R"({"objectName":"o","objectTag":"t"})"));
    send(untagged, 1, publish(R"({"objectName":"o"})"));
    received(tagged);
    received(untagged);
    for (int i = 0; i < 20; ++i) {
        send(caller, 1, message(R"({"objectName":"o","objectTag":"t"})", ""));
        send(caller, 2, message(R"({"objectName":"o"})", ""));
        send(caller, 3, message(R"({"objectName":"o","objectTag":"unknown"})", ""));
    }
    EXPECT_EQ(received(tagged).size(), 20U);
    EXPECT_EQ(received(untagged).size(), 40U);
}

TEST_F(RouterTest, ACallEndsAtItsDeadlineAndALateAnswerGoesNowhere)
{
    const PeerId callee = provider("o");
    const PeerId caller = join();
    send(caller, 1, invoke("o", R"(,"timeout":100)"));
    const std::uint32_t asked = received(callee)[0].id;
    pass(99ms);
    EXPECT_THAT(received(caller), IsEmpty());
    pass(1ms);
    EXPECT_EQ(only(caller), failed(1, "MessengerRequestTimeoutError", "target no response in 100ms"));
    send(callee, 9, reply(asked, R"({"success":true})"));
    EXPECT_THAT(received(caller), IsEmpty());
    EXPECT_EQ(dropped(Drop::late_reply), 1U);
    EXPECT_EQ(ended(CallEnd::deadline), 1U);
}

TEST_F(RouterTest, TimeoutsAreBoundedAndAnythingButANumberMeansTheDefault)
{
    struct Row {
        const char* timeout;
        Millis want;
    };

    const PeerId callee = provider("o");
    const PeerId caller = join();
    for (const auto& [timeout, want] :
         {Row{"null", 5000ms}, Row{"0", 5000ms}, Row{"\"100\"", 5000ms}, Row{"{}", 5000ms}, Row{"-7", 1ms},
          Row{"0.5", 1ms}, Row{"1e300", 24h}, Row{"250.9", 250ms}, Row{"1e999", 5000ms}}) {
        send(caller, 1, invoke("o", std::string{R"(,"timeout":)"} + timeout));
        pass(want - 1ms);
        EXPECT_THAT(received(caller), IsEmpty()) << timeout;
        pass(1ms);
        EXPECT_EQ(received(caller).size(), 1U) << timeout;
        received(callee);
    }
}

TEST_F(RouterTest, CallersAreToldAtOnceWhenTheirCalleeGoes)
{
    const PeerId callee = provider("o");
    const PeerId one = join(), two = join();
    send(one, 1, invoke("o"));
    send(two, 2, invoke("o"));
    router.disconnect(callee, Disconnect::peer_closed, now);
    const std::string text = failure_reply(
        {CallEnd::peer_gone, "c1 (p-o#0) went away before it answered: peer_closed", InstanceName{"p-o", 0}});
    EXPECT_EQ(only(one), reply(1, text));
    EXPECT_EQ(only(two), reply(2, text));
    EXPECT_EQ(ended(CallEnd::peer_gone), 2U);
    EXPECT_EQ(router.next_deadline(), std::nullopt);
}

TEST_F(RouterTest, AnAnswerToACallerThatIsGoneIsLate)
{
    const PeerId callee = provider("o");
    const PeerId caller = join();
    send(caller, 1, invoke("o"));
    const std::uint32_t asked = received(callee)[0].id;
    router.disconnect(caller, Disconnect::peer_closed, now);
    EXPECT_EQ(ended(CallEnd::caller_gone), 1U);
    EXPECT_EQ(join(), caller) << "the slot is used again: the answer must not reach its new owner";
    send(callee, 2, reply(asked, "{}"));
    EXPECT_THAT(received(caller), IsEmpty());
    EXPECT_EQ(dropped(Drop::late_reply), 1U);
}

TEST_F(RouterTest, OnlyTheFirstAnswerOfTheConnectionThatWasAskedCounts)
{
    const PeerId callee = provider("o");
    const PeerId forger = join(), caller = join();
    send(caller, 1, invoke("o"));
    const std::uint32_t asked = received(callee)[0].id;
    send(forger, 1, reply(asked, R"({"success":true,"data":"forged"})"));
    EXPECT_EQ(dropped(Drop::forged_reply), 1U);
    send(callee, 1, reply(asked, R"({"success":true,"data":1})"));
    send(callee, 2, reply(asked, R"({"success":true,"data":2})"));
    EXPECT_EQ(only(caller), reply(1, R"({"success":true,"data":1})"));
    EXPECT_EQ(dropped(Drop::late_reply), 1U);
}

TEST_F(RouterTest, AConnectionMayCallItself)
{
    const PeerId self = provider("o");
    send(self, 5, invoke("o"));
    const auto asked = received(self);
    ASSERT_EQ(asked.size(), 1U);
    send(self, 6, reply(asked[0].id, R"({"success":true})"));
    EXPECT_EQ(only(self), ok(5));
    send(self, 7, invoke("o"));
    router.disconnect(self, Disconnect::peer_closed, now);
    EXPECT_EQ(router.calls_in_flight(), 0U);
    EXPECT_EQ(router.charged_bytes(), 0U);
}

TEST_F(RouterTest, ShuttingDownAnswersWhatIsInFlightAndWhatComes)
{
    const PeerId callee = provider("o");
    const PeerId caller = join();
    send(caller, 1, invoke("o"));
    router.shut_down(now);
    send(caller, 2, invoke("o"));
    send(caller, 3, message(R"({"objectName":"o"})", ""));
    const auto answers = received(caller);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].body, failed(1, "PandoraShuttingDownError", "the hub is shutting down"));
    EXPECT_EQ(answers[1].body, failed(2, "PandoraShuttingDownError", "the hub is shutting down"));
    EXPECT_EQ(dropped(Drop::shutting_down), 1U);
    EXPECT_EQ(received(callee).size(), 1U);
}

TEST_F(RouterTest, MultiInvokeGathersAnswersInTheOrderOfTheirArrival)
{
    const PeerId one = provider("o"), two = provider("o"), caller = join();
    send(caller, 1, multi_invoke(R"({"objectName":"o"})"));
    const std::uint32_t first = received(one)[0].id, second = received(two)[0].id;
    send(two, 1, reply(second, R"({"success":true,"data":2})"));
    EXPECT_THAT(received(caller), IsEmpty());
    send(one, 1, reply(first, R"({"success":false})"));
    EXPECT_EQ(
        only(caller),
        reply(1,
              R"({"success":true,"remote":{"pid":"9"},"batchReply":[{"success":true,"data":2},{"success":false}]})"));
    EXPECT_EQ(ended(CallEnd::ok), 1U);
}

TEST_F(RouterTest, MultiInvokeEndsABeforeItsDeadlineWithAnEntryForEachThatIsSilentOrGone)
{
    const PeerId quick = provider("o"), gone = provider("o"), silent = provider("o"), caller = join();
    send(caller, 1, multi_invoke(R"({"objectName":"o"})", R"(,"timeout":1000)"));
    send(quick, 1, reply(received(quick)[0].id, "{}"));
    router.disconnect(gone, Disconnect::peer_closed, now);
    pass(899ms);
    EXPECT_THAT(received(caller), IsEmpty());
    pass(1ms);
    EXPECT_EQ(only(caller),
              reply(1, R"({"success":true,"remote":{"pid":"9"},"batchReply":[{},)" +
                           failure_reply({CallEnd::peer_gone, "c2 (p-o#0) went away before it answered: peer_closed",
                                          InstanceName{"p-o", 0}},
                                         R"({"pid":"9"})") +
                           "," +
                           wire::failure_reply("MessengerRequestTimeoutError", "target no response in 1000ms",
                                               R"({"pid":"9"})") +
                           "]}"));
    EXPECT_EQ(ended(CallEnd::deadline), 1U);
    EXPECT_EQ(received(silent).size(), 1U);
}

TEST_F(RouterTest, MultiInvokeOfNobodyIsNoRoute)
{
    const PeerId caller = join();
    send(caller, 1, multi_invoke(R"({"objectName":"o"})"));
    EXPECT_THAT(only(caller), HasSubstr("Cannot found any clients by selector"));
}

TEST_F(RouterTest, GatheredAnswersMayNotExceedAFrame)
{
    const PeerId one = provider("o"), two = provider("o"), caller = join();
    send(caller, 1, multi_invoke(R"({"objectName":"o"})"));
    const std::string large = "\"" + std::string(9 * 1024 * 1024, 'x') + "\"";
    send(one, 1, reply(received(one)[0].id, large));
    send(two, 1, reply(received(two)[0].id, large));
    EXPECT_EQ(only(caller), failed(1, "PandoraTooLargeError", "the gathered answers are too large"));
    EXPECT_EQ(ended(CallEnd::too_large), 1U);
}

TEST_F(RouterTest, BroadcastWithASelectorReachesAllThatMatchTheSenderIncluded)
{
    const PeerId one = provider("o"), two = provider("o"), other = provider("x");
    send(one, 1, message(R"({"objectName":"o"})", R"(,"broadcast":true)"));
    EXPECT_EQ(received(one).size(), 1U);
    EXPECT_EQ(received(two).size(), 1U);
    EXPECT_THAT(received(other), IsEmpty());
}

TEST_F(RouterTest, BroadcastWithoutASelectorReachesEverybodyEvenTheOfflineAndIsAnsweredAtOnce)
{
    const PeerId sender = join(), offline = join(), builtin = provider("b", Reach::builtin);
    send(offline, 1, R"({"action":"PANDORA_HUB_ACTION_OFFLINE_UP"})");
    received(offline);
    for (const char* remote : {"null", "0", "\"\"", "false"}) {
        const std::string text = message(remote, R"(,"broadcast":true,"needReply":true)");
        send(sender, 2, text);
        EXPECT_EQ(only(offline), down(text));
        const auto own = received(sender);
        ASSERT_EQ(own.size(), 2U);
        EXPECT_EQ(own[0].body, down(text));
        EXPECT_EQ(own[1].body, ok(2));
        EXPECT_THAT(received(builtin), IsEmpty());
    }
}

TEST_F(RouterTest, ALargeBroadcastArrivesWholeEverywhere)
{
    const PeerId one = provider("o"), two = provider("o"), caller = join();
    const std::string text =
        message(R"({"objectName":"o"})", R"(,"broadcast":true,"data":")" + std::string(5000, 'x') + "\"");
    send(caller, 1, text);
    EXPECT_EQ(only(one), down(text));
    EXPECT_EQ(only(two), down(text));
}

/// Two instances of one process, each on a connection of its own.
class DrainingRouterTest : public RouterTest {
protected:
    PeerId instance(std::uint32_t index, const std::string& tag = "")
    {
        const PeerId peer = router.connect({"shop", "web", index, {4711, 1000, 1000}}, Reach::ordinary, now);
        send(peer, 1, publish(R"({"objectName":"o")" + (tag.empty() ? "" : R"(,"objectTag":")" + tag + "\"") + "}"));
        received(peer);
        return peer;
    }

    std::vector<Drained> told()
    {
        std::vector<Drained> out;
        router.take_drained(out);
        return out;
    }

    DrainId drain(std::uint32_t index) { return router.drain({"web", index}, now + 5s, now); }

    PeerId caller = join();
};

TEST_F(DrainingRouterTest, NewCallsGoToTheOtherHoweverBusyItIs)
{
    const PeerId draining = instance(0), other = instance(1);
    drain(0);
    for (std::uint32_t n = 1; n <= 10; ++n) send(caller, n, invoke("o"));
    EXPECT_EQ(received(other).size(), 10U);
    EXPECT_THAT(received(draining), IsEmpty());
}

TEST_F(DrainingRouterTest, TheOnlyOneIsStillCalled)
{
    const PeerId draining = instance(0);
    drain(0);
    send(caller, 1, invoke("o"));
    EXPECT_EQ(received(draining).size(), 1U);
}

TEST_F(DrainingRouterTest, ATagThatFitsCountsMoreThanADrain)
{
    const PeerId draining = instance(0, "v2");
    instance(1, "v1");
    drain(0);
    send(caller, 1, message(R"({"objectName":"o","objectTag":"v2"})", R"(,"needReply":true)"));
    EXPECT_EQ(received(draining).size(), 1U);
}

TEST_F(DrainingRouterTest, TheAnswerToWhatItHadInHandArrivesAndEndsTheDrain)
{
    const PeerId draining = instance(0);
    send(caller, 1, invoke("o"));
    const auto id = drain(0);
    EXPECT_THAT(told(), IsEmpty());
    send(draining, 1, reply(received(draining)[0].id, R"({"success":true})"));
    EXPECT_EQ(only(caller), ok(1));
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
}

TEST_F(DrainingRouterTest, TheLegsOfAGatheringCallCountToo)
{
    const PeerId draining = instance(0), other = instance(1);
    send(caller, 1, multi_invoke(R"({"objectName":"o"})"));
    drain(0);
    EXPECT_THAT(told(), IsEmpty());
    send(other, 1, reply(received(other)[0].id, "1"));
    EXPECT_THAT(told(), IsEmpty());
    send(draining, 1, reply(received(draining)[0].id, "1"));
    EXPECT_EQ(told().size(), 1U);
}

TEST_F(DrainingRouterTest, ItsEndAnswersItsCallsAndTheDrain)
{
    const PeerId draining = instance(0);
    send(caller, 1, invoke("o"));
    const auto id = drain(0);
    router.disconnect(draining, Disconnect::peer_closed, now);
    EXPECT_THAT(only(caller), HasSubstr("PandoraPeerGoneError"));
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
}

TEST_F(DrainingRouterTest, ACallThatTimesOutIsNoLongerInHand)
{
    instance(0);
    send(caller, 1, invoke("o", R"(,"timeout":1000)"));
    const auto id = drain(0);
    pass(1100ms);
    EXPECT_THAT(told(), ElementsAre(Drained{id, 0}));
}

TEST_F(DrainingRouterTest, TheTimeOfADrainWakesTheLoop)
{
    instance(0);
    send(caller, 1, invoke("o", R"(,"timeout":60000)"));
    const auto id = drain(0);
    ASSERT_TRUE(router.next_deadline());
    EXPECT_LE(*router.next_deadline(), now + 5s);
    pass(5s);
    EXPECT_THAT(told(), ElementsAre(Drained{id, 1}));
}

TEST_F(DrainingRouterTest, AConnectionThatComesDuringADrainIsDrainedTooAndAfterItIsNot)
{
    drain(0);
    EXPECT_EQ(router.draining(), 1U);
    const PeerId late = instance(0), other = instance(1);
    for (std::uint32_t n = 1; n <= 5; ++n) send(caller, n, invoke("o"));
    EXPECT_EQ(received(other).size(), 5U);
    router.undrain({"web", 0}, now);
    EXPECT_EQ(router.draining(), 0U);
    for (std::uint32_t n = 6; n <= 10; ++n) send(caller, n, invoke("o"));
    EXPECT_EQ(received(late).size(), 5U) << "it has less to do now";
}

TEST_F(DrainingRouterTest, OtherProcessesAndConnectionsWithoutOneAreLeftAlone)
{
    const PeerId stranger = join(), builtin = join("web", Reach::builtin);
    drain(0);
    for (const auto& route : router.routes()) EXPECT_FALSE(route.draining) << route.client;
    send(stranger, 1, publish(R"({"objectName":"o"})"));
    received(stranger);
    send(caller, 1, invoke("o"));
    EXPECT_EQ(received(stranger).size(), 1U);
    EXPECT_THAT(received(builtin), IsEmpty());
}

TEST_F(RouterTest, ACallInFlightIsChargedToItsCallerUntilItEnds)
{
    const PeerId one = provider("math"), two = provider("math"), caller = join();
    const std::size_t before = router.charged_bytes();
    send(caller, 1, invoke("math"));
    received(one), received(two);
    EXPECT_EQ(router.charged_bytes(), before + CallTable::call_bytes);
    send(caller, 2, multi_invoke(R"({"objectName":"math"})"));
    received(one), received(two);
    EXPECT_GE(router.charged_bytes(), before + 2 * CallTable::call_bytes + 2 * CallTable::leg_bytes);
    pass(wire::Limits{}.call_timeout + 1ms);
    received(caller);
    EXPECT_EQ(router.charged_bytes(), before);
}

} // namespace
} // namespace pandora::hub::core::testing
