// Payloads in pools, as transcripts with the hub.
#include "hub/wire/limits.hpp"
#include "tests/unit/hub/client/cpp/pooled_transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
namespace flag = wire::flag;
using Place = wire::SharedPlace;

// ---- from here

TEST_F(Pooled, ALargePayloadStandsInAPoolWhichIsToldFirst)
{
    call(large());
    auto frames = native_written();
    ASSERT_GE(frames.size(), 2U);
    Native pool = control(wire::ControlVerb::pool, {.nfds = 1, .dst = 1, .deadline = pool_bytes});
    pool.flags |= flag::fds;
    pool.id = frames[0].id;
    EXPECT_EQ(frames[0], pool);
    EXPECT_EQ(frames[1].shared, (Place{.pool = 1, .offset = 0, .length = pooled_bytes_min}));
    EXPECT_EQ(frames[1].payload, "");
    EXPECT_EQ(frames[1].block.options, wire::option::pooled);

    call(large());
    EXPECT_EQ(written_one().shared, (Place{.pool = 1, .offset = pooled_bytes_min, .length = pooled_bytes_min}));
    EXPECT_THAT(native_written(), IsEmpty());
}

TEST_F(Pooled, APlaceIsUsedAgainWhenItIsReleasedWhateverBecameOfTheCall)
{
    const auto id = call(large());
    written_one();
    protocol.cancel(id);
    call(large());
    EXPECT_EQ(written_controls(wire::ControlVerb::cancel).size(), 1U);
    hub_sends(control(wire::ControlVerb::release, {.dst = 1, .src = 9, .method = 0}));
    call(large());
    EXPECT_EQ(written_one().shared->offset, 0U);
}

TEST_F(Pooled, WhatIsSmallOrForManyOrForNobodyInParticularGoesInTheFrame)
{
    call(Json::array({std::string(pooled_bytes_min - 5, 'x')}));
    EXPECT_FALSE(written_one().shared);
    protocol.invoke_all({.to = "math", .name = "abs", .params = large()}, 1s, now);
    const Native multi = written_one();
    EXPECT_FALSE(multi.shared);
    EXPECT_EQ(multi.block.options, 0) << "nor are their answers";
    protocol.send({.to = "math", .name = "abs", .params = large()}, now);
    EXPECT_FALSE(written_one().shared);
    protocol.emit({"clock", "tick"}, large(), false, now);
    EXPECT_FALSE(written_one().shared);
    EXPECT_EQ(source->made, 0);
}

TEST_F(Pooled, WithoutMemoryItGoesInTheFrame)
{
    source->has_memory = false;
    call(large());
    const Native frame = written_one();
    EXPECT_FALSE(frame.shared);
    EXPECT_EQ(frame.payload.size(), pooled_bytes_min);
}

TEST_F(Pooled, WhoCannotReadPoolsIsSentItAgainAndTheNextInTheFrame)
{
    call(large());
    const std::uint32_t first = written_one().id;
    hub_sends(answer(first, wire::Status::unsupported, R"({"message":"no pools"})"));
    const Native again = written_one();
    EXPECT_FALSE(again.shared);
    EXPECT_EQ(again.payload.size(), pooled_bytes_min);
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    hub_sends(answer(again.id, wire::Status::ok, "5"));
    EXPECT_EQ(std::get<Json>(only<Finished>().outcome), 5);
    call(large());
    EXPECT_FALSE(written_one().shared);
}

TEST_F(Pooled, WhatIsUnsupportedInAFrameHasFailed)
{
    call(Json::array());
    hub_sends(answer(written_one().id, wire::Status::unsupported, R"({"message":"no bytes"})"));
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraUnsupportedError");
}

TEST_F(Pooled, APayloadMayBeLargerThanAFrame)
{
    call(Bytes{std::string(20 * 1024 * 1024, 'x')});
    EXPECT_EQ(written_one().shared->length, 20U * 1024 * 1024);
    call(Bytes{std::string(300 * 1024 * 1024, 'x')});
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "too_large") << "than a pool, too";
}

TEST_F(Pooled, WhatFitsAPoolAndNoFrameIsBusyWhereTheyAreFull)
{
    const Bytes huge{std::string(huge_bytes, 'x')};
    source->has_memory = false;
    call(huge);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "busy");
    source->has_memory = true;
    call(huge);
    const Native sent = written_one();
    EXPECT_TRUE(sent.shared);
    hub_sends(answer(sent.id, wire::Status::unsupported, R"({"message":"no pools"})"));
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraUnsupportedError") << "there is no other way to it";

    call(large());
    hub_sends(answer(written_one().id, wire::Status::unsupported, R"({"message":"no pools"})"));
    source->has_memory = false;
    call(huge);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "too_large") << "for who is known to read no pools";
}

