// Legacy and native clients call each other.
#include "tests/unit/hub/core/native_fixture.hpp"

#include <gmock/gmock.h>

namespace pandora::hub::core::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;
using wire::Act;
using wire::Status;
using wire::Verb;

class DialectsTest : public NativeRouterTest {
protected:
    /// A call of an npm client to the method `abs` of `math`, with `more` members.
    static std::string npm_call(const std::string& more = R"(,"data":[-4])",
                                const std::string& action = "OBJECT_ACTION_INVOKE")
    {
        return R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"math"},"action":")" + action +
               R"(","broadcast":false,"propertyName":"abs")" + more + R"(,"host":{"pid":"7"},"needReply":true}})";
    }

    PeerId npm_client()
    {
        const PeerId peer = join();
        send(peer, 1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":"7"},"needReply":true}})");
        received(peer);
        return peer;
    }
};

TEST_F(DialectsTest, ALegacyCallReachesANativeCalleeInItsOwnForm)
{
    const PeerId callee = native_provider(), caller = npm_client();
    send(caller, 5, npm_call(R"(,"data":[-4],"timeout":100)"));
    const auto got = frames(callee, true);
    ASSERT_THAT(got, SizeIs(3)) << "the hub numbers what legacy clients say again and again";
    const NativeReceived& call = got.back();
    EXPECT_EQ(call.flags, wire::flag::native | wire::flag::request);
    EXPECT_EQ(call.block.act, static_cast<std::uint8_t>(Act::call));
    EXPECT_EQ(got[0].payload, math);
    EXPECT_EQ(got[0].block.dst, call.block.dst);
    EXPECT_EQ(got[1].payload, "abs");
    EXPECT_EQ(got[1].block.dst, call.block.method);
    EXPECT_EQ(call.payload, "[-4]");
    EXPECT_EQ(call.block.deadline,
              static_cast<std::uint64_t>(std::chrono::nanoseconds{(now + 100ms).time_since_epoch()}.count()));

    answer_to(callee, call.id, "4");
    EXPECT_EQ(only(caller), reply(5, R"({"host":{"processName":"n"},"remote":{"pid":"7"},"success":true,"data":4})"));
}

TEST_F(DialectsTest, FalsyResultsOfANativeCalleeArriveAsTheyAre)
{
    const PeerId callee = native_provider(), caller = npm_client();
    for (const char* value : {"0", "false", "\"\"", "null"}) {
        send(caller, 5, npm_call());
        answer_to(callee, only_frame(callee).id, value);
        EXPECT_THAT(only(caller), HasSubstr(R"("data":)" + std::string{value} + "}")) << value;
    }
    send(caller, 5, npm_call());
    answer_to(callee, only_frame(callee).id, {});
    EXPECT_THAT(only(caller), HasSubstr(R"("success":true}})")) << "nothing is nothing";
}

TEST_F(DialectsTest, ErrorsOfANativeCalleeArriveAsErrors)
{
    const PeerId callee = native_provider(), caller = npm_client();
    send(caller, 5, npm_call());
    answer_to(callee, only_frame(callee).id, R"({"message":"too cold","name":"RangeError"})", Status::app_error);
    EXPECT_THAT(only(caller), HasSubstr(R"("success":false,"error":{"message":"too cold","name":"RangeError"})"));
    EXPECT_EQ(ended(CallEnd::app_error), 1U);
    send(caller, 6, npm_call());
    answer_to(callee, only_frame(callee).id, {}, Status::app_error);
    EXPECT_THAT(only(caller), HasSubstr(R"("error":{)")) << "callers test it for truth";
}

TEST_F(DialectsTest, AnAnswerThatIsNoJsonBecomesAnErrorForALegacyCaller)
{
    const PeerId callee = native_provider(), caller = npm_client();
    for (const std::string bad : {"{", "\xff", "1 2"}) {
        send(caller, 5, npm_call());
        answer_to(callee, only_frame(callee).id, bad);
        EXPECT_THAT(only(caller), HasSubstr(R"("success":false)")) << bad;
    }
    send(caller, 6, npm_call());
    answer_to(callee, only_frame(callee).id, "\x01\x02", Status::ok, wire::flag::binary);
    EXPECT_THAT(only(caller), HasSubstr("PandoraUnsupportedError"));
}

TEST_F(DialectsTest, TheOtherActionsAreActs)
{
    const PeerId callee = native_provider(), caller = npm_client();
    const std::pair<const char*, Act> actions[] = {{"OBJECT_ACTION_INTROSPECT", Act::introspect},
                                                   {"OBJECT_ACTION_GET_PROPERTY", Act::get_property},
                                                   {"OBJECT_ACTION_SUBSCRIBE", Act::subscribe},
                                                   {"OBJECT_ACTION_UNSUBSCRIBE", Act::unsubscribe}};
    for (const auto& [action, act] : actions) {
        send(caller, 5, npm_call(R"(,"register":"tick")", action));
        const NativeReceived call = only_frame(callee);
        EXPECT_EQ(call.block.act, static_cast<std::uint8_t>(act)) << action;
        answer_to(callee, call.id, {});
        received(caller);
    }
    send(caller, 6, npm_call(R"(,"mine":[1])", "my own"));
    const NativeReceived raw = only_frame(callee);
    EXPECT_EQ(raw.block.act, static_cast<std::uint8_t>(Act::raw));
    EXPECT_THAT(raw.payload, HasSubstr(R"("action":"my own")"));
    EXPECT_THAT(raw.payload, HasSubstr(R"("mine":[1])"));
}

