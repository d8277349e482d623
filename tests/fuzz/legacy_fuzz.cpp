// Whatever one client sends as bodies (one a line), the hub survives, and what reaches the others is
// well-formed.
#include "tests/unit/hub/core/router_harness.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <string>

namespace {

using namespace pandora::hub;
using core::PeerId;

void require(bool holds)
{
    if (!holds) std::abort();
}

bool well_formed(std::string_view body) { return !std::holds_alternative<wire::Malformed>(wire::parse_legacy(body)); }

/// Two parsers must agree, except that the other one refuses lone surrogates and huge numbers, takes a byte of zero for
/// the end of the text, allows a byte order mark, and does not mind depth.
void compare_with_another_parser(const std::string& body)
{
    if (body.find('\0') != std::string::npos || body.starts_with("\xEF")) return;
    const bool theirs = nlohmann::json::accept(body);
    if (well_formed(body) == theirs) return;
    if (theirs)
        require(body.size() > 2 * wire::json_depth_max);
    else
        require(body.find("\\u") != std::string::npos || body.find_first_of("0123456789") != std::string::npos);
}

void expect_well_formed(core::testing::RouterHarness& hub, PeerId peer)
{
    for (const auto& frame : hub.received(peer))
        require(std::holds_alternative<wire::LegacyBody>(wire::parse_legacy(frame.body)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    core::testing::RouterHarness hub;
    const PeerId callee = hub.provider("o");
    hub.send(callee, 3, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":1},"stamp":true}})");
    const PeerId attacker = hub.provider("a");
    std::string_view rest{reinterpret_cast<const char*>(data), size};
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string body{rest.substr(0, end)};
        rest.remove_prefix(std::min(end + 1, rest.size()));
        compare_with_another_parser(body);
        hub.send(attacker, 9, body);
        expect_well_formed(hub, callee);
        expect_well_formed(hub, attacker);
    }
    hub.pass(std::chrono::hours{25});
    expect_well_formed(hub, attacker);
    hub.router.disconnect(callee, core::Disconnect::peer_closed, hub.now);
    hub.router.disconnect(attacker, core::Disconnect::peer_closed, hub.now);
    require(hub.router.charged_bytes() == 0 && hub.router.calls_in_flight() == 0);
    return 0;
}
