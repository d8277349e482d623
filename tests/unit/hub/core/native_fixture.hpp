// Native clients of a router under test: frames go in and come out as values.
#pragma once

#include "hub/wire/native.hpp"
#include "tests/unit/hub/core/router_fixture.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::hub::core::testing {

/// A native frame that a client was sent, with the texts that its views point into.
struct NativeReceived {
    std::uint8_t flags = 0;
    std::uint32_t id = 0;
    wire::RoutingBlock block;
    std::string selector, name, payload;

    bool is(wire::Verb verb) const
    {
        return !(flags & wire::flag::control) && block.verb == static_cast<std::uint8_t>(verb);
    }

    bool is(wire::ControlVerb verb) const
    {
        return (flags & wire::flag::control) && block.verb == static_cast<std::uint8_t>(verb);
    }

    bool has_more() const { return (flags & wire::flag::more) != 0; }

    wire::Status status() const { return static_cast<wire::Status>(block.status); }
};

class NativeRouterTest : public RouterTest {
protected:
    static constexpr std::string_view math = R"({"objectName":"math"})";

    PeerId join_native(const std::string& more = "", const std::string& process = "", bool stamp = false)
    {
        const PeerId peer = join(process);
        send(peer, 1,
             R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"processName":"n"},"needReply":true)" +
                 std::string{stamp ? R"(,"stamp":true)" : ""} + R"(,"native":{"v":1)" + more + "}}}");
        received(peer);
        return peer;
    }

    PeerId native_provider(const std::string& object = "math", const std::string& more = "",
                           const std::string& process = "")
    {
        const PeerId peer = join_native(more, process);
        send(peer, 2, publish(R"({"objectName":")" + object + "\"}"));
        received(peer);
        return peer;
    }

    void put(PeerId from, std::uint8_t flags, std::uint32_t id, const wire::RoutingBlock& block,
             const wire::Tlvs& tlvs = {}, std::string_view payload = {}, std::span<const Fd> fds = {})
    {
        const std::string body = *wire::encode_head(block, tlvs) + std::string{payload};
        router.receive(
            from,
            {{static_cast<std::uint8_t>(flags | wire::flag::native), id, static_cast<std::uint32_t>(body.size())},
             body},
            fds, now);
    }

    /// Asks an object by its selector's text. `block`: further fields.
    void ask(PeerId from, std::uint32_t id, std::string_view selector, std::string_view method,
             std::string_view payload = "[]", wire::RoutingBlock block = {})
    {
        put(from, wire::flag::request, id, block, {.selector = selector, .name = method}, payload);
    }

    void answer_to(PeerId from, std::uint32_t id, std::string_view payload, wire::Status status = wire::Status::ok,
                   std::uint8_t flags = 0)
    {
        put(from, flags, id,
            {.verb = static_cast<std::uint8_t>(wire::Verb::reply), .status = static_cast<std::uint8_t>(status)}, {},
            payload);
    }

    void control(PeerId from, wire::ControlVerb verb, std::uint32_t id, wire::RoutingBlock block = {},
                 const wire::Tlvs& tlvs = {}, std::string_view payload = {}, std::span<const Fd> fds = {})
    {
        block.verb = static_cast<std::uint8_t>(verb);
        block.nfds = static_cast<std::uint8_t>(fds.size());
        const std::uint8_t kind = is_request(verb) ? wire::flag::request : wire::flag::oneway;
        const std::uint8_t with_fds = fds.empty() ? 0 : wire::flag::fds;
        put(from, wire::flag::control | kind | with_fds, id, block, tlvs, payload, fds);
    }

    /// All frames that wait for a native client, without the introductions (NAMED, IDENTITY), unless asked for.
    std::vector<NativeReceived> frames(PeerId peer, bool introductions = false)
    {
        std::vector<NativeReceived> out;
        for (const auto& got : received(peer)) {
            const auto body = wire::parse_native(got.body);
            if (!body) {
                ADD_FAILURE() << "no native frame: " << got.body;
                continue;
            }
            NativeReceived frame{got.flags,
                                 got.id,
                                 body->block,
                                 std::string{body->tlvs.selector},
                                 std::string{body->tlvs.name},
                                 std::string{body->payload}};
            const bool introduces = frame.is(wire::ControlVerb::named) || frame.is(wire::ControlVerb::identity);
            if (introductions || !introduces) out.push_back(std::move(frame));
        }
        return out;
    }

    /// The only one of them.
    NativeReceived only_frame(PeerId peer)
    {
        auto all = frames(peer);
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? NativeReceived{} : all.front();
    }

    /// Of what waits for a native client, the only one.
    wire::Status only_status(PeerId peer) { return only_frame(peer).status(); }

    /// The hub's number of the connection, as its messages are stamped.
    std::uint32_t handle_of(PeerId peer)
    {
        const PeerId asked = native_provider("mirror");
        constexpr std::string_view mirror = R"({"objectName":"mirror"})";
        if (router.speaks_native(peer))
            put(peer, wire::flag::oneway, 77, {}, {.selector = mirror, .name = "m"}, "[]");
        else
            send(peer, 77, message(std::string{mirror}, R"(,"broadcast":false)"));
        const std::uint32_t handle = only_frame(asked).block.src;
        router.disconnect(asked, Disconnect::peer_closed, now);
        return handle;
    }
};

} // namespace pandora::hub::core::testing
