// Transcripts of clients that ask too much, send nonsense or do not read.
#include "tests/unit/hub/core/router_fixture.hpp"

namespace pandora::hub::core::testing {
namespace {

TEST_F(RouterTest, CallsInFlightAreLimitedForEachClient)
{
    wire::Limits limits;
    limits.calls_in_flight_max = 3;
    RouterHarness hub{limits};
    const PeerId callee = hub.provider("o"), caller = hub.join(), other = hub.join();
    for (std::uint32_t id = 1; id <= 4; ++id) hub.send(caller, id, invoke("o"));
    EXPECT_EQ(hub.only(caller), failed(4, "PandoraBusyError", "more than 3 calls are in flight"));
    hub.send(other, 1, invoke("o"));
    const auto asked = hub.received(callee);
    ASSERT_EQ(asked.size(), 4U);
    hub.send(callee, 9, reply(asked[0].id, "{}"));
    hub.received(caller);
    hub.send(caller, 5, invoke("o"));
    EXPECT_THAT(hub.received(caller), IsEmpty()) << "an answer makes room for another call";
    EXPECT_EQ(hub.ended(CallEnd::busy), 1U);
}

TEST_F(RouterTest, RequestsForAConnectionThatDoesNotReadAreRefusedBeforeItIsInDanger)
{
    const wire::Limits limits;
    const PeerId slow = provider("o"), caller = join();
    const std::string call = invoke("o", R"(,"data":")" + std::string(1024 * 1024, 'x') + "\"");
    std::uint32_t accepted = 0;
    for (std::uint32_t id = 1; id <= 30; ++id) {
        send(caller, id, call);
        const auto answer = received(caller);
        if (answer.empty())
            ++accepted;
        else
            EXPECT_THAT(answer[0].body, HasSubstr("PandoraBusyError"));
    }
    EXPECT_EQ(accepted, 7U);
    EXPECT_LE(router.outbox(slow).bytes(), limits.queue_bytes_requests);
    EXPECT_THAT(close_asked(), IsEmpty());
    send(caller, 31, message(R"({"objectName":"o"})", R"(,"data":")" + std::string(1024 * 1024, 'x') + "\""));
    EXPECT_EQ(dropped(Drop::busy), 1U);
}

TEST_F(RouterTest, AnEmptyQueueTakesTheLargestFrame)
{
    const PeerId callee = provider("o"), caller = join();
    std::string call = invoke("o", R"(,"data":")" + std::string(16 * 1024 * 1024 - 200, 'x') + "\"");
    send(caller, 1, call);
    EXPECT_EQ(received(callee).size(), 1U);
    EXPECT_THAT(close_asked(), IsEmpty());
}

TEST_F(RouterTest, AConnectionThatDoesNotMoveForTenSecondsIsBusyAndAnotherOneIsTried)
{
    const PeerId stuck = provider("o"), caller = join();
    send(caller, 1, message(R"({"objectName":"o"})", ""));
    pass(10s);
    send(caller, 2, invoke("o"));
    EXPECT_THAT(only(caller), HasSubstr("PandoraBusyError"));
    const PeerId healthy = provider("o");
    for (std::uint32_t id = 3; id < 10; ++id) send(caller, id, invoke("o"));
    EXPECT_EQ(received(healthy).size(), 7U);
    EXPECT_EQ(received(stuck).size(), 1U);
    send(caller, 11, multi_invoke(R"({"objectName":"o"})"));
    EXPECT_EQ(received(stuck).size(), 1U) << "it reads again";
}

