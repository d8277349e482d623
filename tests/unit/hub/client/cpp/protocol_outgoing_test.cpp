// What the client says in the native dialect, and what it makes of the same wishes at a hub without it, as transcripts
// with a hub that the test plays.
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
namespace option = wire::option;

constexpr std::uint64_t five_seconds = 5'000'000'000; // after the time 0 of these tests
const std::string math = R"({"objectName":"math"})";

Native call_frame(std::uint32_t id, const std::string& method)
{
    return {.flags = flag::request,
            .id = id,
            .block = {.deadline = five_seconds},
            .selector = math,
            .name = method,
            .payload = "[]"};
}

constexpr std::uint8_t control_request = flag::control | flag::request;

Native intern_frame(std::uint32_t id, wire::NameKind kind, const std::string& text)
{
    return {.flags = control_request,
            .id = id,
            .block = {.verb = verb_of(wire::ControlVerb::intern), .act = static_cast<std::uint8_t>(kind)},
            .payload = text};
}

Native interned(std::uint32_t id, std::uint32_t number, wire::Status status = wire::Status::ok)
{
    return {.flags = flag::control,
            .id = id,
            .block = {.verb = verb_of(wire::ControlVerb::intern),
                      .status = static_cast<std::uint8_t>(status),
                      .dst = number}};
}

// ---- negotiating

class WithAWindow : public Transcript {
protected:
    WithAWindow() : Transcript{{}, 0, {.window = Window{.messages = 256, .kib = 4096}}} {}
};

TEST_F(WithAWindow, NamesItInTheOffer)
{
    protocol.connected(now);
    EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("native":{"v":1,"credit":{"messages":256,"kib":4096}})")));
}

TEST_F(Transcript, PublishesByJsonAndSubscribesByNativeFramesOnceTheHubGrantsThem)
{
    protocol.publish("clock", {{"now"}}, now);
    protocol.subscribe({"math", "done"}, Overflow::drop_old, 16, now);
    invoke("abs");
    protocol.connected(now);
    EXPECT_THAT(written(), ElementsAre(online_up()));
    hub_sends(answer_to(1, granting));
    EXPECT_THAT(written(), ElementsAre(publication("PUBLISH", "clock"))) << "and no subscriber object";
    hub_sends(answer_to(2, accepted));
    const Native subscribe{.flags = control_request,
                           .id = 3,
                           .block = {.verb = verb_of(wire::ControlVerb::subscribe),
                                     .credit = wire::credit_of(0, 16),
                                     .act = static_cast<std::uint8_t>(Overflow::drop_old)},
                           .selector = math,
                           .name = "done"};
    EXPECT_THAT(native_written(),
                ElementsAre(subscribe, call_frame(4, "abs"), intern_frame(5, wire::NameKind::selector, math)));
}

TEST_F(Transcript, SpeaksLegacyAgainWhereTheNextHubDoesNotGrantIt)
{
    go_online_native();
    protocol.disconnected();
    EXPECT_FALSE(protocol.speaks_native());
    go_online();
    invoke("abs");
    EXPECT_THAT(written(), ElementsAre(call_up("abs", 5000)));
}

TEST(Protocol, DoesNotAskForTheNativeDialectWithoutAnOffer)
{
    Protocol protocol{Json::parse(host), std::nullopt};
    protocol.connected(TimePoint{});
    std::string bytes;
    for (const auto& chunk : protocol.take_output()) bytes += chunk.bytes.text();
    EXPECT_THAT(bytes, HasSubstr("ONLINE_UP"));
    EXPECT_THAT(bytes, testing::Not(HasSubstr("native")));
}

TEST_F(Transcript, IgnoresAGrantOfAVersionThatItDoesNotSpeak)
{
    protocol.connected(now);
    written();
    hub_sends(answer_to(1, R"({"success":true,"native":{"v":2,"handle":7}})"));
    EXPECT_FALSE(protocol.speaks_native());
    EXPECT_EQ(count<BecameOnline>(), 1U);
}

