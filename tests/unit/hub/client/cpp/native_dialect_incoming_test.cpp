// What the client makes of native frames that the hub sends unasked, as transcripts with a hub that the test plays.
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace flag = wire::flag;

const std::string clock_selector = R"({"objectName":"clock"})";

Native call_down(std::uint32_t id, const std::string& payload = "[]")
{
    return {.flags = flag::request,
            .id = id,
            .block = {.src = 9, .deadline = 3'000'000'000},
            .selector = clock_selector,
            .name = "now",
            .payload = payload};
}

Native reply(std::uint32_t id, const std::string& payload, std::uint32_t credit = 0)
{
    return {.id = id, .block = {.verb = verb_of(wire::Verb::reply), .credit = credit}, .payload = payload};
}

Native failure(std::uint32_t id, const CallError& error)
{
    Native frame = reply(id, R"({"message":")" + error.message + R"(","name":")" + error.name + R"(","stack":")" +
                                 error.name + ": " + error.message + "\"}");
    frame.block.status = static_cast<std::uint8_t>(wire::Status::app_error);
    return frame;
}

Native control(wire::ControlVerb verb, std::uint32_t id = 0)
{
    return {.flags = flag::control | flag::oneway, .id = id, .block = {.verb = verb_of(verb)}};
}

Native event(const std::string& name, const std::string& payload)
{
    return {
        .block = {.verb = verb_of(wire::Verb::event)}, .selector = clock_selector, .name = name, .payload = payload};
}

class NativeServer : public Transcript {
protected:
    explicit NativeServer(std::optional<Window> window = std::nullopt) : Transcript{{}, 0, {.window = window}} {}

    void SetUp() override
    {
        protocol.publish("clock", {{"now"}}, now);
        go_online_native();
    }

    AnswerId called(std::uint32_t id)
    {
        hub_sends(call_down(id));
        return only<Invoked>().answer;
    }
};

// ---- calls

TEST_F(NativeServer, HandsACallOverWithWhoCallsUntilWhenAndItsTrace)
{
    Native identity = control(wire::ControlVerb::identity);
    identity.block.src = 9;
    identity.payload = R"({"client":"c9","app":"shop","process":"web","instance":0,"pid":1,"uid":0})";
    hub_sends(identity);
    Trace trace;
    trace.span_id[0] = std::byte{5};
    Native frame = call_down(42, R"([1,"x"])");
    frame.trace = bytes_of(trace);
    hub_sends(frame);
    const auto invoked = only<Invoked>();
    EXPECT_EQ(invoked.object + "." + invoked.method, "clock.now");
    EXPECT_EQ(invoked.call.params.dump(), R"([1,"x"])");
    EXPECT_EQ(invoked.call.source.dump(), identity.payload);
    EXPECT_EQ(invoked.call.sender, 9U);
    EXPECT_EQ(invoked.call.deadline, TimePoint{3s});
    EXPECT_EQ(invoked.call.trace, trace);
    protocol.answer(invoked.answer, Outcome{Json(4)});
    protocol.answer(invoked.answer, Outcome{Json(5)});
    EXPECT_THAT(native_written(), ElementsAre(reply(42, "4")));
}

TEST_F(NativeServer, KnowsACallerNoLongerThanTheHubDoes)
{
    Native identity = control(wire::ControlVerb::identity);
    identity.block.src = 9;
    identity.payload = R"({"client":"c9"})";
    hub_sends(identity);
    identity.payload = R"({"client":"c9","process":"web"})";
    hub_sends(identity);
    hub_sends(call_down(1));
    EXPECT_EQ(only<Invoked>().call.source.dump(), identity.payload);
    identity.payload.clear();
    hub_sends(identity);
    hub_sends(call_down(2));
    EXPECT_EQ(only<Invoked>().call.source, Json::object());
}

