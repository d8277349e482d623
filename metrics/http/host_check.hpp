// Which `Host` headers a server answers to. A page of evil.example may have its own name resolve to 127.0.0.1
// and then read from us as if we were evil.example (DNS rebinding); but its requests still say `Host:
// evil.example`.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <string_view>

namespace pandora::metrics::http {

enum class HostRule : std::uint8_t {
    loopback_only, // localhost, 127.0.0.0/8, [::1], with any port: the port may be that of an ssh tunnel
    any,           // we are meant to be reached by names that we cannot know
};

/// The rule for a server that listens on `address`.
HostRule host_rule(const boost::asio::ip::address& address);

/// Whether a server with `rule` answers a request for `host`, the value of a `Host` header. Pure.
bool host_allowed(HostRule rule, std::string_view host);

} // namespace pandora::metrics::http
