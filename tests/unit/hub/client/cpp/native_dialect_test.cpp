// Payloads in pools, as transcripts with the hub.
#include "hub/client/cpp/native_dialect.hpp"
#include "tests/unit/hub/client/cpp/heap_source.hpp"
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
namespace flag = wire::flag;
using Place = wire::SharedPlace;

const std::string granting_pools = R"({"success":true,"native":{"v":1,"handle":7,"max":16777216,"features":["pool"],)"
                                   R"("credit":{"messages":4096},"clock":"1"}})";
const std::string clock_selector = R"({"objectName":"clock"})";

constexpr std::size_t huge_bytes = 17 * 1024 * 1024; // more than a frame has

/// Whose text is just long enough.
Json large() { return Json::array({std::string(pooled_bytes_min - 4, 'x')}); }

Native control(wire::ControlVerb verb, wire::RoutingBlock block)
{
    block.verb = verb_of(verb);
    return {.flags = flag::control | flag::oneway, .block = block};
}

class Pooled : public Transcript {
protected:
    explicit Pooled(Limits limits = {}) : Pooled{std::make_shared<HeapSource>(), limits} {}

    void SetUp() override
    {
        protocol.publish("clock", {{"now"}}, now);
        go_online_native(granting_pools);
    }

    RequestId call(Payload params, bool takes_bytes = false)
    {
        return protocol.invoke(
            {.to = "math", .name = "abs", .params = std::move(params), .options = {.bytes = takes_bytes}}, 1s, now);
    }

    /// The one frame that is neither INTERN nor POOL.
    Native written_one()
    {
        auto frames = native_written();
        std::erase_if(frames, [](const Native& frame) { return (frame.flags & flag::control) != 0; });
        EXPECT_THAT(frames, SizeIs(1));
        return frames.empty() ? Native{} : frames.front();
    }

    std::vector<Native> written_controls(wire::ControlVerb verb)
    {
        auto frames = native_written();
        std::erase_if(frames, [&](const Native& frame) {
            return !(frame.flags & flag::control) || frame.block.verb != verb_of(verb);
        });
        return frames;
    }

    Native answer(std::uint32_t id, wire::Status status, const std::string& payload)
    {
        return {.id = id,
                .block = {.verb = verb_of(wire::Verb::reply), .status = static_cast<std::uint8_t>(status)},
                .payload = payload};
    }

    /// Client 9 has told of a pool of `memory`.
    void hub_tells_of(const std::string& memory)
    {
        *source->others = memory;
        Native told = control(wire::ControlVerb::pool, {.nfds = 1, .dst = 4, .src = 9, .deadline = memory.size()});
        told.flags |= flag::fds;
        hub_sends(told);
    }

    void hub_sends_call(std::uint8_t more_flags, Place place, std::uint8_t options = 0)
    {
        hub_sends(Native{.flags = static_cast<std::uint8_t>(flag::request | more_flags),
                         .id = 42,
                         .block = {.src = 9, .options = options},
                         .selector = clock_selector,
                         .name = "now",
                         .shared = place});
    }

    void hub_sends_call_of_now(const wire::RoutingBlock& block)
    {
        hub_sends(Native{.flags = flag::request,
                         .id = 42,
                         .block = block,
                         .selector = clock_selector,
                         .name = "now",
                         .payload = "[]"});
    }

    std::shared_ptr<HeapSource> source;

private:
    Pooled(std::shared_ptr<HeapSource> from, Limits limits)
        : Transcript{limits, 0, {.pools = from}}, source{std::move(from)}
    {}
};

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
    for (std::size_t i = 0; i < pools_max; ++i) call(most);
    EXPECT_THAT(written_controls(wire::ControlVerb::pool), SizeIs(pools_max));
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
    PooledInLittleMemory() : Pooled{Limits{.queue_bytes_max = 2 * pooled_bytes_min + 1'000}} {}
};

TEST_F(PooledInLittleMemory, NoMoreIsKeptToBeSentAgainThanMayWait)
{
    std::vector<std::uint32_t> packets;
    const auto make_call = [&] {
        call(large());
        packets.push_back(written_one().id);
    };
    for (int i = 0; i < 3; ++i) make_call();
    hub_sends(answer(packets[0], wire::Status::ok, "5"));
    make_call(); // for which there is room again
    protocol.take_events();
    hub_sends(answer(packets[2], wire::Status::unsupported, R"({"message":"no pools"})"));
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraUnsupportedError") << "the one too many";
    for (const std::size_t kept : {1, 3}) {
        hub_sends(answer(packets[kept], wire::Status::unsupported, R"({"message":"no pools"})"));
        EXPECT_EQ(written_one().payload.size(), pooled_bytes_min);
    }
    EXPECT_THAT(protocol.take_events(), IsEmpty());
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
