// Whatever frames a native client sends, the hub survives, what reaches the others is well-formed, and nothing is left
// when all have gone. The input is frames: flags, how often the clock ticks before, the body's length in two bytes, the
// body.
#include "hub/wire/json_text.hpp"
#include "hub/wire/native.hpp"
#include "tests/unit/hub/core/router_harness.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace pandora::hub;
using core::PeerId;
using core::testing::RouterHarness;

void require(bool holds)
{
    if (!holds) std::abort();
}

/// What is read is what was written, but for what TLVs say twice.
void compare_with_its_encoding(std::string_view body)
{
    const auto read = wire::parse_native(body);
    if (!read) return;
    const wire::BlockBytes again = wire::encode_block(read->block, wire::head_bytes(*read));
    require(body.starts_with(std::string_view{again.data(), again.size()}));
    const auto head = wire::encode_head(read->block, read->tlvs);
    if (!head) return;
    const auto twice = wire::parse_native(*head);
    require(twice && twice->block == read->block && twice->tlvs.selector == read->tlvs.selector &&
            twice->tlvs.name == read->tlvs.name && twice->tlvs.sticky == read->tlvs.sticky &&
            twice->tlvs.shared == read->tlvs.shared);
}

/// An offerer of each dialect, the native one of which also listens to the attacker; a third who listens; and the
/// attacker, who sends the input.
class Conversation {
public:
    Conversation()
        : legacy_{hub_.provider("o")}, listener_{hub_.provider("o@subscriber")}, native_{go_native(hub_.provider("o"))},
          attacker_{go_native(hub_.provider("a"))}
    {
        hub_.router.promise("p-later", {"later"});
        hub_.router.heard({{"p-later", 0}, core::Prospect::returning, true, "crashed"}, hub_.now);
        hub_.router.tap(core::Tap::payloads);
        const std::string hears = *wire::encode_head({.verb = static_cast<std::uint8_t>(wire::ControlVerb::subscribe)},
                                                     {.selector = R"({"objectName":"a"})"});
        receive(native_, wire::flag::control | wire::flag::request, hears);
        hub_.received(native_);
    }

    void receive(PeerId from, std::uint8_t flags, std::string_view body)
    {
        const std::vector<core::Fd> fds(std::min(wire::frame_fds(flags, body), wire::fds_max), fd_);
        const wire::FrameHeader header{flags, ++packet_, static_cast<std::uint32_t>(body.size())};
        hub_.router.receive(from, {header, body}, fds, hub_.now);
    }

    /// One frame, and what all others do about it: the native one answers with the attacker's own bytes.
    void play(std::uint8_t flags, unsigned ticks, std::string_view body)
    {
        if (ticks > 0) hub_.pass(core::Millis{1} * ticks);
        if (!hub_.close_asked().empty()) attacker_ = go_native(hub_.provider("a"));
        receive(attacker_, flags, body);
        open_channels();
        if (!hub_.close_asked().empty()) attacker_ = go_native(hub_.provider("a"));
        for (const PeerId peer : {legacy_, listener_, native_, attacker_}) expect_well_formed(peer, body);
        require(hub_.close_asked().empty());
    }

    void end()
    {
        hub_.pass(std::chrono::hours{25});
        hub_.close_asked();
        for (const PeerId peer : {legacy_, listener_, native_, attacker_})
            hub_.router.disconnect(peer, core::Disconnect::peer_closed, hub_.now);
        const core::Router& router = hub_.router;
        require(router.charged_bytes() == 0 && router.calls_in_flight() == 0 && router.parked() == 0);
        require(router.subscriptions() == 0 && router.channels() == 0 && router.objects() == 0);
        require(fd_.use_count() == 1);
    }

private:
    PeerId go_native(PeerId peer)
    {
        hub_.send(peer, 3,
                  R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":1},"stamp":true,)"
                  R"("native":{"v":1,"features":["channel","pool"]}}})");
        hub_.received(peer);
        return peer;
    }

    void open_channels()
    {
        std::vector<core::ChannelWanted> wanted;
        hub_.router.take_channels(wanted);
        for (const auto& one : wanted) hub_.router.opened(one, fd_, fd_, hub_.now);
        std::vector<core::TapRecord> taps;
        hub_.router.take_taps(taps);
    }

    void expect_well_formed(PeerId peer, std::string_view attackers)
    {
        for (const auto& frame : hub_.received(peer)) {
            if (frame.flags == 0) {
                const auto parsed = wire::parse_legacy(frame.body);
                require(std::holds_alternative<wire::LegacyBody>(parsed));
                const auto& body = std::get<wire::LegacyBody>(parsed);
                if (wire::truthy(body.need_reply))
                    hub_.send(peer, ++packet_, RouterHarness::reply(frame.id, R"({"success":true,"data":1})"));
                continue;
            }
            require(hub_.router.speaks_native(peer) && wire::parse_native(frame.body).has_value());
            if (frame.flags & wire::flag::request) answer(peer, frame.id, attackers);
        }
    }

    void answer(PeerId peer, std::uint32_t id, std::string_view payload)
    {
        const std::string body =
            *wire::encode_head({.verb = static_cast<std::uint8_t>(wire::Verb::reply)}, {}) + std::string{payload};
        hub_.router.receive(peer, {{wire::flag::native, id, static_cast<std::uint32_t>(body.size())}, body}, hub_.now);
    }

    RouterHarness hub_;
    core::Fd fd_ = std::make_shared<const int>(7);
    std::uint32_t packet_ = 100;
    PeerId legacy_, listener_, native_, attacker_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    constexpr std::size_t header_bytes = 4;
    std::string_view rest{reinterpret_cast<const char*>(data), size};
    Conversation conversation;
    while (rest.size() >= header_bytes) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
        const std::uint8_t flags = byte(0) | wire::flag::native;
        const unsigned ticks = byte(1);
        const std::size_t length = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
        rest.remove_prefix(header_bytes);
        const std::string_view body = rest.substr(0, length);
        rest.remove_prefix(body.size());
        compare_with_its_encoding(body);
        conversation.play(flags, ticks, body);
    }
    conversation.end();
    return 0;
}