TEST_F(RouterTest, AMultiInvokeOfBusyConnectionsEndsAtOnce)
{
    const PeerId stuck = provider("o"), caller = join();
    send(caller, 1, message(R"({"objectName":"o"})", ""));
    pass(10s);
    send(caller, 2, multi_invoke(R"({"objectName":"o"})"));
    EXPECT_THAT(only(caller),
                HasSubstr(R"("batchReply":[{"remote":{"pid":"9"},"success":false,"error":{"stack":"PandoraBusyError)"));
    EXPECT_EQ(received(stuck).size(), 1U);
}

TEST_F(RouterTest, ACallerThatDoesNotReadItsAnswersIsDisconnectedAndNobodyElse)
{
    const wire::Limits limits;
    const PeerId callee = provider("o"), caller = join(), bystander = join();
    const std::string answer = R"({"success":true,"data":")" + std::string(1024 * 1024, 'x') + "\"}";
    for (std::uint32_t id = 1; id <= 20; ++id) {
        send(caller, id, invoke("o"));
        for (const Received& asked : received(callee)) send(callee, id, reply(asked.id, answer));
        ASSERT_LE(router.outbox(caller).bytes(), limits.queue_bytes_hard);
    }
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::slow_reader));
    EXPECT_EQ(router.connections(), 2U);
    EXPECT_EQ(router.counters().disconnects[Disconnect::slow_reader], 1U);
    EXPECT_GE(dropped(Drop::receiver_gone), 15U);
    send(bystander, 1, invoke("o"));
    EXPECT_EQ(received(callee).size(), 1U);
}

TEST_F(RouterTest, AConnectionThatNeverReadsIsDisconnectedWithoutAnybodyDoingAnything)
{
    const PeerId deaf = provider("o"), caller = join();
    send(caller, 1, invoke("o", R"(,"timeout":60000,"data":")" + std::string(1024 * 1024, 'x') + "\""));
    EXPECT_LE(router.next_deadline(), now + 10s);
    pass(10s - 1ms);
    EXPECT_THAT(close_asked(), IsEmpty());
    pass(1ms);
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::slow_reader));
    EXPECT_THAT(only(caller), HasSubstr("PandoraPeerGoneError"));
    EXPECT_EQ(dropped(Drop::receiver_gone), 1U);
    EXPECT_EQ(router.next_deadline(), std::nullopt);
    EXPECT_EQ(join(), deaf) << "its slot is free";
    pass(1h);
    EXPECT_THAT(close_asked(), IsEmpty()) << "who comes into the slot inherits no deadline";
}

TEST_F(RouterTest, AConnectionThatReadsSlowlyIsBusyButStays)
{
    const PeerId slow = provider("o"), caller = join();
    send(caller, 1, message(R"({"objectName":"o"})", R"(,"data":")" + std::string(4 * 1024 * 1024, 'x') + "\""));
    for (int turn = 1; turn <= 7; ++turn) {
        pass(10s - 1ms);
        router.sent(slow, 1, now);
        send(caller, 2, message(R"({"objectName":"o"})", ""));
        ASSERT_THAT(close_asked(), IsEmpty());
    }
    EXPECT_EQ(dropped(Drop::busy), 6U) << "only the first came before 10 s were over";
    pass(5s);
    EXPECT_THAT(close_asked(), IsEmpty());
    pass(5s);
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::slow_reader)) << "now it does not move any more";
}

TEST_F(RouterTest, AConnectionThatHasCaughtUpOrGoneIsNotWaitedFor)
{
    const PeerId slow = provider("o"), gone = provider("o"), sender = join();
    const std::string data = R"(,"broadcast":true,"data":")" + std::string(2 * 1024 * 1024, 'x') + "\"";
    send(sender, 1, message(R"({"objectName":"o"})", data));
    EXPECT_NE(router.next_deadline(), std::nullopt);
    received(slow);
    router.disconnect(gone, Disconnect::peer_closed, now);
    EXPECT_EQ(router.next_deadline(), std::nullopt);
    pass(1h);
    EXPECT_THAT(close_asked(), IsEmpty());
}

TEST_F(RouterTest, WhenMemoryRunsOutTheConnectionThatHoldsMostGoes)
{
    wire::Limits limits;
    limits.total_bytes_max = 4 * 1024 * 1024;
    RouterHarness hub{limits};
    const PeerId callee = hub.provider("o"), small = hub.join(), large = hub.join();
    const auto take = [&](PeerId caller, std::size_t bytes) { // an answer, which cannot be refused
        hub.send(caller, 1, invoke("o"));
        for (const Received& asked : hub.received(callee))
            hub.send(callee, 1, reply(asked.id, "\"" + std::string(bytes, 'x') + "\""));
    };
    take(small, 1024 * 1024);
    take(large, 2500 * 1024);
    EXPECT_THAT(hub.close_asked(), IsEmpty());
    take(small, 800 * 1024);
    EXPECT_THAT(hub.close_asked(), ElementsAre(Disconnect::memory_budget));
    EXPECT_LE(hub.router.charged_bytes(), limits.total_bytes_max);
    EXPECT_EQ(hub.received(small).size(), 2U);
    EXPECT_EQ(hub.router.connections(), 2U);
    EXPECT_EQ(hub.join(), large) << "its slot is the one that is free";
}