TEST_F(Transcript, CountsDeadlinesByTheClockOfAHubInAnotherTimeNamespace)
{
    now = TimePoint{100s};
    protocol.connected(now);
    written();
    hub_sends(answer_to(1, R"({"success":true,"native":{"v":1,"handle":7,"clock":"1000000000000"}})"));
    invoke("abs");
    const auto frames = native_written();
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].block.deadline, 1'005'000'000'000U);
}

// ---- calls

TEST_F(Transcript, CallsByAFrameWithItsDeadlineSelectorAndName)
{
    go_online_native();
    invoke("abs");
    EXPECT_THAT(native_written(), ElementsAre(call_frame(2, "abs")));
}

TEST_F(Transcript, SaysHowACallIsToBeMade)
{
    go_online_native();
    Trace trace;
    trace.flags = 1;
    Invocation call{.to = "math", .name = "abs", .params = Bytes{std::string{"\1\2"}}};
    call.options = {.timeout = 2s, .idempotent = true, .wait = true, .sticky = "k", .spread = true, .trace = trace};
    call.parts = 8;
    protocol.invoke(call, 5s, now);
    constexpr std::uint8_t options = option::idempotent | option::wait | option::spread;
    EXPECT_THAT(
        native_written(),
        ElementsAre(Native{.flags = flag::request | flag::binary,
                           .id = 2,
                           .block = {.deadline = 2'000'000'000, .credit = wire::credit_of(0, 8), .options = options},
                           .selector = math,
                           .name = "abs",
                           .trace = bytes_of(trace),
                           .sticky = "k",
                           .payload = "\1\2"}));
}

TEST_F(Transcript, SaysTheSameOfAMessageThatWantsNoAnswer)
{
    go_online_native();
    const Trace trace{.trace_id = {std::byte{1}}, .span_id = {std::byte{2}}, .flags = 1};
    Invocation message{.to = "math", .name = "abs"};
    message.options = {.wait = true, .sticky = "k", .spread = true, .trace = trace};
    protocol.send(message, now);
    EXPECT_THAT(native_written(), ElementsAre(Native{.flags = flag::oneway,
                                                     .id = 2,
                                                     .block = {.options = option::wait | option::spread},
                                                     .selector = math,
                                                     .name = "abs",
                                                     .trace = bytes_of(trace),
                                                     .sticky = "k",
                                                     .payload = "[]"}));
}

TEST_F(Transcript, AsksForPropertiesIntrospectionAndAllThatMatch)
{
    go_online_native();
    Invocation question{.to = "math", .name = "pi"};
    question.act = wire::Act::get_property;
    protocol.invoke(question, 5s, now);
    question = {.to = "maths"};
    question.act = wire::Act::introspect;
    protocol.invoke(question, 5s, now);
    protocol.invoke_all({.to = "mathematics", .name = "abs"}, 5s, now);
    const auto frames = native_written();
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].block.act, static_cast<std::uint8_t>(wire::Act::get_property));
    EXPECT_EQ(frames[0].name + frames[0].payload, "pi");
    EXPECT_EQ(frames[1].block.act, static_cast<std::uint8_t>(wire::Act::introspect));
    EXPECT_EQ(frames[1].name + frames[1].payload, "");
    EXPECT_EQ(frames[2].block.verb, verb_of(wire::Verb::multi));
    EXPECT_EQ(frames[2].flags, flag::request);
}

TEST_F(Transcript, SendsOneWayWithoutADeadline)
{
    go_online_native();
    protocol.send({.to = "math", .name = "log", .params = Json::array({1})}, now);
    EXPECT_THAT(native_written(),
                ElementsAre(Native{
                    .flags = flag::oneway, .id = 2, .block = {}, .selector = math, .name = "log", .payload = "[1]"}));
}