TEST_F(DialectsTest, ANativeCallReachesALegacyCalleeAsAnInvocation)
{
    const PeerId callee = provider("math"), caller = join_native();
    ask(caller, 8, math, "a\"b", "[-4,null]");
    const auto got = received(callee);
    ASSERT_THAT(got, SizeIs(1));
    EXPECT_EQ(got[0].body,
              R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","data":{"remote":{"objectName":"math"},)"
              R"("action":"OBJECT_ACTION_INVOKE","broadcast":false,"propertyName":"a\"b","data":[-4,null],)"
              R"("host":{"processName":"n"},"needReply":true}})");
    send(callee, 3, reply(got[0].id, R"({"success":true,"data":false})"));
    const NativeReceived answer = only_frame(caller);
    EXPECT_EQ(answer.payload, "false");
    EXPECT_EQ(answer.status(), Status::ok);
}

TEST_F(DialectsTest, ALegacyCalleesErrorIsAnAppErrorAndNothingIsEmpty)
{
    const PeerId callee = provider("math"), caller = join_native();
    ask(caller, 8, math, "m");
    send(callee, 3, reply(received(callee)[0].id, R"({"success":false,"error":{"message":"no"}})"));
    const NativeReceived failed = only_frame(caller);
    EXPECT_EQ(failed.status(), Status::app_error);
    EXPECT_EQ(failed.payload, R"({"message":"no"})");
    ask(caller, 9, math, "m");
    send(callee, 4, reply(received(callee)[0].id, R"({"success":true})"));
    EXPECT_EQ(only_frame(caller).payload, "");
}

TEST_F(DialectsTest, WhatHasNoLegacyFormIsUnsupported)
{
    const PeerId callee = provider("math"), caller = join_native();
    put(caller, wire::flag::request | wire::flag::binary, 1, {}, {.selector = math, .name = "m"}, "\x01");
    EXPECT_EQ(only_status(caller), Status::unsupported);
    ask(caller, 2, math, "m", "{not json");
    EXPECT_EQ(only_status(caller), Status::unsupported);
    ask(caller, 3, math, {}, "[1]", {.act = static_cast<std::uint8_t>(Act::raw)});
    EXPECT_EQ(only_status(caller), Status::unsupported) << "a whole message is an object";
    EXPECT_THAT(received(callee), IsEmpty());
}

TEST_F(DialectsTest, ARawMessageKeepsItsOwnMembers)
{
    const PeerId callee = provider("math"), caller = join_native();
    ask(caller, 1, math, {}, R"( {"action":"echo","x":1} )", {.act = static_cast<std::uint8_t>(Act::raw)});
    EXPECT_THAT(only(callee), HasSubstr(R"({"action":"echo","x":1,"remote":{"objectName":"math"},"broadcast":false,)"));
}

TEST_F(DialectsTest, BinaryPrefersACalleeThatCanReadIt)
{
    const PeerId legacy = provider("math"), native = native_provider(), caller = join_native();
    for (std::uint32_t id = 1; id <= 8; ++id)
        put(caller, wire::flag::request | wire::flag::binary, id, {}, {.selector = math, .name = "m"}, "\x01");
    EXPECT_THAT(frames(native), SizeIs(8));
    EXPECT_THAT(received(legacy), IsEmpty());
}

TEST_F(DialectsTest, AMultiGathersFromBoth)
{
    const PeerId legacy = provider("math"), native = native_provider(), caller = join_native(), npm = npm_client();
    ask(caller, 1, math, "m", "[]", {.verb = static_cast<std::uint8_t>(Verb::multi)});
    send(legacy, 3, reply(received(legacy)[0].id, R"({"success":true,"data":1})"));
    answer_to(native, only_frame(native).id, "2");
    EXPECT_THAT(frames(caller), SizeIs(3));

    send(npm, 2, multi_invoke(std::string{math}, R"(,"data":[])"));
    send(legacy, 4, reply(received(legacy)[0].id, R"({"success":true,"data":1})"));
    answer_to(native, only_frame(native).id, "2");
    EXPECT_THAT(only(npm), HasSubstr(R"("batchReply":[{"success":true,"data":1},{"host":{"processName":"n"},)"
                                     R"("remote":{"pid":"9"},"success":true,"data":2}])"));
}

TEST_F(DialectsTest, TraceContextIsCarriedBothWays)
{
    const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const PeerId native = native_provider(), npm = npm_client();
    send(npm, 5, npm_call(R"(,"data":[],"trace":")" + parent + "\""));
    std::string seen;
    for (const auto& got : received(native))
        if (const auto body = wire::parse_native(got.body); !body->tlvs.trace.empty())
            seen = wire::traceparent(body->tlvs.trace);
    EXPECT_EQ(seen, parent);

    const PeerId legacy = provider("old");
    const auto trace = *wire::trace_from(parent);
    put(native, wire::flag::request, 6, {},
        {.selector = R"({"objectName":"old"})", .name = "m", .trace = {trace.data(), trace.size()}}, "[]");
    EXPECT_THAT(only(legacy), HasSubstr(R"("trace":")" + parent + "\""));
}

TEST_F(DialectsTest, AShoutReachesEverybodyInItsOwnDialect)
{
    const PeerId legacy = npm_client(), native = join_native(), caller = join_native();
    put(caller, wire::flag::request, 1,
        {.verb = static_cast<std::uint8_t>(Verb::shout), .act = static_cast<std::uint8_t>(Act::raw)}, {},
        R"({"action":"wake up"})");
    EXPECT_THAT(only(legacy), HasSubstr(R"("action":"wake up")"));
    EXPECT_THAT(frames(native), SizeIs(1));
    EXPECT_THAT(frames(caller), SizeIs(2)) << "the sender is one of them, and is answered";
}

} // namespace
} // namespace pandora::hub::core::testing
