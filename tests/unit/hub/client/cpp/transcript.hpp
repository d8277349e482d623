// Plays the hub against one Protocol, frame by frame, with a clock of its own; and the messages of both sides.
#pragma once

#include "hub/client/cpp/protocol.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::hub::client {

/// How gtest shows one in a failure.
inline void PrintTo(const CallError& error, std::ostream* out) { *out << error.name << ": " << error.message; }

inline const std::string host = R"({"appName":"shop","clientId":"u1"})";
inline const std::string peer = R"({"appName":"other"})";
inline const std::string accepted = R"({"success":true})";

// ---- what the client sends

inline std::string online_up()
{
    return R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":)" + host +
           R"(,"needReply":true,"stamp":true,"native":{"v":1}}})";
}

/// `verb` is PUBLISH or UNPUBLISH.
inline std::string publication(const std::string& verb, const std::string& object)
{
    return R"({"action":"PANDORA_HUB_ACTION_)" + verb + R"(_UP","data":{"data":{"selector":{"appName":"shop",)" +
           R"("clientId":"u1","objectName":")" + object + R"("}},"host":)" + host + R"(,"needReply":true}})";
}

inline std::string subscription(const std::string& object, const std::string& event)
{
    return R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":")" + object +
           R"("},"action":"OBJECT_ACTION_SUBSCRIBE","broadcast":false,"register":")" + event + R"(","host":)" + host +
           R"(,"needReply":true}})";
}

/// Without parameters, to the object `math`.
inline std::string call_up(const std::string& method, int timeout_ms)
{
    return R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"math"},)"
           R"("action":"OBJECT_ACTION_INVOKE","broadcast":false,"propertyName":")" +
           method + R"(","data":[],"timeout":)" + std::to_string(timeout_ms) + R"(,"host":)" + host +
           R"(,"needReply":true}})";
}

// ---- what the hub sends

inline std::string message_down(const std::string& data)
{
    return R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN","data":)" + data + "}";
}

inline std::string call_down(const std::string& object, const std::string& method, const std::string& params,
                             const std::string& action = "OBJECT_ACTION_INVOKE")
{
    return message_down(R"({"remote":{"objectName":")" + object + R"("},"action":")" + action +
                        R"(","broadcast":false,"propertyName":")" + method + R"(","data":)" + params + R"(,"host":)" +
                        peer + R"(,"needReply":true})");
}

// ---- what either answers

inline std::string answer_to(std::uint32_t id, const std::string& data)
{
    return R"({"action":"response_callback_)" + std::to_string(id) + R"(","data":)" + data + "}";
}

/// The client's answer to a call of `peer`, where that went well.
inline std::string success(std::uint32_t id, const std::string& data)
{
    return answer_to(id, R"({"host":)" + host + R"(,"remote":)" + peer + R"(,"success":true)" +
                             (data.empty() ? "" : R"(,"data":)" + data) + "}");
}

/// With which a hub of the native dialect accepts ONLINE_UP.
inline const std::string granting = R"({"success":true,"native":{"v":1,"handle":7,"max":16777216,)"
                                    R"("credit":{"messages":4096},"clock":"1"}})";

inline CallError error_of(const Outcome& outcome)
{
    const auto* error = std::get_if<CallError>(&outcome);
    return error ? *error : CallError{"no error", std::get<Json>(outcome).dump()};
}

/// A native frame in the test's own words; what is not said is 0 or absent.
struct Native {
    std::uint8_t flags = 0; // besides NATIVE
    std::uint32_t id = 0;
    wire::RoutingBlock block = {};
    std::string selector = {}, name = {}, trace = {}, sticky = {};
    std::string payload = {};
    std::optional<wire::SharedPlace> shared = {};

    bool operator==(const Native&) const = default;
};

inline void PrintTo(const Native& frame, std::ostream* out)
{
    const auto& block = frame.block;
    *out << "{flags " << int{frame.flags} << " id " << frame.id << " verb " << int{block.verb} << " status "
         << int{block.status} << " dst " << block.dst << " src " << block.src << " method " << block.method
         << " deadline " << block.deadline << " credit " << block.credit << " options " << int{block.options} << " act "
         << int{block.act} << " selector " << frame.selector << " name " << frame.name << " sticky " << frame.sticky
         << " trace " << frame.trace.size() << " bytes, payload " << frame.payload << "}";
}

constexpr std::uint8_t verb_of(wire::Verb verb) { return static_cast<std::uint8_t>(verb); }

constexpr std::uint8_t verb_of(wire::ControlVerb verb) { return static_cast<std::uint8_t>(verb); }

/// One client and the hub that the test plays for it. The ids of the hub's frames count from `next_hub_id`.
class Transcript : public testing::Test {
protected:
    explicit Transcript(Limits limits = {}, std::uint32_t last_packet_id = 0, NativeOffer offer = {})
        : protocol{Json::parse(host), offer, limits, last_packet_id}
    {}

    /// What the client has to write, as the bodies of its frames; their ids are kept in `ids`.
    std::vector<std::string> written()
    {
        std::vector<std::string> bodies;
        ids.clear();
        each_written([&](const wire::Frame& frame) {
            bodies.emplace_back(frame.body);
            ids.push_back(frame.header.id);
        });
        return bodies;
    }