TEST_F(RouterTest, AFloodToEverybodyCostsNobodyItsConnection)
{
    const wire::Limits limits;
    const PeerId flooder = join();
    std::vector<PeerId> others;
    for (int i = 0; i < 100; ++i) others.push_back(join());
    for (const std::size_t megabytes : {15U, 1U, 1U, 1U, 1U, 1U, 1U, 1U, 1U}) {
        const std::string data(megabytes * 1024 * 1024, 'x');
        send(flooder, 1, message("{}", R"(,"broadcast":true,"data":")" + data + "\""));
        ASSERT_THAT(close_asked(), IsEmpty());
    }
    EXPECT_LE(router.queued_bytes(), limits.total_bytes_max);
    EXPECT_GT(dropped(Drop::busy), 100U);
    const PeerId callee = provider("o"), caller = join();
    send(caller, 1, invoke("o", R"(,"data":")" + std::string(100'000, 'x') + "\""));
    EXPECT_EQ(received(callee).size(), 1U) << "there is room left for others";
}

TEST_F(RouterTest, FramesThatHaveBegunAreChargedToTheirSenders)
{
    wire::Limits limits;
    limits.total_bytes_max = 1'010'000;
    RouterHarness hub{limits};
    const PeerId large = hub.join(), small = hub.join();
    const std::size_t before = hub.router.charged_bytes();
    hub.router.note_input(large, false, 600'000, 0, hub.now);
    EXPECT_EQ(hub.router.charged_bytes(), before + 600'000);
    hub.router.note_input(large, true, 500'000, 0, hub.now);
    EXPECT_EQ(hub.router.charged_bytes(), before + 500'000);
    hub.router.note_input(small, false, 499'000, 0, hub.now);
    EXPECT_THAT(hub.close_asked(), IsEmpty());
    hub.router.note_input(large, false, 512'000, 0, hub.now);
    EXPECT_THAT(hub.close_asked(), ElementsAre(Disconnect::memory_budget));
    hub.router.note_input(small, true, 0, 0, hub.now);
    EXPECT_EQ(hub.router.charged_bytes(), before / 2);
}

TEST_F(RouterTest, ALongLocationIsNotRepeatedInEveryEntryOfAGatheredAnswer)
{
    const wire::Limits limits;
    const PeerId callee = provider("o"), caller = join();
    const std::string host = "\"" + std::string(limits.selector_bytes_max, 'h') + "\"";
    send(caller, 1, message(R"({"objectName":"o"})", R"(,"broadcast":true,"needReply":true,"host":)" + host));
    EXPECT_EQ(received(callee).size(), 1U);
    pass(5s);
    EXPECT_THAT(only(caller), HasSubstr(R"({"success":true,"batchReply":[{"success":false)"));
}

TEST_F(RouterTest, ASelectorThatIsAskedForIsLimitedInLength)
{
    const wire::Limits limits;
    const PeerId caller = join();
    const std::string remote = R"({"objectName":")" + std::string(limits.selector_bytes_max, 'o') + "\"}";
    send(caller, 1, message(remote, R"(,"needReply":true)"));
    EXPECT_EQ(only(caller), failed(1, "PandoraTooLargeError", "a selector is at most 16384 bytes long"));
    EXPECT_EQ(ended(CallEnd::too_large), 1U);
    send(caller, 2, message(remote, ""));
    EXPECT_EQ(dropped(Drop::too_large), 1U);
}

TEST_F(RouterTest, FramesThatAreNoJsonAreAnsweredAndTooManyEndTheConnection)
{
    const PeerId peer = join();
    for (std::uint32_t id = 1; id <= 15; ++id) {
        send(peer, id, "{");
        EXPECT_EQ(only(peer), failed(id, "PandoraMalformedFrameError", "the frame's body is not valid JSON"));
    }
    EXPECT_THAT(close_asked(), IsEmpty());
    pass(60s);
    for (std::uint32_t id = 1; id <= 15; ++id) send(peer, id, "\xFF");
    EXPECT_THAT(close_asked(), IsEmpty()) << "a minute has passed";
    received(peer);
    send(peer, 16, "]");
    EXPECT_EQ(received(peer).size(), 1U) << "the last one is answered too";
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::malformed));
    EXPECT_EQ(dropped(Drop::malformed), 31U);
}

TEST_F(RouterTest, NothingOfAFrameThatIsNoJsonReachesAnotherClient)
{
    const PeerId callee = provider("o"), caller = join();
    send(caller, 1, R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"o"},"data":[1,]}})");
    send(caller, 2,
         "{\"action\":\"PANDORA_HUB_ACTION_MSG_UP\",\"data\":{\"remote\":{\"objectName\":\"o\"},\"data\":"
         "\"\xFF\"}}");
    EXPECT_THAT(received(callee), IsEmpty());
}