TEST_F(Pooled, APoolThatIsTooSmallIsWithdrawnBeforeALargerOneIsTold)
{
    const Bytes most{std::string(pool_bytes / 8 * 5, 'x')}; // of which no two stand in one
    for (std::size_t i = 0; i < wire::pools_of_client_max; ++i) call(most);
    EXPECT_THAT(written_controls(wire::ControlVerb::pool), SizeIs(wire::pools_of_client_max));
    hub_sends(control(wire::ControlVerb::release, {.dst = 3, .src = 9, .method = 0}));
    call(Bytes{std::string(pool_bytes + 1, 'x')});
    const auto frames = native_written();
    ASSERT_THAT(frames, SizeIs(3));
    Native withdrawn = control(wire::ControlVerb::pool, {.dst = 3});
    withdrawn.id = frames[0].id;
    EXPECT_EQ(frames[0], withdrawn);
    EXPECT_EQ(frames[1].block.dst, 5U);
    EXPECT_EQ(frames[1].block.nfds, 1);
    EXPECT_EQ(frames[2].shared->pool, 5U);
}

TEST_F(Pooled, JsonThatIsTooLargeForAFrameIsTooLargeForAPool)
{
    call(Json::array({std::string(huge_bytes, 'x')}));
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "too_large");
    EXPECT_EQ(source->made, 0);
}

class PooledInLittleMemory : public Pooled {
protected:
    static constexpr std::size_t most = 2 * pooled_bytes_min + 2'000; // of a frame, and of all that is remembered

    PooledInLittleMemory() : Pooled{Limits{.frame_bytes_max = most, .queue_bytes_max = most}} {}
};

