// Payloads in pools, as transcripts with the hub.
#include "hub/client/cpp/native_dialect.hpp"
#include "tests/unit/hub/client/cpp/heap_source.hpp"
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
namespace flag = wire::flag;
using Place = wire::SharedPlace;

const std::string granting_pools = R"({"success":true,"native":{"v":1,"handle":7,"max":16777216,"features":["pool"],)"
                                   R"("credit":{"messages":4096},"clock":"1"}})";
const std::string clock_selector = R"({"objectName":"clock"})";

/// Whose text is just long enough.
Json large() { return Json::array({std::string(pooled_bytes_min - 4, 'x')}); }

Native control(wire::ControlVerb verb, wire::RoutingBlock block)
{
    block.verb = verb_of(verb);
    return {.flags = flag::control | flag::oneway, .block = block};
}

class Pooled : public Transcript {
protected:
    Pooled() : Pooled{std::make_shared<HeapSource>()} {}

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

    std::shared_ptr<HeapSource> source;

private:
    explicit Pooled(std::shared_ptr<HeapSource> from) : Transcript{{}, 0, {.pools = from}}, source{std::move(from)} {}
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
    protocol.cancel(id, now);
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
        hub_sends(Native{.flags = flag::request,
                         .id = 42,
                         .block = {.src = 9, .options = options},
                         .selector = clock_selector,
                         .name = "now",
                         .payload = "[]"});
        protocol.answer(only<Invoked>().answer, Bytes{std::string(pooled_bytes_min, 'x')});
        const Native frame = written_one();
        EXPECT_EQ(frame.shared.has_value(), options == wire::option::pooled);
        EXPECT_EQ(frame.flags, flag::binary);
    }
    EXPECT_EQ(source->made, 1);
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
