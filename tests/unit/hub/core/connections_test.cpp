#include "hub/core/connections.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimePoint start{1000s};

class ConnectionsTest : public ::testing::Test {
protected:
    static wire::Limits small()
    {
        wire::Limits limits;
        limits.queue_bytes_soft = 1'000;
        limits.queue_bytes_requests = 20'000;
        limits.queue_bytes_hard = 30'000;
        limits.queue_patience = 1s;
        limits.total_bytes_max = 100'000;
        limits.frame_completion_max = 3s;
        limits.fds_queued_max = 3;
        return limits;
    }

    PeerId add(Reach reach = Reach::ordinary, const std::string& process = "")
    {
        return connections.add({"shop", process, 2, {4711, 1000, 1000}}, reach, start);
    }

    PeerId add_of(uid_t user) { return connections.add({"shop", "", 0, {4711, user, user}}, Reach::ordinary, start); }

    PeerId add_native(bool wants_source = false)
    {
        const PeerId id = add();
        connections[id].native = std::make_unique<NativeSide>();
        connections[id].wants_source = wants_source;
        return id;
    }

    void queue(PeerId to, std::size_t bytes, std::span<const Fd> fds = {})
    {
        const std::string body(bytes, 'x');
        const std::array<std::string_view, 1> pieces{body};
        connections.send(to, OutFrame{.id = 1, .pieces = pieces, .fds = fds}, start);
    }

    std::vector<std::pair<PeerId, Disconnect>> ended()
    {
        std::vector<std::pair<PeerId, Disconnect>> out;
        while (const auto next = connections.next_doomed()) out.emplace_back(next->peer, next->reason);
        return out;
    }

    wire::Limits limits = small();
    CallTable calls;
    Names names{100, 1000};
    Counters counters;
    Connections connections{limits, calls, names, counters, start};
};

TEST_F(ConnectionsTest, AHandleMeansOneConnectionEvenWhenItsPlaceIsUsedAgain)
{
    const PeerId first = add();
    const std::uint32_t handle = connections[first].handle;
    EXPECT_EQ(connections.of_handle(handle), first);
    EXPECT_EQ(connections.of_handle(0), std::nullopt);
    EXPECT_EQ(connections.of_handle(~0U), std::nullopt);
    connections.remove(first);
    const PeerId second = add();
    ASSERT_EQ(second, first);
    EXPECT_EQ(connections.of_handle(handle), std::nullopt);
    EXPECT_NE(connections[second].handle, handle);
    EXPECT_NE(connections[second].name, "c1");
}

TEST_F(ConnectionsTest, OneThatWasGivenUpIsNobodysHandleAndGetsNothing)
{
    const PeerId id = add();
    connections.doom(id, Disconnect::malformed);
    connections.doom(id, Disconnect::slow_reader);
    EXPECT_EQ(connections.of_handle(connections[id].handle), std::nullopt);
    queue(id, 10);
    EXPECT_EQ(connections.queued_bytes(), 0U);
    EXPECT_EQ(counters.dropped[Drop::receiver_gone], 1U);
    EXPECT_TRUE(connections.has_doomed());
    EXPECT_THAT(ended(), ElementsAre(std::pair{id, Disconnect::malformed})) << "once, for the first reason";
    EXPECT_FALSE(connections.has_doomed());
}

TEST_F(ConnectionsTest, AQueueOverItsHardLimitOrDescriptorsEndsItsOwner)
{
    const PeerId full = add(), holding = add();
    queue(full, limits.queue_bytes_hard - wire::header_bytes);
    EXPECT_THAT(ended(), IsEmpty());
    queue(full, 1);
    const std::vector<Fd> fds(limits.fds_queued_max, std::make_shared<const int>(7));
    EXPECT_TRUE(connections.takes_fds(holding, limits.fds_queued_max));
    queue(holding, 1, fds);
    EXPECT_FALSE(connections.takes_fds(holding, 1));
    EXPECT_TRUE(connections.takes_fds(holding, 0));
    queue(holding, 1, std::span{fds}.first(1));
    EXPECT_THAT(ended(),
                ElementsAre(std::pair{holding, Disconnect::slow_reader}, std::pair{full, Disconnect::slow_reader}));
    EXPECT_EQ(connections.queued_bytes(), 0U) << "it would not read it anyway";
}

