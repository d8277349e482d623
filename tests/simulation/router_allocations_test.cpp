// What a message costs a warm router: no memory. Counts what the whole program takes from the heap.
#include "tests/support/allocations.hpp"
#include "tests/unit/hub/core/native_fixture.hpp"

namespace pandora::hub::core::testing {
namespace {

constexpr std::string_view feed = R"({"objectName":"feed"})";

/// Two clients whose frames are made before and read without memory, so that only the router's own is counted.
class AllocationsTest : public NativeRouterTest {
protected:
    struct Sent {
        wire::FrameHeader header;
        std::string body;
    };

    static Sent native_frame(std::uint8_t flags, std::uint32_t id, const wire::RoutingBlock& block,
                             const wire::Tlvs& tlvs, std::string_view payload)
    {
        std::string body = *wire::encode_head(block, tlvs) + std::string{payload};
        const auto bytes = static_cast<std::uint32_t>(body.size());
        return {{static_cast<std::uint8_t>(flags | wire::flag::native), id, bytes}, std::move(body)};
    }

    static Sent legacy_frame(std::uint32_t id, std::string body)
    {
        const auto bytes = static_cast<std::uint32_t>(body.size());
        return {{0, id, bytes}, std::move(body)};
    }

    void deliver(PeerId from, const Sent& frame) { router.receive(from, {frame.header, frame.body}, now); }

    /// Takes all that waits for it without looking; returns the id of the first frame.
    std::uint32_t drain(PeerId peer)
    {
        std::array<std::string_view, 4> blocks;
        router.outbox(peer).gather(blocks);
        std::uint32_t id = 0;
        for (std::size_t i = 1; i < 5; ++i) id = id << 8 | static_cast<std::uint8_t>(blocks[0][i]);
        router.sent(peer, router.outbox(peer).bytes(), now);
        return id;
    }

    void drop_notices() { router.take_dirty(dirty_); }

    /// A native call and its answer, which is given the id that the callee was told.
    void round_trip(PeerId caller, const Sent& call, PeerId callee, Sent& answer)
    {
        deliver(caller, call);
        answer.header.id = drain(callee);
        deliver(callee, answer);
        drain(caller);
        drop_notices();
    }

    /// How often memory is taken by a round, once the first ones have made room.
    template <class Round>
    static std::uint64_t cost(Round round)
    {
        for (int i = 0; i < 2'000; ++i) round();
        const std::uint64_t before = pandora::tests::support::allocations();
        for (int i = 0; i < 1'000; ++i) round();
        return pandora::tests::support::allocations() - before;
    }

    std::vector<PeerId> dirty_;
};

TEST_F(AllocationsTest, AreCounted)
{
    // Not `delete new int`, which a compiler may leave out.
    EXPECT_EQ(cost([] { ::operator delete(::operator new(4)); }), 1'000U);
}

TEST_F(AllocationsTest, ANativeCallByNumbersAndItsAnswerTakeNone)
{
    const PeerId callee = native_provider(), caller = join_native();
    control(caller, wire::ControlVerb::intern, 1, {.act = 0}, {}, math);
    const std::uint32_t dst = only_frame(caller).block.dst;
    control(caller, wire::ControlVerb::intern, 2, {.act = 1}, {}, "abs");
    const std::uint32_t method = only_frame(caller).block.dst;
    const Sent call = native_frame(wire::flag::request, 3, {.dst = dst, .method = method}, {}, "[-4]");
    Sent answer = native_frame(0, 0, {.verb = static_cast<std::uint8_t>(wire::Verb::reply)}, {}, "4");
    deliver(caller, call); // with which the callee is told the numbers
    answer_to(callee, only_frame(callee).id, "4");
    drain(caller);
    EXPECT_EQ(cost([&] { round_trip(caller, call, callee, answer); }), 0U);
    EXPECT_EQ(ended(CallEnd::ok), 3'001U);
}

TEST_F(AllocationsTest, ANativeCallByTextsTakesNoneEither)
{
    const PeerId callee = native_provider(), caller = join_native();
    const Sent call = native_frame(wire::flag::request, 3, {}, {.selector = math, .name = "abs"}, "[-4]");
    Sent answer = native_frame(0, 0, {.verb = static_cast<std::uint8_t>(wire::Verb::reply)}, {}, "4");
    EXPECT_EQ(cost([&] { round_trip(caller, call, callee, answer); }), 0U);
    EXPECT_EQ(ended(CallEnd::ok), 3'000U);
}

TEST_F(AllocationsTest, ALegacyCallTakesNone)
{
    const PeerId callee = provider("math"), caller = join();
    const Sent call = legacy_frame(3, invoke("math", R"(,"data":[-4],"propertyName":"abs")"));
    const std::string data = R"({"success":true,"data":4})";
    Sent answer;
    answer.body.reserve(128);
    EXPECT_EQ(cost([&] {
                  deliver(caller, call);
                  const wire::PacketDigits digits{drain(callee)};
                  const wire::BodyPieces pieces = wire::response(digits, data);
                  answer.body.clear();
                  for (const std::string_view piece : pieces.pieces()) answer.body += piece;
                  deliver(callee, answer);
                  drain(caller);
                  drop_notices();
              }),
              0U);
    EXPECT_EQ(ended(CallEnd::ok), 3'000U);
}

TEST_F(AllocationsTest, ANativeEventTakesAsLittleForTwentySubscribersAsForTwo)
{
    const PeerId publisher = native_provider("feed");
    const Sent event = native_frame(0, 0, {.verb = static_cast<std::uint8_t>(wire::Verb::event)},
                                    {.selector = feed, .name = "news"}, "[1]");
    std::vector<PeerId> subscribers;
    const auto cost_with = [&](std::size_t count) {
        while (subscribers.size() < count) {
            subscribers.push_back(join_native());
            control(subscribers.back(), wire::ControlVerb::subscribe, 1, {}, {.selector = feed, .name = "news"});
            drain(subscribers.back());
        }
        return cost([&] {
            deliver(publisher, event);
            for (const PeerId subscriber : subscribers) drain(subscriber);
            drop_notices();
        });
    };
    const std::uint64_t of_two = cost_with(2);
    EXPECT_LE(of_two, 4'000U) << "the name of the object, and that of its legacy subscribers";
    EXPECT_EQ(cost_with(20), of_two);
}

} // namespace
} // namespace pandora::hub::core::testing