TEST_F(PooledInLittleMemory, WhatCouldNotBeKeptToBeSentAgainGoesInTheFrame)
{
    std::vector<Native> calls;
    const auto make_call = [&] {
        call(large());
        calls.push_back(written_one());
        return calls.back().shared.has_value();
    };
    EXPECT_TRUE(make_call() && make_call());
    EXPECT_FALSE(make_call());
    EXPECT_EQ(calls[2].payload.size(), pooled_bytes_min);
    hub_sends(answer(calls[0].id, wire::Status::ok, "5"));
    EXPECT_TRUE(make_call()) << "there is room again";
    protocol.take_events();
    for (const std::size_t pooled : {1U, 3U}) {
        hub_sends(answer(calls[pooled].id, wire::Status::unsupported, R"({"message":"no pools"})"));
        EXPECT_EQ(written_one().payload.size(), pooled_bytes_min);
    }
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(PooledInLittleMemory, WhatCouldNotBeKeptGoesByAPoolAllTheSameWhereItFitsNoFrameWithItsHead)
{
    call(large());
    EXPECT_TRUE(written_one().shared);
    for (const std::size_t bytes : {most, most - 1, most - wire::block_bytes_min}) {
        call(Bytes{std::string(bytes, 'x')});
        EXPECT_TRUE(written_one().shared) << bytes;
    }
    call(Bytes{std::string(most - wire::block_bytes_max, 'x')});
    EXPECT_FALSE(written_one().shared) << "with any head";
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(PooledInLittleMemory, WhatCouldNotBeKeptGoesByAPoolAllTheSameWhereTooMuchIsToBeWritten)
{
    for (int i = 0; i < 6; ++i) call(large());
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    std::vector<bool> pooled;
    const auto frames = native_written();
    for (const Native& frame : frames) {
        if (!(frame.flags & flag::control)) pooled.push_back(frame.shared.has_value());
    }
    EXPECT_THAT(pooled, ElementsAre(true, true, false, false, true, true));
    call(large());
    EXPECT_FALSE(written_one().shared) << "all is written";
    hub_sends(answer(frames.back().id, wire::Status::unsupported, R"({"message":"no pools"})"));
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraUnsupportedError") << "it was not kept";
}

TEST_F(PooledInLittleMemory, WhetherItCouldBeKeptIsAskedAgainOnceItsSelectorHasANumber)
{
    call(large());
    call(large());
    native_written();
    protocol.invoke({.to = std::string(2'000, 'o'), .name = "abs", .params = large()}, 1s, now);
    const auto question = written_controls(wire::ControlVerb::intern);
    ASSERT_THAT(question, SizeIs(1));
    for (int i = 0; i < 2; ++i) call(large()); // in frames that are not written yet
    hub_sends(Native{.flags = flag::control,
                     .id = question[0].id,
                     .block = {.verb = verb_of(wire::ControlVerb::intern), .dst = 70}});
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    const auto frames = native_written();
    ASSERT_THAT(frames, SizeIs(3));
    EXPECT_FALSE(frames[1].shared);
    EXPECT_EQ(frames[2].block.dst, 70U);
    EXPECT_TRUE(frames[2].shared);
}

TEST_F(Pooled, WhatTheHubDoesNotKeepIsNotUsedAndSentAgain)
{
    call(large());
    const Native first = written_one();
    hub_refuses_pool(1);
    hub_sends(answer(first.id, wire::Status::unsupported, R"({"message":"no pools"})"));
    EXPECT_EQ(written_one().payload.size(), pooled_bytes_min);
    protocol.invoke({.to = "another", .name = "abs", .params = large()}, 1s, now);
    EXPECT_FALSE(written_one().shared);
    hub_sends_call_of_now({.src = 9, .options = wire::option::pooled});
    protocol.answer(only<Invoked>().answer, large());
    EXPECT_FALSE(written_one().shared) << "an answer";
    EXPECT_EQ(source->made, 1);
    protocol.disconnected();
    go_online_native(granting_pools);
    call(large());
    EXPECT_TRUE(written_one().shared) << "on a new connection";
}

TEST_F(Pooled, WhoCouldNotReadWhatTheHubDoesNotKeepIsSentTheNextInAPoolThatItKeeps)
{
    call(Bytes{std::string(pool_bytes, 'x')}); // all of the first one
    EXPECT_EQ(written_one().shared->pool, 1U);
    call(large());
    const Native second = written_one();
    EXPECT_EQ(second.shared->pool, 2U);
    hub_refuses_pool(2);
    hub_sends(answer(second.id, wire::Status::unsupported, R"({"message":"no pools"})"));
    EXPECT_FALSE(written_one().shared);
    hub_sends(control(wire::ControlVerb::release, {.dst = 1, .src = 9, .method = 0}));
    call(large());
    const auto next = written_one().shared;
    EXPECT_EQ(next, (Place{.pool = 1, .offset = 0, .length = pooled_bytes_min}));
}

TEST_F(Pooled, APoolOfAnothersThatEndsIsNotTakenForOnesOwn)
{
    call(large());
    written_one();
    hub_sends(control(wire::ControlVerb::pool, {.dst = 1, .src = 9}));
    call(large());
    EXPECT_TRUE(written_one().shared);
}

TEST_F(Pooled, APartThatWaitsForAPlaceThatWillNotBeEndsTheCall)
{
    hub_sends_call_of_now({.src = 9, .credit = wire::credit_of(0, 2), .options = wire::option::pooled});
    const auto id = only<Invoked>().answer;
    const Bytes huge{std::string(huge_bytes, 'x')};
    source->has_memory = false;
    EXPECT_FALSE(protocol.part(id, huge));
    hub_refuses_pool(1);
    EXPECT_EQ(only<PartsWanted>().answer, id);
    EXPECT_FALSE(protocol.part(id, huge));
    EXPECT_EQ(only<Canceled>().answer, id);
    EXPECT_THAT(written_one().payload, HasSubstr(R"("name":"too_large")"));
}

TEST_F(Pooled, WhoReadsNoPoolsIsForgottenWhenThereAreTooMany)
{
    const auto is_pooled = [&](std::size_t object) {
        protocol.invoke({.to = "o" + std::to_string(object), .name = "abs", .params = large()}, 1s, now);
        const Native frame = written_one();
        if (!frame.shared) return false;
        hub_sends(control(wire::ControlVerb::release, {.dst = 1, .src = 9, .method = frame.shared->offset}));
        hub_sends(answer(frame.id, wire::Status::unsupported, R"({"message":"no pools"})"));
        written_one();
        return true;
    };
    for (std::size_t object = 0; object < NativeDialect::pools_avoided_max; ++object) EXPECT_TRUE(is_pooled(object));
    EXPECT_FALSE(is_pooled(0));
    EXPECT_TRUE(is_pooled(NativeDialect::pools_avoided_max));
    EXPECT_TRUE(is_pooled(0));
}

TEST_F(Pooled, ANewConnectionHasPoolsOfItsOwn)
{
    call(large());
    written_one();
    protocol.disconnected();
    protocol.take_events();
    go_online_native(granting_pools);
    call(large());
    EXPECT_THAT(written_controls(wire::ControlVerb::pool), SizeIs(1));
    protocol.disconnected();
    protocol.take_events();
    go_online_native();
    call(large());
    EXPECT_FALSE(written_one().shared) << "this hub has none";
}

TEST_F(Pooled, AnAnswerStandsInAPoolWhereTheCallerSaysThatItMay)
{
    for (const std::uint8_t options : {std::uint8_t{0}, wire::option::pooled}) {
        hub_sends_call_of_now({.src = 9, .options = options});
        protocol.answer(only<Invoked>().answer, Bytes{std::string(pooled_bytes_min, 'x')});
        const Native frame = written_one();
        EXPECT_EQ(frame.shared.has_value(), options == wire::option::pooled);
        EXPECT_EQ(frame.flags, flag::binary);
    }
    EXPECT_EQ(source->made, 1);
}

TEST_F(Pooled, AnAnswerThatFitsNoFrameIsTooLargeForWhoReadsNoPoolsAndBusyWhereTheyAreFull)
{
    source->has_memory = false;
    const std::map<std::uint8_t, std::string> errors{{std::uint8_t{0}, "too_large"}, {wire::option::pooled, "busy"}};
    for (const auto& [options, error] : errors) {
        hub_sends_call_of_now({.src = 9, .options = options});
        protocol.answer(only<Invoked>().answer, Bytes{std::string(huge_bytes, 'x')});
        EXPECT_THAT(written_one().payload, HasSubstr("\"name\":\"" + error + "\""));
    }
}

TEST_F(Pooled, APartForWhichThereIsNoPlaceIsWantedWhenOneIsFree)
{
    const Bytes huge{std::string(huge_bytes, 'x')};
    source->has_memory = false;
    hub_sends_call_of_now({.src = 9, .credit = wire::credit_of(0, 2), .options = wire::option::pooled});
    const auto id = only<Invoked>().answer;
    EXPECT_FALSE(protocol.part(id, huge));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    source->has_memory = true;
    hub_sends(control(wire::ControlVerb::release, {.dst = 1, .src = 9, .method = 0}));
    EXPECT_EQ(only<PartsWanted>().answer, id);
    EXPECT_TRUE(protocol.part(id, huge));
    EXPECT_TRUE(written_one().shared);
}

TEST_F(Pooled, APartThatFitsNothingEndsTheCall)
{
    hub_sends_call_of_now({.src = 9, .credit = wire::credit_of(0, 2)});
    const auto id = only<Invoked>().answer;
    EXPECT_FALSE(protocol.part(id, Bytes{std::string(huge_bytes, 'x')}));
    EXPECT_EQ(only<Canceled>().answer, id);
    const Native end = written_one();
    EXPECT_EQ(end.flags & flag::more, 0);
    EXPECT_THAT(end.payload, HasSubstr(R"("name":"too_large")"));
    EXPECT_FALSE(protocol.part(id, Json{1}));
    protocol.answer(id, Json{1});
    EXPECT_THAT(native_written(), IsEmpty());
}

// ---- to here

TEST_F(Pooled, BytesInAPoolAreReleasedWhenNobodyHasThemAnyMore)
{
    hub_tells_of("....bytes");
    hub_sends_call(flag::binary, {.pool = 4, .offset = 4, .length = 5});
    auto invoked = std::make_optional(only<Invoked>());
    EXPECT_EQ(invoked->call.bytes->text(), "bytes");
    protocol.answer(invoked->answer, Json{1});
    EXPECT_THAT(written_controls(wire::ControlVerb::release), IsEmpty());
    invoked.reset();
    const auto released = written_controls(wire::ControlVerb::release);
    ASSERT_THAT(released, SizeIs(1));
    EXPECT_EQ(released[0].block.src, 9U);
    EXPECT_EQ(released[0].block.dst, 4U);
    EXPECT_EQ(released[0].block.method, 4U);
}

TEST_F(Pooled, JsonInAPoolIsReadAndReleasedAtOnce)
{
    hub_tells_of("....[1,2]");
    hub_sends_call(0, {.pool = 4, .offset = 4, .length = 5});
    EXPECT_EQ(only<Invoked>().call.params, Json::array({1, 2}));
    EXPECT_THAT(written_controls(wire::ControlVerb::release), SizeIs(1));
}

TEST_F(Pooled, JsonInAPoolThatIsTooLargeForAFrameIsReleasedUnread)
{
    const std::string json = '"' + std::string(huge_bytes, 'x') + '"';
    const Place place{.pool = 4, .offset = 0, .length = static_cast<std::uint32_t>(json.size())};
    hub_tells_of(json);
    hub_sends_call(0, place);
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    const auto frames = native_written();
    ASSERT_THAT(frames, SizeIs(2));
    EXPECT_THAT(frames[0].payload, HasSubstr("PandoraMalformedFrameError"));
    EXPECT_EQ(frames[1].block.verb, verb_of(wire::ControlVerb::release));

    call(Json::array());
    Native result = answer(written_one().id, wire::Status::ok, "");
    result.block.src = 9;
    result.shared = place;
    hub_sends(result);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraMalformedFrameError");
    EXPECT_THAT(written_controls(wire::ControlVerb::release), SizeIs(1));
}

TEST_F(Pooled, WhatIsRefusedIsReleased)
{
    hub_tells_of("....[1,2]");
    hub_sends_call(0, {.pool = 4, .offset = 4, .length = 5}, 0x80);
    EXPECT_THAT(written_controls(wire::ControlVerb::release), SizeIs(1));
}

TEST_F(Pooled, APoolThatCannotBeMappedMakesTheCallUnsupported)
{
    hub_sends_call(0, {.pool = 4, .offset = 4, .length = 5});
    const auto frames = native_written();
    ASSERT_THAT(frames, SizeIs(2));
    EXPECT_EQ(frames[0].block.status, static_cast<std::uint8_t>(wire::Status::unsupported));
    EXPECT_EQ(frames[1].block.verb, verb_of(wire::ControlVerb::release));
}

TEST_F(Pooled, AResultInAPoolIsTheCallers)
{
    hub_tells_of("....bytes");
    call(Json::array(), true);
    Native frame = answer(written_one().id, wire::Status::ok, "");
    frame.flags = flag::binary;
    frame.block.src = 9;
    frame.shared = Place{.pool = 4, .offset = 4, .length = 5};
    hub_sends(frame);
    auto finished = only<Finished>();
    EXPECT_EQ(std::get<Bytes>(finished.outcome).text(), "bytes");
    EXPECT_THAT(native_written(), IsEmpty());
    finished.outcome = Json{};
    EXPECT_THAT(written_controls(wire::ControlVerb::release), SizeIs(1));
}

TEST_F(Pooled, AResultThatCannotBeMappedIsTheLastThatIsAskedForThere)
{
    call(Json::array(), true);
    const Native question = written_one();
    EXPECT_EQ(question.block.options, wire::option::pooled);
    Native result = answer(question.id, wire::Status::ok, "");
    result.flags = flag::binary;
    result.block.src = 9;
    result.shared = Place{.pool = 4, .offset = 4, .length = 5};
    hub_sends(result);
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraUnsupportedError");
    EXPECT_THAT(written_controls(wire::ControlVerb::release), SizeIs(1));
    call(Json::array(), true);
    EXPECT_EQ(written_one().block.options, 0);
}

TEST_F(Pooled, BytesOutliveTheConnectionAndAreNotReleasedOnTheNext)
{
    hub_tells_of("....bytes");
    hub_sends_call(flag::binary, {.pool = 4, .offset = 4, .length = 5});
    auto invoked = std::make_optional(only<Invoked>());
    protocol.disconnected();
    protocol.take_events();
    go_online_native(granting_pools);
    EXPECT_EQ(invoked->call.bytes->text(), "bytes");
    invoked.reset();
    EXPECT_THAT(native_written(), IsEmpty());
}

TEST_F(Pooled, AnswersOfACallThatIsOverAreReleased)
{
    hub_tells_of("....bytes");
    Native late = answer(77, wire::Status::ok, "");
    late.block.src = 9;
    late.shared = Place{.pool = 4, .offset = 4, .length = 5};
    hub_sends(late);
    EXPECT_THAT(written_controls(wire::ControlVerb::release), SizeIs(1));
}

} // namespace
} // namespace pandora::hub::client
