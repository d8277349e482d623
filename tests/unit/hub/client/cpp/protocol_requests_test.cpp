// How calls end in the native dialect, as transcripts with a hub that the test plays.
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
namespace flag = wire::flag;

Native reply(std::uint32_t id, const std::string& payload, wire::Status status = wire::Status::ok)
{
    return {.id = id,
            .block = {.verb = verb_of(wire::Verb::reply), .status = static_cast<std::uint8_t>(status)},
            .payload = payload};
}

Native part(std::uint32_t id, const std::string& payload, std::uint32_t src = 0)
{
    Native frame = reply(id, payload);
    frame.flags = flag::more;
    frame.block.src = src;
    return frame;
}

class NativeCalls : public Transcript {
protected:
    void SetUp() override { go_online_native(); }

    std::uint32_t sent_id() { return native_written().at(0).id; }

    Outcome outcome_of_call(const Native& answer)
    {
        invoke("abs");
        Native frame = answer;
        frame.id = sent_id();
        hub_sends(frame);
        return only<Finished>().outcome;
    }
};

TEST_F(NativeCalls, EndWithTheValueAndOnce)
{
    const auto call = invoke("abs");
    const auto id = sent_id();
    hub_sends(reply(id, R"({"z":1,"a":2})"));
    const auto finished = only<Finished>();
    EXPECT_EQ(finished.call, call);
    EXPECT_EQ(std::get<Json>(finished.outcome).dump(), R"({"z":1,"a":2})");
    hub_sends(reply(id, "5"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    EXPECT_EQ(outcome_of_call(reply(0, "")), Outcome::absent());
    EXPECT_EQ(outcome_of_call(reply(0, "null")), Outcome{Json{}}) << "which is a value";
}

TEST_F(NativeCalls, EndWithTheErrorNamesOfTheLegacyDialect)
{
    struct Row {
        wire::Status status;
        const char* name;
    };

    for (const auto& [status, name] :
         {Row{wire::Status::no_route, "PandoraNoRouteError"}, Row{wire::Status::peer_gone, "PandoraPeerGoneError"},
          Row{wire::Status::deadline, "MessengerRequestTimeoutError"}, Row{wire::Status::busy, "PandoraBusyError"},
          Row{wire::Status::denied, "PandoraDeniedError"}, Row{wire::Status::too_large, "PandoraTooLargeError"},
          Row{wire::Status::unsupported, "PandoraUnsupportedError"},
          Row{wire::Status::shutting_down, "PandoraShuttingDownError"},
          Row{wire::Status::invalid, "PandoraInvalidError"}, Row{wire::Status::canceled, "PandoraCanceledError"},
          Row{wire::Status{99}, "Error"}}) {
        const auto error = error_of(outcome_of_call(reply(0, R"({"message":"m","name":"Forged"})", status)));
        EXPECT_EQ(error, (CallError{name, "m"}));
    }
    EXPECT_EQ(error_of(outcome_of_call(reply(0, R"({"message":"m","name":"RangeError"})", wire::Status::app_error))),
              (CallError{"RangeError", "m"}));
    EXPECT_EQ(error_of(outcome_of_call(reply(0, "", wire::Status::busy))), (CallError{"PandoraBusyError", "busy"}));
    EXPECT_EQ(error_of(outcome_of_call(reply(0, "no json", wire::Status::app_error))),
              (CallError{"Error", "app_error"}));
}

TEST_F(NativeCalls, TellWhoseFaultAFailureIs)
{
    const auto error = error_of(outcome_of_call(
        reply(0, R"({"message":"gone","name":"x","process":"web","instance":1,"reason":"web crashed: SIGSEGV"})",
              wire::Status::peer_gone)));
    EXPECT_EQ(error, (CallError{"PandoraPeerGoneError", "gone", "web", 1, "web crashed: SIGSEGV"}));
}

TEST_F(NativeCalls, EndWithAnErrorWhereTheAnswerCannotBeRead)
{
    EXPECT_EQ(error_of(outcome_of_call(reply(0, "1e999"))).name, "PandoraMalformedFrameError");
}

TEST_F(NativeCalls, GiveBytesOnlyToWhoTakesThem)
{
    Native bytes = reply(0, "\x01\x02");
    bytes.flags = flag::binary;
    EXPECT_EQ(error_of(outcome_of_call(bytes)).name, "PandoraUnsupportedError");

    protocol.invoke({.to = "math", .name = "raw", .options = {.bytes = true}}, 5s, now);
    bytes.id = sent_id();
    hub_sends(bytes);
    EXPECT_EQ(std::get<Bytes>(only<Finished>().outcome).text(), "\x01\x02");
}

TEST_F(NativeCalls, LeaveTheHubALittleTimeToSayWhyThereIsNoAnswer)
{
    invoke("abs", 1s);
    const auto id = sent_id();
    now += 1s;
    protocol.expire(now);
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    EXPECT_EQ(protocol.next_deadline(), now + 50ms);
    hub_sends(reply(id, R"({"message":"late","process":"web"})", wire::Status::deadline));
    EXPECT_EQ(error_of(only<Finished>().outcome).process, "web");

    invoke("abs", 1s);
    native_written();
    protocol.expire(now + 1s);
    protocol.expire(now + 1s + 50ms);
    EXPECT_EQ(error_of(only<Finished>().outcome),
              (CallError{"MessengerRequestTimeoutError", "target no response in 1000ms"}));
}

TEST_F(NativeCalls, EndAtTheEarlierOfTimeoutAndDeadline)
{
    Invocation call{.to = "math", .name = "abs"};
    call.options.deadline = now + 300ms + 7us; // of another call: to be met as it is
    protocol.invoke(call, 5s, now);
    call.options.timeout = 100ms;
    protocol.invoke(call, 5s, now);
    call.options = {.timeout = 7s};
    protocol.invoke(call, 5s, now);
    const auto frames = native_written();
    ASSERT_GE(frames.size(), 3U);
    EXPECT_EQ(frames[0].block.deadline, 300'007'000U);
    EXPECT_EQ(frames[1].block.deadline, 100'000'000U);
    std::vector<std::uint64_t> deadlines;
    for (const auto& frame : frames) {
        if (frame.flags == flag::request) deadlines.push_back(frame.block.deadline);
    }
    EXPECT_THAT(deadlines, ElementsAre(300'007'000U, 100'000'000U, 7'000'000'000U));
}

TEST_F(NativeCalls, AreNotMadeWhenTheirDeadlineHasPassed)
{
    now += 1s;
    Invocation call{.to = "math", .name = "abs"};
    call.options = CallOptions::inherit(Call{.deadline = now - 1ms});
    protocol.invoke(call, 5s, now);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "MessengerRequestTimeoutError");
    EXPECT_THAT(native_written(), IsEmpty());
}

// ---- canceling

TEST_F(NativeCalls, TellTheHubThatTheyAreCanceledAndEndOnce)
{
    const auto call = invoke("abs");
    const auto id = sent_id();
    protocol.cancel(call);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraCanceledError");
    EXPECT_THAT(native_written(), ElementsAre(Native{.flags = flag::control | flag::oneway,
                                                     .id = id,
                                                     .block = {.verb = verb_of(wire::ControlVerb::cancel)}}));
    protocol.cancel(call);
    hub_sends(reply(id, "1"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    EXPECT_FALSE(protocol.next_deadline());
}

TEST_F(Transcript, CancelsWhatWaitsWithoutSendingIt)
{
    const auto call = invoke("abs");
    protocol.cancel(call);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraCanceledError");
    go_online();
    EXPECT_THAT(written(), IsEmpty());
}

TEST_F(Transcript, CancelsAtALegacyHubByNotListening)
{
    go_online();
    const auto call = invoke("abs");
    written();
    protocol.cancel(call);
    only<Finished>();
    EXPECT_THAT(written(), IsEmpty());
    hub_sends(answer_to(ids.empty() ? 2 : ids.at(0), R"({"success":true,"data":1})"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

// ---- several answers

TEST_F(NativeCalls, OfAllGiveEachAnswerWithItsCalleeAndThenTheCount)
{
    hub_sends(Native{.flags = flag::control | flag::oneway,
                     .block = {.verb = verb_of(wire::ControlVerb::identity), .src = 9},
                     .payload = R"({"client":"c9","process":"web"})"});
    const auto call = protocol.invoke_all({.to = "math", .name = "abs"}, 5s, now);
    const auto id = sent_id();
    hub_sends(part(id, "1", 9));
    auto partial = only<Partial>();
    EXPECT_EQ(partial.call, call);
    EXPECT_EQ(partial.who.dump(), R"({"client":"c9","process":"web"})");
    EXPECT_EQ(std::get<Json>(partial.outcome), 1);

    Native failed = part(id, R"({"message":"no"})", 10);
    failed.block.status = static_cast<std::uint8_t>(wire::Status::app_error);
    hub_sends(failed);
    partial = only<Partial>();
    EXPECT_EQ(partial.who, Json::object()) << "nobody told who 10 is";
    EXPECT_EQ(error_of(partial.outcome).message, "no");

    hub_sends(reply(id, R"({"asked":3,"answered":2})", wire::Status::deadline));
    EXPECT_EQ(std::get<Json>(only<Finished>().outcome).dump(), R"({"asked":3,"answered":2})");
}

TEST_F(NativeCalls, OfAllFailAsOneWhereNobodyIsThere)
{
    protocol.invoke_all({.to = "math", .name = "abs"}, 5s, now);
    hub_sends(reply(sent_id(), R"({"message":"nobody"})", wire::Status::no_route));
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraNoRouteError");
}

TEST_F(Transcript, GivesTheAnswersOfAllOneByOneAtALegacyHubToo)
{
    go_online();
    protocol.invoke_all({.to = "math", .name = "abs"}, 5s, now);
    EXPECT_THAT(written(), ElementsAre(testing::HasSubstr(R"("broadcast":true)")));
    hub_sends(answer_to(ids.at(0), R"({"success":true,"batchReply":[{"success":true,"data":1},)"
                                   R"({"success":false,"error":{"message":"no"}},)"
                                   R"({"success":false,"error":{"name":"MessengerRequestTimeoutError"}}]})"));
    const auto events = protocol.take_events();
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(std::get<Json>(std::get<Partial>(events[0]).outcome), 1);
    EXPECT_EQ(error_of(std::get<Partial>(events[1]).outcome).message, "no");
    EXPECT_EQ(std::get<Json>(std::get<Finished>(events[2]).outcome).dump(), R"({"asked":3,"answered":2})");
}

TEST_F(NativeCalls, OfAStreamGrantMorePartsWhenHalfOfThemAreTaken)
{
    Invocation stream{.to = "math", .name = "primes"};
    stream.parts = 4;
    const auto call = protocol.invoke(stream, 5s, now);
    const auto frames = native_written();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].block.credit, wire::credit_of(0, 4));
    const auto id = frames[0].id;
    hub_sends(part(id, "2"));
    hub_sends(part(id, "3"));
    EXPECT_EQ(count<Partial>(), 2U);
    protocol.part_taken(call);
    EXPECT_THAT(native_written(), IsEmpty());
    protocol.part_taken(call);
    EXPECT_THAT(native_written(), ElementsAre(Native{.flags = flag::control | flag::oneway,
                                                     .id = id,
                                                     .block = {.verb = verb_of(wire::ControlVerb::credit),
                                                               .credit = wire::credit_of(0, 2)}}));
    hub_sends(reply(id, "null"));
    only<Finished>();
    protocol.part_taken(call);
    EXPECT_THAT(native_written(), IsEmpty()) << "the call has ended";
}

TEST_F(NativeCalls, OfAStreamThatAreCutShortTellTheCallee)
{
    const auto begin = [&] {
        const auto call = protocol.invoke({.to = "math", .name = "count", .parts = 4}, 1s, now);
        auto frames = native_written();
        std::erase_if(frames, [](const Native& frame) { return (frame.flags & flag::control) != 0; });
        Native part = reply(frames.at(0).id, "1");
        part.flags = flag::more;
        hub_sends(part);
        EXPECT_EQ(only<Partial>().call, call);
        return std::pair{call, part};
    };
    const auto cancel_of = [](const Native& part) {
        return Native{.flags = flag::control | flag::oneway,
                      .id = part.id,
                      .block = {.verb = verb_of(wire::ControlVerb::cancel)}};
    };
    const auto [canceled, first] = begin();
    protocol.cancel(canceled);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraCanceledError");
    EXPECT_THAT(native_written(), ElementsAre(cancel_of(first)));
    const auto [silent, second] = begin();
    now += 2s;
    protocol.expire(now);
    protocol.expire(now);
    EXPECT_EQ(only<Finished>().call, silent);
    EXPECT_THAT(native_written(), ElementsAre(cancel_of(second)));
    hub_sends(first);
    hub_sends(second);
    EXPECT_THAT(protocol.take_events(), IsEmpty()) << "parts that come too late";
}

TEST_F(NativeCalls, InFlightFailWithTheConnection)
{
    const auto call = invoke("abs");
    native_written();
    protocol.disconnected();
    const auto finished = only<Finished>();
    EXPECT_EQ(finished.call, call);
    EXPECT_EQ(error_of(finished.outcome).name, "PandoraConnectionLostError");
}

TEST_F(Transcript, TriesANativeSubscriptionAgainThatTheHubRefused)
{
    go_online_native();
    subscribe({"math", "done"});
    const auto id = native_written().at(0).id;
    hub_sends(Native{.flags = flag::control,
                     .id = id,
                     .block = {.verb = verb_of(wire::ControlVerb::subscribe),
                               .status = static_cast<std::uint8_t>(wire::Status::busy)}});
    EXPECT_EQ(protocol.next_deadline(), now + 1s);
    protocol.expire(now + 1s);
    EXPECT_EQ(native_written().at(0).block.verb, verb_of(wire::ControlVerb::subscribe));
}

TEST_F(Transcript, TellsOfASubscriptionThatIsDeniedAndDoesNotAskAgain)
{
    go_online_native();
    subscribe({"math", "done"});
    hub_sends(Native{.flags = flag::control,
                     .id = native_written().at(0).id,
                     .block = {.verb = verb_of(wire::ControlVerb::subscribe),
                               .status = static_cast<std::uint8_t>(wire::Status::denied)}});
    const auto what = only<Denied>().what;
    EXPECT_EQ(what.object + "." + what.event, "math.done");
    EXPECT_EQ(protocol.next_deadline(), std::nullopt);
}

} // namespace
} // namespace pandora::hub::client