TEST_F(ConnectionsTest, WhenMemoryRunsOutWhoeverHoldsMostEnds)
{
    const PeerId own = add(Reach::builtin), most = add(), less = add();
    connections.hold(own, 90'000);
    connections.hold(most, 8'000);
    EXPECT_FALSE(connections.has_doomed());
    connections.hold(less, 5'000);
    EXPECT_TRUE(connections.has_doomed());
    connections.release(most, 8'000);
    EXPECT_FALSE(connections.has_doomed());
    connections.hold(most, 8'000);
    const auto next = connections.next_doomed();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->peer, most);
    EXPECT_EQ(next->reason, Disconnect::memory_budget);
}

TEST_F(ConnectionsTest, ARequestIsTakenByWhoHasRoomForIt)
{
    const PeerId id = add();
    EXPECT_TRUE(connections.takes_request(id, 40'000, start)) << "an empty queue takes half of what is free";
    EXPECT_FALSE(connections.takes_request(id, 60'000, start));
    queue(id, 100);
    EXPECT_FALSE(connections.takes_request(id, 40'000, start));
    EXPECT_TRUE(connections.takes_request(id, 100, start));
    EXPECT_FALSE(connections.takes_request(id, 100, start + limits.queue_patience)) << "it does not read";
}

TEST_F(ConnectionsTest, AWindowCountsMessagesAndBytesAndTheLastMayBeLonger)
{
    const PeerId id = add_native();
    connections[id].native->window = Window{.messages = 2, .bytes = 1024};
    EXPECT_TRUE(connections.takes_request(id, 5'000, start));
    connections.spend(id, 5'000);
    EXPECT_FALSE(connections.takes_request(id, 0, start)) << "no bytes";
    connections.grant(id, wire::credit_of(4, 0));
    EXPECT_TRUE(connections.takes_request(id, 0, start));
    connections.spend(id, 0);
    EXPECT_FALSE(connections.takes_request(id, 0, start)) << "no messages";
    connections.grant(id, wire::credit_of(0, 1));
    EXPECT_TRUE(connections.takes_request(id, 0, start));
}

TEST_F(ConnectionsTest, WithoutAWindowNothingIsCounted)
{
    for (const PeerId id : {add_native(), add()}) {
        for (int i = 0; i < 100; ++i) connections.spend(id, 1'000'000);
        connections.grant(id, wire::credit_of(1, 1));
        EXPECT_TRUE(connections.takes_request(id, 0, start));
    }
}

TEST_F(ConnectionsTest, NumbersAndSourcesAreIntroducedOnce)
{
    const PeerId to = add_native(true), from = add(Reach::ordinary, "web");
    const NameNumber number = *names.number(wire::NameKind::name, "abs");
    for (int i = 0; i < 2; ++i) {
        connections.introduce_name(to, number, start);
        connections.introduce_name(to, 0, start);
        connections.introduce_source(to, from, start);
        connections.introduce_handle(to, connections[from].handle, start);
        connections.introduce_handle(to, 0xFFFFFFFF, start);
    }
    EXPECT_EQ(connections[to].outbox.frames(), 2U);
    const PeerId incurious = add_native();
    connections.introduce_source(incurious, from, start);
    EXPECT_TRUE(connections[incurious].outbox.empty());
}

TEST_F(ConnectionsTest, WhoComesInThePlaceOfAnotherIsIntroducedAnew)
{
    const PeerId to = add_native(true), first = add();
    connections.introduce_source(to, first, start);
    connections.remove(first);
    const PeerId second = add();
    ASSERT_EQ(second, first);
    connections.introduce_source(to, second, start);
    EXPECT_EQ(connections[to].outbox.frames(), 2U);
}

TEST_F(ConnectionsTest, AFrameThatHasBegunMustEndInTime)
{
    const PeerId slow = add(), busy = add();
    connections.note_input(slow, false, 100, start);
    connections.note_input(busy, false, 100, start);
    EXPECT_EQ(connections.charged_bytes(), 200U);
    ASSERT_TRUE(connections.next_deadline());
    EXPECT_LE(*connections.next_deadline(), start + 3s);
    connections.note_input(busy, true, 50, start + 2s); // another one has begun
    connections.advance(start + 3s);
    EXPECT_THAT(ended(), ElementsAre(std::pair{slow, Disconnect::frame_timeout}));
    connections.note_input(busy, true, 0, start + 4s);
    connections.forget_input(slow);
    EXPECT_EQ(connections.charged_bytes(), 0U);
    EXPECT_EQ(connections.next_deadline(), std::nullopt);
}

TEST_F(ConnectionsTest, AQueueAboveTheSoftLimitMustMove)
{
    const PeerId stuck = add(), moving = add();
    queue(stuck, 2'000);
    queue(moving, 2'000);
    connections.sent(moving, 100, start + 500ms);
    connections.advance(start + 1s);
    EXPECT_THAT(ended(), ElementsAre(std::pair{stuck, Disconnect::slow_reader}));
    connections.advance(start + 1500ms);
    EXPECT_THAT(ended(), ElementsAre(std::pair{moving, Disconnect::slow_reader}));
}

TEST_F(ConnectionsTest, TheDirtyOnesAreToldOnceAndOnlyWhileTheyAreThere)
{
    const PeerId stays = add(), goes = add();
    queue(stays, 1), queue(stays, 1), queue(goes, 1);
    connections.remove(goes);
    std::vector<PeerId> dirty;
    connections.take_dirty(dirty);
    EXPECT_THAT(dirty, ElementsAre(stays));
    connections.take_dirty(dirty);
    EXPECT_THAT(dirty, IsEmpty());
}

TEST_F(ConnectionsTest, WhoTheyAreIsSaidByTheKernelAndTheSupervisor)
{
    const PeerId worker = add(Reach::ordinary, "web"), stranger = add(), own = add(Reach::builtin, "web");
    EXPECT_EQ(connections[worker].title(), "c1 (web#2)");
    EXPECT_EQ(connections[stranger].title(), "c2");
    EXPECT_EQ(connections[worker].instance_name(), (InstanceName{"web", 2}));
    EXPECT_EQ(connections[stranger].instance_name(), std::nullopt);
    EXPECT_EQ(connections[own].instance_name(), std::nullopt);
    EXPECT_THAT(connections[stranger].source, HasSubstr(R"("process":null,"instance":2,"pid":4711,"uid":1000})"));
}

TEST_F(ConnectionsTest, WhenMemoryRunsOutItIsTheUserWhoHoldsMostThatLosesAConnection)
{
    const PeerId large = add_of(1);
    connections.hold(large, 30'000);
    std::vector<PeerId> many;
    for (int i = 0; i < 8; ++i) connections.hold(many.emplace_back(add_of(2)), 9'000);
    connections.hold(many[5], 1'000);
    const auto next = connections.next_doomed();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->peer, many[5]) << "the largest of the small ones, not the largest of all";
}

TEST_F(ConnectionsTest, ANativeClientIsChargedForWhatItHasBeenTold)
{
    std::vector<PeerId> others;
    for (int i = 0; i < 100; ++i) others.push_back(add());
    const PeerId id = add_native(true);
    connections.introduce_source(id, others[99], start);
    connections.introduce_name(id, *names.number(wire::NameKind::name, "abs"), start);
    const std::size_t charged = connections[id].held_bytes;
    EXPECT_GE(charged, 100 * sizeof(std::uint64_t));
    connections.introduce_source(id, others[50], start);
    EXPECT_EQ(connections[id].held_bytes, charged) << "there was room for it";
    connections.doom(id, Disconnect::malformed);
    connections.forget_introductions(id);
    connections.introduce_source(id, others[98], start);
    connections.introduce_name(id, *names.number(wire::NameKind::name, "sin"), start);
    EXPECT_EQ(connections[id].held_bytes, 0U) << "it is told nothing more";
}

TEST_F(ConnectionsTest, DescriptorsCountFromWhenTheyAreQueuedUntilTheyAreWrittenOrGivenUp)
{
    limits.fds_max = 20;
    const PeerId one = add_of(1), two = add_of(2);
    const std::vector<Fd> fds(2, std::make_shared<const int>(7));
    queue(one, 10, fds), queue(two, 10, fds);
    connections.hold_fds(two, 1);
    EXPECT_EQ(connections.fds(), 5U);
    connections.sent(one, connections[one].outbox.bytes(), start);
    EXPECT_EQ(connections.fds(), 3U);
    connections.discard_outbox(two);
    connections.release_fds(two, 1);
    EXPECT_EQ(connections.fds(), 0U);
}

TEST_F(ConnectionsTest, AUserHasAsManyDescriptorsAsItLeavesFree)
{
    limits.fds_max = 12, limits.fds_queued_max = 100;
    const PeerId greedy = add_of(1), its_other = add_of(1), modest = add_of(2);
    EXPECT_TRUE(connections.takes_fds(greedy, 6));
    EXPECT_FALSE(connections.takes_fds(greedy, 13));
    connections.hold_fds(greedy, 6);
    EXPECT_FALSE(connections.takes_fds(greedy, 1));
    EXPECT_FALSE(connections.takes_fds(its_other, 1)) << "many connections have no more than one";
    EXPECT_TRUE(connections.takes_fds(its_other, 0));
    EXPECT_TRUE(connections.takes_fds(modest, 3));
    EXPECT_FALSE(connections.takes_fds(modest, 7)) << "there are no more";
    connections.release_fds(greedy, 6);
    EXPECT_TRUE(connections.takes_fds(its_other, 6));
}

TEST_F(ConnectionsTest, DescriptorsOfAFrameThatDoesNotEndCountAsWell)
{
    limits.fds_max = 8;
    const PeerId id = add_of(1), other = add_of(1);
    connections.note_input_fds(id, 4);
    connections.note_input_fds(id, 3); // a frame has claimed one
    EXPECT_EQ(connections.fds(), 3U);
    connections.note_input_fds(other, 4);
    EXPECT_THAT(ended(), ElementsAre(std::pair{other, Disconnect::out_of_descriptors}));
    connections.forget_input(id);
    EXPECT_EQ(connections.fds(), 0U);
}

} // namespace
} // namespace pandora::hub::core
