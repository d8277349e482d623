// How calls end: what an answer does to the callee, the counters and a caller that cannot be told it.
#include "tests/unit/hub/core/native_fixture.hpp"

#include <gmock/gmock.h>

namespace pandora::hub::core::testing {
namespace {

using ::testing::SizeIs;
using wire::ControlVerb;
using wire::Status;
using wire::Verb;

class RouterAnswersTest : public NativeRouterTest {
protected:
    std::uint64_t counted(const std::string& process, CallEnd end) const
    {
        const auto found = router.counters().by_process.find(process);
        return found == router.counters().by_process.end() ? 0 : found->second[end];
    }
};

TEST_F(RouterAnswersTest, ACalleeThatHasAnsweredIsNotToldToStop)
{
    const PeerId callee = native_provider(), caller = join_native();
    for (const Status status : {Status::ok, Status::denied, Status::unsupported, Status::app_error, Status::invalid,
                                Status::canceled, Status::busy}) {
        ask(caller, 1, math, "m");
        answer_to(callee, only_frame(callee).id, R"({"message":"no"})", status);
        frames(caller);
        EXPECT_THAT(frames(callee), IsEmpty()) << wire::name_of(status);
    }
}

TEST_F(RouterAnswersTest, WhatACalleeMayNotSayIsItsOwnFailure)
{
    const PeerId callee = native_provider(), caller = join_native();
    for (unsigned status = 0; status < 256; ++status) {
        ask(caller, 1, math, "m");
        answer_to(callee, only_frame(callee).id, R"({"message":"no"})", static_cast<Status>(status));
        const bool may = status == 0 || status == 5 || status == 7 || status == 8 || status == 10 || status == 11;
        EXPECT_EQ(only_status(caller), may ? static_cast<Status>(status) : Status::app_error) << status;
    }
}

TEST_F(RouterAnswersTest, EveryAnswerIsCountedForItsProcessOnce)
{
    const PeerId one = native_provider("math", "", "calc"), two = native_provider("math", "", "calc");
    const PeerId caller = join_native();
    ask(caller, 1, math, "m", "[]", {.verb = static_cast<std::uint8_t>(Verb::multi)});
    answer_to(one, only_frame(one).id, "1");
    answer_to(two, only_frame(two).id, "{}", Status::app_error);
    EXPECT_EQ(counted("calc", CallEnd::ok), 1U);
    EXPECT_EQ(counted("calc", CallEnd::app_error), 1U);
    ask(caller, 2, math, "m");
    for (const PeerId callee : {one, two})
        for (const auto& asked : frames(callee)) answer_to(callee, asked.id, "2");
    EXPECT_EQ(counted("calc", CallEnd::ok), 2U);
}

TEST_F(RouterAnswersTest, AnAnswerWithMoreDescriptorsThanItsCallerTakesFailsAndTheCallerStays)
{
    const PeerId callee = native_provider(), caller = join_native();
    const std::vector<Fd> fds(wire::fds_max, std::make_shared<const int>(7));
    const std::size_t room = wire::Limits{}.fds_queued_max / wire::fds_max;
    for (std::uint32_t id = 1; id <= room + 1; ++id) ask(caller, id, math, "m");
    for (const auto& asked : frames(callee))
        put(callee, wire::flag::fds, asked.id, {.verb = static_cast<std::uint8_t>(Verb::reply), .nfds = wire::fds_max},
            {}, "1", fds);
    EXPECT_THAT(close_asked(), IsEmpty());
    const auto got = frames(caller);
    ASSERT_THAT(got, SizeIs(room + 1));
    EXPECT_EQ(got.front().status(), Status::ok);
    EXPECT_EQ(got.back().status(), Status::busy);
}

TEST_F(RouterAnswersTest, ALegacyCallerIsToldWhatItsDialectHasAndNothingElse)
{
    const PeerId callee = native_provider(), caller = join();

    struct Row {
        std::uint8_t flags;
        Status status;
        std::string_view payload, want;
    };

    for (const auto& [flags, status, payload, want] :
         {Row{0, Status::ok, "4", R"("success":true,"data":4)"}, Row{0, Status::ok, "", R"("success":true)"},
          Row{0, Status::ok, "no JSON", "no valid JSON"}, Row{0, Status::app_error, "7", R"("error":7)"},
          Row{wire::flag::binary, Status::ok, "\x01", "PandoraUnsupportedError"},
          Row{wire::flag::more, Status::ok, "1", "more answers than it was granted"}}) {
        send(caller, 1, invoke("math"));
        answer_to(callee, only_frame(callee).id, payload, status, flags);
        const std::string got = only(caller);
        EXPECT_TRUE(wire::is_json(got)) << got;
        EXPECT_THAT(got, HasSubstr(std::string{want}));
        frames(callee);
    }
}

TEST_F(RouterAnswersTest, WhoseAnswerFailedInAMultiIsIntroduced)
{
    const PeerId callee = native_provider("math", "", "calc"), caller = join_native("", "", true);
    ask(caller, 1, math, "m", "[]", {.verb = static_cast<std::uint8_t>(Verb::multi)});
    router.disconnect(callee, Disconnect::peer_closed, now);
    const auto got = frames(caller, true);
    ASSERT_THAT(got, SizeIs(3));
    EXPECT_TRUE(got[0].is(ControlVerb::identity));
    EXPECT_EQ(got[1].block.src, got[0].block.src);
    EXPECT_EQ(got[1].status(), Status::peer_gone);
    EXPECT_EQ(got[2].payload, R"({"asked":1,"answered":0})");
}

TEST_F(RouterAnswersTest, AStreamThatHasBegunIsNotGivenToAnotherCallee)
{
    const PeerId first = native_provider(), caller = join_native();
    ask(caller, 1, math, "m", "[]", {.credit = 5, .options = wire::option::idempotent});
    answer_to(first, only_frame(first).id, "1", Status::ok, wire::flag::more);
    const PeerId second = native_provider();
    frames(caller);
    router.disconnect(first, Disconnect::peer_closed, now);
    EXPECT_EQ(only_status(caller), Status::peer_gone);
    EXPECT_THAT(frames(second), IsEmpty());
}

} // namespace
} // namespace pandora::hub::core::testing