TEST_F(Transcript, AsksForNumbersAtTheSecondUseAndThenUsesThem)
{
    go_online_native();
    invoke("abs");
    invoke("abs");
    EXPECT_THAT(native_written(),
                ElementsAre(call_frame(2, "abs"), call_frame(3, "abs"), intern_frame(4, wire::NameKind::selector, math),
                            intern_frame(5, wire::NameKind::name, "abs")));
    hub_sends(interned(4, 70));
    hub_sends(interned(5, 80));
    invoke("abs");
    Native numbered = call_frame(6, "abs");
    numbered.selector.clear();
    numbered.name.clear();
    numbered.block.dst = 70;
    numbered.block.method = 80;
    EXPECT_THAT(native_written(), ElementsAre(numbered));
}

TEST_F(Transcript, GoesOnWithTextsWhereTheHubHasNoMoreNumbers)
{
    go_online_native();
    invoke("abs");
    invoke("abs");
    native_written();
    hub_sends(interned(4, 0, wire::Status::busy));
    hub_sends(interned(5, 0, wire::Status::busy));
    invoke("abs");
    EXPECT_THAT(native_written(), ElementsAre(call_frame(6, "abs")));
}

TEST_F(Transcript, KeepsACallWhoseSelectorFitsNoFrameUntilItHasANumber)
{
    go_online_native();
    const std::string object(2'000, 'x');
    const auto call = protocol.invoke({.to = object, .name = "abs"}, 5s, now);
    const std::string selector = R"({"objectName":")" + object + R"("})";
    EXPECT_THAT(native_written(), ElementsAre(intern_frame(2, wire::NameKind::selector, selector)));
    hub_sends(interned(2, 70));
    const auto frames = native_written();
    ASSERT_FALSE(frames.empty());
    EXPECT_EQ(frames[0].block.dst, 70U);
    hub_sends(Native{.id = frames[0].id, .block = {.verb = verb_of(wire::Verb::reply)}, .payload = "1"});
    EXPECT_EQ(only<Finished>().call, call);
}

TEST_F(Transcript, FailsACallWhoseSelectorGetsNoNumber)
{
    go_online_native();
    protocol.invoke({.to = std::string(20'000, 'x'), .name = "abs"}, 5s, now);
    native_written();
    hub_sends(interned(2, 0, wire::Status::too_large));
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "too_large");
    protocol.invoke({.to = "math", .name = std::string(257, 'x')}, 5s, now);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "too_large");
}

TEST_F(Transcript, KeepsToTheLongestFrameThatTheHubAccepts)
{
    protocol.connected(now);
    written();
    hub_sends(answer_to(1, R"({"success":true,"native":{"v":1,"handle":7,"max":1000}})"));
    protocol.take_events();
    protocol.invoke({.to = "math", .name = "abs", .params = Json::array({std::string(1'000, 'x')})}, 5s, now);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "too_large");
}

// ---- the same at a hub without the native dialect

TEST_F(Transcript, SaysTheOptionsOfACallAsMembersOfALegacyMessage)
{
    go_online();
    Trace trace;
    trace.trace_id[0] = std::byte{0xab};
    Invocation call{.to = "math", .name = "abs"};
    call.options = {.idempotent = true, .wait = true, .sticky = "k", .trace = trace};
    protocol.invoke(call, 5s, now);
    EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("data":[],"timeout":5000,"idempotent":true,"wait":true,)"
                                                 R"("sticky":"k","trace":"00-ab000000000000000000000000000000-)"
                                                 R"(0000000000000000-00","host":)")));
}

TEST_F(Transcript, SelectsByMoreThanTheObjectInBothDialects)
{
    Selector who{"math"};
    who.process = "web";
    who.pid = "12";
    const std::string text = R"({"objectName":"math","processName":"web","pid":"12"})";
    go_online();
    protocol.send({.to = who, .name = "log"}, now);
    EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("remote":)" + text)));
    protocol.disconnected();
    go_online_native();
    protocol.send({.to = who, .name = "log"}, now);
    EXPECT_EQ(native_written().at(0).selector, text);
}

TEST_F(Transcript, CannotSendBytesThroughALegacyHub)
{
    go_online();
    protocol.invoke({.to = "math", .name = "abs", .params = Bytes{std::string{"x"}}}, 5s, now);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraUnsupportedError");
    EXPECT_THAT(written(), IsEmpty());
}

// ---- waiting for somebody

TEST_F(Transcript, LetsTheHubWaitForSomebody)
{
    go_online_native();
    const auto waits = protocol.wait_for("math", 5s, now);
    EXPECT_THAT(native_written(),
                ElementsAre(Native{.flags = control_request,
                                   .id = 2,
                                   .block = {.verb = verb_of(wire::ControlVerb::wait_for), .deadline = five_seconds},
                                   .selector = math}));
    hub_sends(Native{.flags = flag::control,
                     .id = 2,
                     .block = {.verb = verb_of(wire::ControlVerb::wait_for)},
                     .payload = R"({"clients":2})"});
    EXPECT_EQ(only<Finished>().call, waits);
}

TEST_F(Transcript, AsksALegacyHubAgainEachSecondWhetherSomebodyIsThere)
{
    go_online();
    const auto waits = protocol.wait_for("math", 5s, now);
    EXPECT_THAT(written(), ElementsAre(HasSubstr("OBJECT_ACTION_INTROSPECT")));
    const std::string nobody = R"({"success":false,"error":{"message":"Cannot found any clients by selector: {}"}})";
    hub_sends(answer_to(ids.at(0), nobody));
    EXPECT_EQ(protocol.next_deadline(), now + 1s);
    now += 1s;
    protocol.expire(now);
    EXPECT_THAT(written(), ElementsAre(HasSubstr("OBJECT_ACTION_INTROSPECT")));
    hub_sends(answer_to(ids.at(0), R"({"success":true,"data":{}})"));
    EXPECT_EQ(only<Finished>().call, waits);
    EXPECT_FALSE(protocol.next_deadline());

    protocol.wait_for("math", 500ms, now);
    written();
    hub_sends(answer_to(ids.at(0), nobody));
    protocol.expire(now + 500ms);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "MessengerRequestTimeoutError");
    protocol.expire(now + 5s);
    EXPECT_THAT(written(), IsEmpty()) << "nobody waits any more";
}

TEST_F(Transcript, GoesOnWaitingForSomebodyWhenTheConnectionIsLostBetweenTwoQuestions)
{
    go_online();
    protocol.wait_for("math", 60s, now);
    written();
    hub_sends(answer_to(ids.at(0), R"({"success":false,"error":{"name":"PandoraNoRouteError","message":"no"}})"));
    protocol.disconnected();
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    go_online_native();
    now += 1s;
    protocol.expire(now);
    EXPECT_EQ(native_written().at(0).block.verb, verb_of(wire::ControlVerb::wait_for));
}

// ---- direct channels

class WithChannels : public Transcript {
protected:
    WithChannels() : Transcript{{}, 0, {.channels = true}} {}
};

TEST_F(WithChannels, OffersThemAndOpensOneToWhoMatches)
{
    protocol.connected(now);
    EXPECT_THAT(written(), ElementsAre(HasSubstr(R"("native":{"v":1,"features":["channel"]})")));
    hub_sends(answer_to(1, granting));
    protocol.take_events();
    Native identity{.flags = flag::control | flag::oneway,
                    .block = {.verb = verb_of(wire::ControlVerb::identity), .src = 9},
                    .payload = R"({"client":"c9"})"};
    hub_sends(identity);
    const auto call = protocol.open_channel("math", {.sticky = "k"}, 5s, now);
    const Native question{.flags = control_request,
                          .id = 2,
                          .block = {.verb = verb_of(wire::ControlVerb::open_channel)},
                          .selector = math,
                          .sticky = "k"};
    EXPECT_THAT(native_written(), ElementsAre(question));
    hub_sends(Native{.flags = flag::control | flag::fds,
                     .id = 2,
                     .block = {.verb = verb_of(wire::ControlVerb::open_channel), .nfds = 1, .src = 9, .method = 5}});
    const auto opened = only<ChannelOpened>();
    EXPECT_EQ(opened.call, call);
    EXPECT_EQ(opened.number, 5U);
    EXPECT_EQ(opened.peer.dump(), identity.payload);
    protocol.report_channel(5, Json{{"calls", 1}}, wire::Status::peer_gone);
    EXPECT_THAT(native_written(),
                ElementsAre(Native{.flags = flag::control | flag::oneway,
                                   .id = 3,
                                   .block = {.verb = verb_of(wire::ControlVerb::report), .status = 2, .method = 5},
                                   .payload = R"({"calls":1})"}));
}

TEST_F(WithChannels, FailToOpenWithTheHubsReasonOrWithoutASocket)
{
    go_online_native();
    const auto answer = [&](wire::Status status) {
        protocol.open_channel("math", {}, 5s, now);
        const auto frames = native_written();
        hub_sends(Native{.flags = flag::control,
                         .id = frames.at(0).id,
                         .block = {.verb = verb_of(wire::ControlVerb::open_channel),
                                   .status = static_cast<std::uint8_t>(status),
                                   .method = 5}});
        return error_of(only<Finished>().outcome).name;
    };
    EXPECT_EQ(answer(wire::Status::unsupported), "PandoraUnsupportedError");
    EXPECT_EQ(answer(wire::Status::ok), "Error");
}

TEST_F(Transcript, OpensNoChannelAtALegacyHub)
{
    go_online();
    protocol.open_channel("math", {}, 5s, now);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraUnsupportedError");
}

// ---- events

TEST_F(Transcript, EmitsRetainsAndTakesBack)
{
    go_online_native();
    protocol.emit({"clock", "tick"}, Json(3), false, now);
    protocol.emit({"clock", "tock"}, Json::array({1, 2}), true, now);
    const auto frames = native_written();
    ASSERT_GE(frames.size(), 2U);
    EXPECT_EQ(frames[0], (Native{.flags = 0,
                                 .id = 2,
                                 .block = {.verb = verb_of(wire::Verb::event)},
                                 .selector = R"({"objectName":"clock"})",
                                 .name = "tick",
                                 .payload = "[3]"}));
    EXPECT_EQ(frames[1].block.options, option::retain);
    EXPECT_EQ(frames[1].payload, "[1,2]");
    protocol.emit({"clock", "tock"}, std::nullopt, true, now);
    const auto taken_back = native_written();
    ASSERT_FALSE(taken_back.empty());
    EXPECT_EQ(taken_back[0].block.options, option::retain);
    EXPECT_EQ(taken_back[0].payload, "");
}

TEST_F(Transcript, HasNothingToTakeBackAtALegacyHub)
{
    protocol.emit({"clock", "tick"}, std::nullopt, true, now);
    go_online();
    EXPECT_THAT(written(), IsEmpty());
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(Transcript, SubscribesToAllByNoNameAndAgainWhenThePolicyChanges)
{
    go_online_native();
    subscribe({"math", "*"});
    const auto first = native_written();
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].name, "");
    subscribe({"math", "*"});
    EXPECT_THAT(native_written(), IsEmpty());
    protocol.subscribe({"math", "*"}, Overflow::last_value, 0, now);
    const auto again = native_written();
    ASSERT_FALSE(again.empty());
    EXPECT_EQ(again[0].block.act, static_cast<std::uint8_t>(Overflow::last_value));
    protocol.unsubscribe({"math", "*"}, now);
    const auto end = native_written();
    ASSERT_EQ(end.size(), 1U);
    EXPECT_EQ(end[0].block.verb, verb_of(wire::ControlVerb::unsubscribe));
}

} // namespace
} // namespace pandora::hub::client