    /// The same, where all of it has to be native.
    std::vector<Native> native_written()
    {
        std::vector<Native> frames;
        each_written([&](const wire::Frame& frame) {
            const auto body = wire::parse_native(frame.body);
            ASSERT_TRUE((frame.header.flags & wire::flag::native) && body) << frame.body;
            const auto flags = static_cast<std::uint8_t>(frame.header.flags & ~wire::flag::native);
            frames.push_back({flags, frame.header.id, body->block, std::string{body->tlvs.selector},
                              std::string{body->tlvs.name}, std::string{body->tlvs.trace},
                              std::string{body->tlvs.sticky}, std::string{body->payload}, body->tlvs.shared});
        });
        return frames;
    }

    std::optional<Violation> hub_sends(const std::string& body) { return hub_sends(next_hub_id++, {.body = body}); }

    std::optional<Violation> hub_sends(const Native& frame)
    {
        const wire::Tlvs tlvs{.selector = frame.selector,
                              .name = frame.name,
                              .trace = frame.trace,
                              .schema = {},
                              .sticky = frame.sticky,
                              .shared = frame.shared};
        const auto flags = static_cast<std::uint8_t>(frame.flags | wire::flag::native);
        return hub_sends(frame.id, {flags, wire::encode_head(frame.block, tlvs).value(), frame.payload});
    }

    std::optional<Violation> hub_sends(std::uint32_t id, OutFrame frame)
    {
        std::vector<OwnedFd> descriptors(with_descriptors ? wire::frame_fds(frame.flags, frame.head) : 0); // of nothing
        Outbox outbox;
        outbox.push(id, std::move(frame));
        std::optional<Violation> violation;
        for (const auto& chunk : outbox.take()) {
            for (std::string_view left = chunk.bytes.text(); !left.empty();) {
                const auto space = protocol.space();
                const std::size_t bytes = std::min(space.size(), left.size());
                std::ranges::copy(std::as_bytes(std::span{left.substr(0, bytes)}), space.begin());
                violation = protocol.received(bytes, now, std::exchange(descriptors, {}));
                left.remove_prefix(bytes);
            }
        }
        return violation;
    }

    void hub_accepts_all_written()
    {
        for (written(); !ids.empty(); written()) {
            for (const auto id : std::vector{ids}) EXPECT_FALSE(hub_sends(answer_to(id, accepted)));
        }
    }

    /// Against a hub that grants the native dialect.
    void go_online_native(const std::string& grant = granting)
    {
        protocol.connected(now);
        written();
        EXPECT_FALSE(hub_sends(answer_to(ids.at(0), grant)));
        hub_accepts_all_written();
        ASSERT_TRUE(count<BecameOnline>() == 1);
        ASSERT_TRUE(protocol.speaks_native());
    }

    void go_online()
    {
        protocol.connected(now);
        hub_accepts_all_written();
        ASSERT_TRUE(count<BecameOnline>() == 1);
    }

    /// How many of the events since the last look are T; takes them all.
    template <class T>
    std::size_t count()
    {
        const auto events = protocol.take_events();
        return static_cast<std::size_t>(
            std::ranges::count_if(events, [](const Event& event) { return std::holds_alternative<T>(event); }));
    }

    /// The one event that is expected now.
    template <class T>
    T only()
    {
        auto events = protocol.take_events();
        EXPECT_EQ(events.size(), 1U);
        if (events.empty() || !std::holds_alternative<T>(events.front())) {
            ADD_FAILURE() << "another event than expected";
            return T{};
        }
        return std::get<T>(std::move(events.front()));
    }

    void subscribe(const Topic& topic) { protocol.subscribe(topic, Overflow::drop_new, 0, now); }

    RequestId invoke(const std::string& method, Millis timeout = std::chrono::seconds{5})
    {
        return protocol.invoke({.to = "math", .name = method}, timeout, now);
    }

    TimePoint now{};
    Protocol protocol;
    std::vector<std::uint32_t> ids;
    std::uint32_t next_hub_id = 100;
    bool with_descriptors = true; // those that a frame states come with it

private:
    template <class Look>
    void each_written(Look look)
    {
        std::string bytes;
        for (const auto& chunk : protocol.take_output()) bytes += chunk.bytes.text();
        protocol.output_written();
        wire::FrameDecoder decoder{64 * 1024 * 1024};
        for (std::string_view left = bytes; !left.empty();) {
            const auto space = decoder.space();
            const std::size_t count = std::min(space.size(), left.size());
            std::ranges::copy(std::as_bytes(std::span{left.substr(0, count)}), space.begin());
            decoder.commit(count);
            left.remove_prefix(count);
            for (auto decoded = decoder.next(); std::holds_alternative<wire::Frame>(decoded); decoded = decoder.next())
                look(std::get<wire::Frame>(decoded));
        }
    }
};

class WithSmallLimits : public Transcript {
protected:
    WithSmallLimits()
        : Transcript{{.frame_bytes_max = 1'000, .queue_bytes_max = 1'500, .calls_handled_max = 2, .nesting_max = 5}}
    {}
};

} // namespace pandora::hub::client