TEST_F(NativeServer, ForgetsThoseWhoCallNoMoreBeforeThoseWhoDo)
{
    Native identity = control(wire::ControlVerb::identity);
    const auto tell = [&](std::uint32_t handle) {
        identity.block.src = handle;
        identity.payload = R"({"client":"c)" + std::to_string(handle) + "\"}";
        hub_sends(identity);
    };
    tell(9);
    for (std::uint32_t handle = 100; handle < 100 + 3 * NativeDialect::identities_max; ++handle) {
        tell(handle);
        if (handle % 1'000 == 0) protocol.answer(called(1), Outcome::absent()); // by 9
    }
    hub_sends(call_down(1));
    EXPECT_EQ(only<Invoked>().call.source.dump(), R"({"client":"c9"})");
    Native silent = call_down(2);
    silent.block.src = 100;
    hub_sends(silent);
    EXPECT_EQ(only<Invoked>().call.source, Json::object());
}

TEST_F(NativeServer, UnderstandsNumbersThatTheHubHasExplained)
{
    Native named = control(wire::ControlVerb::named);
    named.block.dst = 70;
    named.payload = clock_selector;
    hub_sends(named);
    named.block.dst = 80;
    named.block.act = static_cast<std::uint8_t>(wire::NameKind::name);
    named.payload = "now";
    hub_sends(named);
    Native frame = call_down(42);
    frame.selector.clear();
    frame.name.clear();
    frame.block.dst = 70;
    frame.block.method = 80;
    hub_sends(frame);
    EXPECT_EQ(only<Invoked>().object, "clock");
    frame.id = 43;
    frame.block.dst = 71;
    hub_sends(frame);
    const auto refused = native_written();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_THAT(refused[0].payload, HasSubstr("Cannot found method called now"));
}

TEST_F(NativeServer, AnswersValuesNothingErrorsAndBytes)
{
    protocol.answer(called(1), Outcome{Json(nullptr)});
    protocol.answer(called(2), Outcome::absent());
    protocol.answer(called(3), Outcome{CallError{"RangeError", "too late"}});
    protocol.answer(called(4), Outcome{Bytes{std::string{"\1"}}});
    Native bytes = reply(4, "\1");
    bytes.flags = flag::binary;
    EXPECT_THAT(native_written(),
                ElementsAre(reply(1, "null"), reply(2, ""), failure(3, {"RangeError", "too late"}), bytes));
}

TEST_F(NativeServer, HandsBytesOverApartFromParameters)
{
    Native frame = call_down(1, "\1\2");
    frame.flags = flag::request | flag::binary;
    hub_sends(frame);
    const auto call = only<Invoked>().call;
    EXPECT_TRUE(call.params.is_null());
    ASSERT_TRUE(call.bytes);
    EXPECT_EQ(call.bytes->text(), "\1\2");
}

