// A router and the ends of its connections, driven by a test: what goes in as text comes out as text.
#pragma once

#include "hub/core/router.hpp"
#include "hub/wire/native.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::hub::core::testing {

using namespace std::chrono_literals;

struct Received {
    std::uint32_t id = 0; // of the header
    std::string body;
    std::uint8_t flags = 0;
};

/// Of the control frames that clients send: whether it is a REQUEST, else it is one-way (PROTOCOL.md 9.5).
inline bool is_request(wire::ControlVerb verb)
{
    using enum wire::ControlVerb;
    return verb == intern || verb == subscribe || verb == unsubscribe || verb == open_channel || verb == wait_for;
}

class RouterHarness {
public:
    explicit RouterHarness(const wire::Limits& limits = {}, std::uint64_t seed = 1) : router{limits, seed, now} {}

    PeerId join(const std::string& process = "", Reach reach = Reach::ordinary)
    {
        return router.connect({"shop", process, 0, {4711, 1000, 1000}}, reach, now);
    }

    /// A connection that has announced itself and published `object`, with the answers to that taken.
    PeerId provider(const std::string& object, Reach reach = Reach::ordinary)
    {
        const PeerId peer = join("p-" + object, reach);
        send(peer, 1,
             R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"processName":"p"},"needReply":true}})");
        send(peer, 2, publish(R"({"objectName":")" + object + "\"}"));
        received(peer);
        return peer;
    }

    static std::string publish(const std::string& selector)
    {
        return R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP","data":{"data":{"selector":)" + selector +
               R"(},"host":{},"needReply":true}})";
    }

    static std::string unpublish(const std::string& selector)
    {
        return R"({"action":"PANDORA_HUB_ACTION_UNPUBLISH_UP","data":{"data":{"selector":)" + selector +
               R"(},"host":{},"needReply":true}})";
    }

    /// `more`: further members of the message, each with a comma in front.
    static std::string message(const std::string& remote, const std::string& more)
    {
        return R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":)" + remote + R"(,"action":"a")" + more + "}}";
    }

    static std::string invoke(const std::string& object, const std::string& more = "")
    {
        return message(R"({"objectName":")" + object + "\"}", R"(,"broadcast":false)" + more + R"(,"needReply":true)");
    }

    static std::string multi_invoke(const std::string& remote, const std::string& more = "")
    {
        return message(remote, R"(,"broadcast":true)" + more + R"(,"host":{"pid":"9"},"needReply":true)");
    }

    static std::string reply(std::uint32_t to, const std::string& data)
    {
        return R"({"action":"response_callback_)" + std::to_string(to) + R"(","data":)" + data + "}";
    }

    void send(PeerId from, std::uint32_t id, const std::string& body)
    {
        router.receive(from, {{0, id, static_cast<std::uint32_t>(body.size())}, body}, now);
    }

    /// Reads everything that waits for the connection.
    std::vector<Received> received(PeerId peer)
    {
        wire::FrameDecoder decoder{64 * 1024 * 1024};
        while (!router.outbox(peer).empty()) {
            std::array<std::string_view, 1> block;
            router.outbox(peer).gather(block);
            const auto space = decoder.space();
            const std::size_t part = std::min(space.size(), block[0].size());
            std::memcpy(space.data(), block[0].data(), part);
            decoder.commit(part);
            router.sent(peer, part, now);
        }
        std::vector<Received> out;
        for (;;) {
            const wire::Decoded decoded = decoder.next();
            const auto* frame = std::get_if<wire::Frame>(&decoded);
            if (!frame) return out;
            out.push_back({frame->header.id, std::string{frame->body}, frame->header.flags});
        }
    }

    /// The only body that waits for the connection, or a text that says that there is not exactly one.
    std::string only(PeerId peer)
    {
        const auto frames = received(peer);
        return frames.size() == 1 ? frames[0].body : "<" + std::to_string(frames.size()) + " frames>";
    }

    void pass(Millis time)
    {
        now += time;
        router.advance(now);
    }

    /// Does what the edge does with connections that the router gives up; returns the reasons.
    std::vector<Disconnect> close_asked()
    {
        std::vector<Disconnect> reasons;
        for (;;) {
            std::vector<Closure> closures;
            router.take_closures(closures);
            if (closures.empty()) return reasons;
            for (const Closure& closure : closures) {
                reasons.push_back(closure.reason);
                router.disconnect(closure.peer, closure.reason, now);
            }
        }
    }

    std::uint64_t dropped(Drop reason) const { return router.counters().dropped[reason]; }

    std::uint64_t ended(CallEnd end) const { return router.counters().calls[end]; }

    TimePoint now{1000s};
    Router router;
};

} // namespace pandora::hub::core::testing