TEST_F(RouterTest, WrongShapesAreCountedAndIgnored)
{
    const PeerId peer = join();
    for (const char* body :
         {"", R"({"action":"PANDORA_HUB_ACTION_MSG_UP"})", R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":[1]})",
          R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":null})", "5", R"({"action":5})", R"({"action":"connect"})",
          R"({"action":"LOGGER_INTERNAL","data":{"needReply":true}})"})
        send(peer, 1, body);
    EXPECT_THAT(received(peer), IsEmpty());
    EXPECT_THAT(close_asked(), IsEmpty());
    EXPECT_EQ(dropped(Drop::wrong_shape), 3U);
    EXPECT_EQ(dropped(Drop::no_envelope), 2U);
    EXPECT_EQ(dropped(Drop::unknown_action), 2U);
}

TEST_F(RouterTest, FramesMayBeLargeOnlyOnceOnline)
{
    const PeerId peer = join();
    EXPECT_EQ(router.frame_bytes_max(peer), 1024U * 1024U);
    send(peer, 1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{}}})");
    EXPECT_EQ(router.frame_bytes_max(peer), 16U * 1024U * 1024U);
    received(peer);
    router.receive_oversized(peer, {0, 5, 20'000'000}, now);
    EXPECT_EQ(only(peer), failed(5, "PandoraTooLargeError", "a body of 20000000 bytes is above the limit of 16777216"));
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::frame_too_large));
}

TEST_F(RouterTest, AFrameThatIsBegunMustBeCompletedButSilenceIsNoCrime)
{
    const PeerId silent = join(), slow = join(), steady = join();
    router.note_input(silent, false, 0, 0, now);
    router.note_input(slow, false, 10, 0, now);
    router.note_input(steady, false, 10, 0, now);
    pass(20s);
    router.note_input(slow, false, 20, 0, now);  // more of the same frame
    router.note_input(steady, true, 10, 0, now); // a frame completed, the next one begun
    pass(10s);
    EXPECT_THAT(close_asked(), ElementsAre(Disconnect::frame_timeout));
    router.note_input(steady, true, 0, 0, now);
    pass(24h);
    EXPECT_THAT(close_asked(), IsEmpty());
    EXPECT_EQ(router.connections(), 2U);
}

TEST_F(RouterTest, EverythingChargedIsGivenBackInTheEnd)
{
    const PeerId callee = provider("o"), caller = join();
    send(caller, 1, multi_invoke("{}"));
    send(caller, 2, invoke("o"));
    EXPECT_GT(router.charged_bytes(), 0U);
    router.disconnect(caller, Disconnect::peer_closed, now);
    router.disconnect(callee, Disconnect::peer_closed, now);
    EXPECT_EQ(router.charged_bytes(), 0U);
    EXPECT_EQ(router.queued_bytes(), 0U);
    EXPECT_EQ(router.calls_in_flight(), 0U);
    EXPECT_EQ(router.next_deadline(), std::nullopt);
}

} // namespace
} // namespace pandora::hub::core::testing