TEST_F(NativeServer, AnswersTheOtherActsByItself)
{
    Native frame = call_down(1, "");
    for (const auto act : {wire::Act::get_property, wire::Act::subscribe, wire::Act::unsubscribe}) {
        frame.block.act = static_cast<std::uint8_t>(act);
        hub_sends(frame);
        EXPECT_THAT(native_written(), ElementsAre(reply(1, "")));
    }
    frame = call_down(2, R"({"action":"echo","x":1})");
    frame.block.act = static_cast<std::uint8_t>(wire::Act::raw);
    hub_sends(frame);
    EXPECT_THAT(native_written(), ElementsAre(reply(2, R"({"echo":{"action":"echo","x":1}})")));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(NativeServer, HasPropertiesReadAndListedByWhoHasThem)
{
    protocol.publish("clock", {.methods = {}, .properties = {"now"}}, now);
    Native frame = call_down(1, "");
    frame.block.act = static_cast<std::uint8_t>(wire::Act::get_property);
    hub_sends(frame);
    protocol.answer(only<PropertyAsked>().answer, Json(1234));
    EXPECT_THAT(native_written(), ElementsAre(reply(1, "1234")));
    frame.block.act = static_cast<std::uint8_t>(wire::Act::introspect);
    hub_sends(frame);
    EXPECT_EQ(only<IntrospectionAsked>().object, "clock");
}

TEST_F(NativeServer, TellsNoResultFromNull)
{
    for (const auto& [outcome, payload] : {std::pair{Outcome::absent(), ""}, std::pair{Outcome{Json{}}, "null"}}) {
        hub_sends(call_down(1, "[]"));
        protocol.answer(only<Invoked>().answer, outcome);
        EXPECT_THAT(native_written(), ElementsAre(reply(1, payload)));
    }
}

TEST_F(NativeServer, RefusesWhatItDoesNotKnowAndReadsOn)
{
    const CallError unknown{"PandoraUnsupportedError", "this client does not know what it is asked for"};
    Native act = call_down(1);
    act.block.act = wire::act_count;
    Native options = call_down(2);
    options.block.options = 0x20;
    Native verb = call_down(3);
    verb.block.verb = 77;
    Native question = control(wire::ControlVerb::ping, 4);
    question.flags = flag::control | flag::request;
    for (const auto& frame : {act, options, verb, question}) EXPECT_FALSE(hub_sends(frame));
    const auto unsupported = [&](std::uint32_t id) {
        Native answer = failure(id, unknown);
        answer.block.status = static_cast<std::uint8_t>(wire::Status::unsupported);
        return answer;
    };
    EXPECT_THAT(native_written(), ElementsAre(unsupported(1), unsupported(2), unsupported(3), unsupported(4)));

    act.flags = flag::oneway;
    hub_sends(act);
    hub_sends(control(static_cast<wire::ControlVerb>(99)));
    EXPECT_THAT(native_written(), IsEmpty()) << "nobody waits";
    called(5);
}

TEST_F(NativeServer, AnswersAnErrorToACallWhosePayloadItCannotRead)
{
    hub_sends(call_down(1, "[1e999]"));
    EXPECT_THAT(native_written(),
                ElementsAre(failure(1, {"PandoraMalformedFrameError", "JSON that this client cannot read"})));
}

TEST_F(NativeServer, DropsTheConnectionOverABlockOrFlagsThatAreNone)
{
    Native both = call_down(1);
    both.flags = flag::request | flag::oneway;
    Native reserved = call_down(1);
    reserved.flags = flag::request | flag::reserved;
    for (const auto& frame : {both, reserved}) {
        EXPECT_TRUE(hub_sends(frame));
        EXPECT_TRUE(hub_sends(call_down(2))) << "and reads no further";
        EXPECT_THAT(protocol.take_events(), IsEmpty());
        protocol.disconnected();
        go_online_native();
    }
    EXPECT_TRUE(hub_sends(1, {.flags = flag::native, .body = std::string(31, '\0')}));
}

TEST_F(Transcript, TakesNoNativeFrameBeforeTheHubHasGrantedThem)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online();
    EXPECT_FALSE(hub_sends(call_down(1)));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

// ---- canceling and streams

TEST_F(NativeServer, TellsThatACallIsCanceledAndDropsItsAnswer)
{
    const auto answer = called(42);
    hub_sends(control(wire::ControlVerb::cancel, 42));
    EXPECT_EQ(only<Canceled>().answer, answer);
    hub_sends(control(wire::ControlVerb::cancel, 42));
    hub_sends(control(wire::ControlVerb::cancel, 43));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    protocol.answer(answer, Outcome{Json(1)});
    EXPECT_THAT(native_written(), IsEmpty());
}

TEST_F(NativeServer, CancelsWhatItHandlesWhenTheConnectionIsLost)
{
    const auto answer = called(42);
    protocol.disconnected();
    EXPECT_EQ(only<Canceled>().answer, answer);
}

TEST_F(NativeServer, SendsAsManyPartsAsTheCallerGrants)
{
    Native stream = call_down(42);
    stream.block.credit = wire::credit_of(0, 2);
    hub_sends(stream);
    const auto answer = only<Invoked>().answer;
    EXPECT_TRUE(protocol.part(answer, Json(1)));
    EXPECT_TRUE(protocol.part(answer, Json(2)));
    EXPECT_FALSE(protocol.part(answer, Json(3)));
    Native first = reply(42, "1"), second = reply(42, "2");
    first.flags = second.flags = flag::more;
    EXPECT_THAT(native_written(), ElementsAre(first, second));
    EXPECT_THAT(protocol.take_events(), IsEmpty()) << "no room in the socket is what is missing";

    Native credit = control(wire::ControlVerb::credit, 42);
    credit.block.credit = wire::credit_of(0, 1);
    hub_sends(credit);
    EXPECT_EQ(only<PartsWanted>().answer, answer);
    EXPECT_TRUE(protocol.part(answer, Json(3)));
    EXPECT_FALSE(protocol.part(answer, Json(4)));
    protocol.answer(answer, Outcome::absent());
    EXPECT_FALSE(protocol.part(answer, Json(4))) << "it is answered";
}

TEST_F(NativeServer, SendsNoPartsToWhoDidNotAskForThem)
{
    EXPECT_FALSE(protocol.part(called(42), Json(1)));
    EXPECT_THAT(native_written(), IsEmpty());
}

class SmallQueue : public Transcript {
protected:
    SmallQueue() : Transcript{{.queue_bytes_max = 200}} {}
};

TEST_F(SmallQueue, WantsPartsAgainWhenTheKernelHasTakenWhatIsQueued)
{
    protocol.publish("clock", {{"now"}}, now);
    go_online_native();
    Native stream = call_down(42);
    stream.block.credit = wire::credit_of(0, 9);
    hub_sends(stream);
    const auto answer = only<Invoked>().answer;
    int sent = 0;
    while (protocol.part(answer, Json(std::string(50, 'x')))) ++sent;
    EXPECT_EQ(sent, 2);
    native_written();
    EXPECT_EQ(only<PartsWanted>().answer, answer);
    EXPECT_TRUE(protocol.part(answer, Json(1)));
}

// ---- credit

class WithFour : public NativeServer {
protected:
    WithFour() : NativeServer{Window{.messages = 4, .kib = 1'000}} {}
};

TEST_F(WithFour, ReturnsCreditWithTheAnswers)
{
    const auto first = called(1);
    const auto second = called(2);
    protocol.answer(first, Outcome{Json(1)});
    protocol.answer(second, Outcome{Json(2)});
    EXPECT_THAT(native_written(),
                ElementsAre(reply(1, "1", wire::credit_of(0, 1)), reply(2, "2", wire::credit_of(0, 1))));
}

TEST_F(WithFour, ReturnsCreditForOneWayMessagesWhenTheMethodIsDone)
{
    Native one_way = call_down(1);
    one_way.flags = flag::oneway;
    hub_sends(one_way);
    hub_sends(one_way);
    const auto events = protocol.take_events();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_THAT(native_written(), IsEmpty());
    for (const auto& happened : events) protocol.answer(std::get<Invoked>(happened).answer, Outcome::absent());
    Native credit = control(wire::ControlVerb::credit, 0);
    credit.block.credit = wire::credit_of(0, 2);
    EXPECT_THAT(native_written(), ElementsAre(credit));
}

TEST_F(WithFour, ReturnsCreditForEventsAndForWhatNobodyTakes)
{
    subscribe({"clock", "tick"});
    native_written();
    hub_sends(event("tick", "[]"));
    protocol.answer(only<Notified>().answer, Outcome::absent());
    EXPECT_THAT(native_written(), IsEmpty());
    hub_sends(event("other", "[]"));
    const auto frames = native_written();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].block.credit, wire::credit_of(0, 2));
    hub_sends(event("tick", "1e999"));
    Native unknown = call_down(1);
    unknown.flags = flag::oneway;
    unknown.block.act = 99;
    hub_sends(unknown);
    EXPECT_EQ(native_written().at(0).block.credit, wire::credit_of(0, 2));
}

TEST_F(WithFour, ReturnsTheCreditOfACanceledCallWithSomethingElse)
{
    const auto canceled = called(1);
    hub_sends(control(wire::ControlVerb::cancel, 1));
    protocol.take_events();
    protocol.answer(canceled, Outcome{Json(1)});
    EXPECT_THAT(native_written(), IsEmpty());
    protocol.answer(called(2), Outcome{Json(2)});
    EXPECT_THAT(native_written(), ElementsAre(reply(2, "2", wire::credit_of(0, 2))));
}

// ---- direct channels

TEST_F(NativeServer, IsGivenItsEndOfAChannelAndToldWhenItEnds)
{
    Native given = control(wire::ControlVerb::channel);
    given.flags = flag::control | flag::oneway | flag::fds;
    given.block.nfds = 1;
    given.block.method = 5;
    hub_sends(given);
    EXPECT_EQ(only<ChannelOffered>().number, 5U);
    Native gone = control(wire::ControlVerb::channel);
    gone.block.status = static_cast<std::uint8_t>(wire::Status::peer_gone);
    gone.block.method = 5;
    hub_sends(gone);
    EXPECT_EQ(only<ChannelEnded>().number, 5U);
}

TEST_F(NativeServer, EndsAConnectionWhoseFrameComesWithoutItsDescriptors)
{
    with_descriptors = false;
    Native given = control(wire::ControlVerb::channel);
    given.flags = flag::control | flag::oneway | flag::fds;
    given.block.nfds = 1;
    EXPECT_TRUE(hub_sends(given));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(NativeServer, EndsAConnectionThatBringsMoreDescriptorsThanAFrameCanName)
{
    EXPECT_FALSE(protocol.received(0, now, std::vector<OwnedFd>(wire::fds_max))) << "of a frame that is not whole yet";
    EXPECT_TRUE(protocol.received(0, now, std::vector<OwnedFd>(1)));
}

TEST_F(NativeServer, LetsGoOfDescriptorsThatNobodyWants)
{
    Native call = call_down(1);
    call.flags = flag::request | flag::fds;
    call.block.nfds = 2;
    hub_sends(call);
    only<Invoked>();
    Native given = control(wire::ControlVerb::channel);
    given.flags = flag::control | flag::oneway | flag::fds;
    given.block.nfds = 1;
    given.block.method = 5;
    EXPECT_FALSE(hub_sends(given));
    EXPECT_EQ(only<ChannelOffered>().number, 5U);
}

// ---- events and the rest

TEST_F(NativeServer, NotifiesOfEventsThatAnySubscriptionMatches)
{
    subscribe({"clock", "ti*"});
    native_written();
    hub_sends(event("tick", "[4,5]"));
    auto notified = only<Notified>();
    EXPECT_EQ(notified.topic, (Topic{"clock", "tick"}));
    EXPECT_EQ(notified.params.dump(), "[4,5]");
    hub_sends(event("tick", ""));
    EXPECT_EQ(only<Notified>().params, Json::array());
    hub_sends(event("tock", "[]"));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(NativeServer, TellsHowManyEventsOfASubscriptionWereLost)
{
    subscribe({"clock", "*"});
    Native overflow = control(wire::ControlVerb::overflow);
    overflow.selector = clock_selector;
    overflow.block.deadline = 17;
    hub_sends(overflow);
    const auto lost = only<Overflowed>();
    EXPECT_EQ(lost.topic, (Topic{"clock", "*"}));
    EXPECT_EQ(lost.lost, 17U);
    overflow.name = "tick";
    hub_sends(overflow);
    EXPECT_THAT(protocol.take_events(), IsEmpty()) << "no subscription of its";
}

TEST_F(NativeServer, AnswersAPingAndTellsOfAGoodbye)
{
    hub_sends(control(wire::ControlVerb::ping, 77));
    EXPECT_THAT(native_written(), ElementsAre(control(wire::ControlVerb::pong, 77)));
    hub_sends(control(wire::ControlVerb::goaway));
    only<GoingAway>();
}

} // namespace
} // namespace pandora::hub::client
