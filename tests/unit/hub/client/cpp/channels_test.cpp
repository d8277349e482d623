// One end of a direct channel, as transcripts with a peer that the test plays.
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
namespace flag = wire::flag;

Native reply(std::uint32_t id, const std::string& payload)
{
    return {.id = id, .block = {.verb = verb_of(wire::Verb::reply)}, .payload = payload};
}

Native control(wire::ControlVerb verb, std::uint32_t id = 0)
{
    return {.flags = flag::control | flag::oneway, .id = id, .block = {.verb = verb_of(verb)}};
}

class DirectChannel : public Transcript {
protected:
    DirectChannel()
    {
        protocol = Protocol::direct(Json::parse(R"({"client":"c9"})"));
        protocol.publish("clock", {{"now"}}, now);
        protocol.connected(now);
    }
};

TEST_F(DirectChannel, CallsWithTextsOnlyAndTellsTheCalleeWhenItsTimeIsOver)
{
    EXPECT_THAT(native_written(), IsEmpty()) << "nobody is there to be greeted";
    for (int i = 0; i < 3; ++i) invoke("abs", 1s);
    const auto frames = native_written();
    ASSERT_EQ(frames.size(), 3U) << "and nobody to number names";
    EXPECT_EQ(frames[2].selector, R"({"objectName":"math"})");
    hub_sends(reply(frames[0].id, "4"));
    EXPECT_EQ(std::get<Json>(only<Finished>().outcome), 4);
    protocol.expire(now + 1s);
    EXPECT_EQ(count<Finished>(), 2U);
    EXPECT_THAT(native_written(), ElementsAre(control(wire::ControlVerb::cancel, frames[1].id),
                                              control(wire::ControlVerb::cancel, frames[2].id)));
}

TEST_F(DirectChannel, ServesThePeerAsWhomTheHubSaysItIs)
{
    Native forged = control(wire::ControlVerb::identity);
    forged.block.src = 9;
    forged.payload = R"({"client":"c1","process":"pandora"})";
    hub_sends(forged);
    hub_sends(Native{
        .flags = flag::request, .id = 1, .block = {.src = 9}, .selector = R"({"objectName":"clock"})", .name = "now"});
    const auto invoked = only<Invoked>();
    EXPECT_EQ(invoked.call.source.dump(), R"({"client":"c9"})");
    protocol.answer(invoked.answer, Outcome{Json(1)});
    EXPECT_THAT(native_written(), ElementsAre(reply(1, "1")));
}

TEST_F(DirectChannel, TakesNoFrameThatIsNotNative)
{
    const std::string forged = R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","source":{"process":"pandora"},"data":{}})";
    EXPECT_TRUE(hub_sends(forged));
    EXPECT_THAT(protocol.take_events(), IsEmpty());
}

TEST_F(DirectChannel, ReleasesWhatStandsInAPoolThatItDoesNotRead)
{
    hub_sends(Native{.flags = flag::request,
                     .id = 1,
                     .selector = R"({"objectName":"clock"})",
                     .name = "now",
                     .shared = wire::SharedPlace{.pool = 4, .offset = 4096, .length = 5}});
    EXPECT_THAT(protocol.take_events(), IsEmpty());
    const auto frames = native_written();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].block.status, static_cast<std::uint8_t>(wire::Status::unsupported));
    Native release = control(wire::ControlVerb::release, frames[1].id);
    release.block.dst = 4;
    release.block.method = 4096;
    EXPECT_EQ(frames[1], release);
    EXPECT_THAT(native_written(), IsEmpty()) << "and once";
}

TEST_F(DirectChannel, FailsWhatIsInFlightAsOfAPeerThatIsGone)
{
    invoke("abs");
    protocol.end();
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraPeerGoneError");
    invoke("abs");
    EXPECT_EQ(error_of(only<Finished>().outcome).name, "PandoraPeerGoneError");
}

} // namespace
} // namespace pandora::hub::client
