// What a small call takes of the heap at both its ends, once they are warm. Each place that takes more costs every
// call.
#include "tests/support/allocations.hpp"
#include "tests/unit/hub/client/cpp/transcript.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace pandora::hub::client {
namespace {

class CallCost : public Transcript {
protected:
    void SetUp() override
    {
        protocol.publish("math", {.methods = {"abs"}}, now);
        go_online_native();
        hub_sends(Native{.flags = wire::flag::control | wire::flag::oneway,
                         .block = {.verb = verb_of(wire::ControlVerb::identity), .src = 9},
                         .payload = R"({"client":"c1","app":"shop","process":"web","instance":0,"pid":7,"uid":0})"});
    }

    static std::string bytes_of(std::uint8_t flags, std::uint32_t id, const wire::RoutingBlock& block,
                                std::string_view payload)
    {
        const std::string body = *wire::encode_head(block, {}) + std::string{payload};
        const auto all = static_cast<std::uint8_t>(flags | wire::flag::native);
        const auto header = wire::encode_header({all, id, static_cast<std::uint32_t>(body.size())});
        return std::string{reinterpret_cast<const char*>(header.data()), header.size()} + body;
    }

    /// Counts what the client takes meanwhile.
    template <class Act>
    auto in_client(Act act)
    {
        const std::uint64_t before = tests::support::allocations();
        auto result = act();
        taken_ += tests::support::allocations() - before;
        return result;
    }

    std::vector<Event> receive(const std::string& bytes)
    {
        return in_client([&] {
            std::memcpy(protocol.space().data(), bytes.data(), bytes.size());
            EXPECT_FALSE(protocol.received(bytes.size(), now));
            return protocol.take_events();
        });
    }

    /// What one of many rounds takes on the average, after the first have made room.
    template <class Round>
    double cost(Round round)
    {
        for (int i = 0; i < 200; ++i) round();
        taken_ = 0;
        for (int i = 0; i < 1'000; ++i) round();
        return static_cast<double>(taken_) / 1'000;
    }

    /// The id of the first frame.
    static std::uint32_t id_of(const std::vector<Chunk>& written)
    {
        return wire::decode_header(std::as_bytes(std::span{written.at(0).bytes.text()}))->id;
    }

    std::vector<Chunk> write()
    {
        return in_client([&] {
            auto chunks = protocol.take_output();
            protocol.output_written();
            return chunks;
        });
    }

private:
    std::uint64_t taken_ = 0; // by the client
};

TEST_F(CallCost, IsCounted)
{
    EXPECT_EQ(cost([&] { ::operator delete(in_client([] { return ::operator new(4); })); }), 1);
}

TEST_F(CallCost, OfTheCallerIsSmall)
{
    const Selector math{"math"};
    invoke("abs");
    invoke("abs");
    std::uint32_t number = 0;
    for (const Native& frame : native_written()) {
        if (!(frame.flags & wire::flag::control)) continue;
        hub_sends(Native{.flags = wire::flag::control,
                         .id = frame.id,
                         .block = {.verb = verb_of(wire::ControlVerb::intern), .dst = ++number}});
    }
    ASSERT_EQ(number, 2U) << "a selector and a name";
    const wire::RoutingBlock reply{.verb = verb_of(wire::Verb::reply)};
    const double taken = cost([&] {
        Invocation call{.to = math, .name = "abs", .params = Json::array({-4})}; // the user's own
        in_client([&] { return protocol.invoke(std::move(call), std::chrono::seconds{5}, now); });
        const auto events = receive(bytes_of(0, id_of(write()), reply, "4"));
        ASSERT_EQ(std::get<Json>(std::get<Finished>(events.at(0)).outcome), 4);
    });
    EXPECT_LE(taken, 10);
}

TEST_F(CallCost, OfTheCalleeIsSmall)
{
    hub_sends(Native{.flags = wire::flag::control | wire::flag::oneway,
                     .block = {.verb = verb_of(wire::ControlVerb::named), .dst = 3, .act = 0},
                     .payload = R"({"objectName":"math"})"});
    hub_sends(Native{.flags = wire::flag::control | wire::flag::oneway,
                     .block = {.verb = verb_of(wire::ControlVerb::named), .dst = 4, .act = 1},
                     .payload = "abs"});
    std::uint32_t id = 0;
    const double taken = cost([&] {
        const auto events = receive(bytes_of(wire::flag::request, ++id, {.dst = 3, .src = 9, .method = 4}, "[-4]"));
        const AnswerId answer = std::get<Invoked>(events.at(0)).answer;
        in_client([&] {
            protocol.answer(answer, Json(4));
            return 0;
        });
        ASSERT_EQ(id_of(write()), id);
    });
    EXPECT_LE(taken, 18);
}

} // namespace
} // namespace pandora::hub::client
