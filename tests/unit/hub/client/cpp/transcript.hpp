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
    return R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":)" + host + R"(,"needReply":true,"stamp":true}})";
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

inline CallError error_of(const Outcome& outcome)
{
    const auto* error = std::get_if<CallError>(&outcome);
    return error ? *error : CallError{"no error", std::get<Json>(outcome).dump()};
}

/// One client and the hub that the test plays for it. The ids of the hub's frames count from `next_hub_id`.
class Transcript : public testing::Test {
protected:
    explicit Transcript(Limits limits = {}, std::uint32_t last_packet_id = 0)
        : protocol{Json::parse(host), limits, last_packet_id}
    {}

    /// What the client has to write, as the bodies of its frames; their ids are kept in `ids`.
    std::vector<std::string> written()
    {
        FrameReader reader{64 * 1024 * 1024};
        for (const auto& chunk : protocol.take_output()) reader.append(std::as_bytes(std::span{chunk}));
        protocol.output_written();
        std::vector<std::string> bodies;
        ids.clear();
        while (const auto frame = reader.next()) {
            bodies.emplace_back(frame->body);
            ids.push_back(frame->id);
        }
        return bodies;
    }

    std::optional<Violation> hub_sends(const std::string& body)
    {
        Outbox outbox;
        outbox.push(next_hub_id++, body);
        std::string bytes;
        for (const auto& chunk : outbox.take()) bytes += chunk;
        return protocol.receive(std::as_bytes(std::span{bytes}), now);
    }

    void hub_accepts_all_written()
    {
        for (written(); !ids.empty(); written()) {
            for (const auto id : std::vector{ids}) EXPECT_FALSE(hub_sends(answer_to(id, accepted)));
        }
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

    RequestId invoke(const std::string& method, Millis timeout = std::chrono::seconds{5})
    {
        return protocol.invoke({"math", method, Json::array()}, timeout, now);
    }

    TimePoint now{};
    Protocol protocol;
    std::vector<std::uint32_t> ids;
    std::uint32_t next_hub_id = 100;
};

class WithSmallLimits : public Transcript {
protected:
    WithSmallLimits()
        : Transcript{{.frame_bytes_max = 1'000, .queue_bytes_max = 1'500, .calls_handled_max = 2, .nesting_max = 5}}
    {}
};

} // namespace pandora::hub::client
