#include "metrics/http/host_check.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace pandora::metrics::http {

namespace {

namespace ip = boost::asio::ip;

bool is_loopback(const ip::address& address)
{
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
    return address.is_loopback();
}

/// `host[:port]` without the port and, around an IPv6 address, the brackets; nullopt if it has another form.
std::optional<std::string> without_port(std::string_view host)
{
    const bool bracketed = host.starts_with('[');
    const auto name_end = bracketed ? host.find(']') : std::min(host.find(':'), host.size());
    if (name_end == std::string_view::npos) return std::nullopt;

    const auto port = host.substr(name_end + (bracketed ? 1 : 0));
    if (!port.empty() && port.front() != ':') return std::nullopt;
    if (port.find_first_not_of("0123456789", 1) != std::string_view::npos) return std::nullopt;

    // Only an IPv6 address stands in brackets: "[127.0.0.1]" is no host.
    const std::string name{host.substr(bracketed ? 1 : 0, name_end - (bracketed ? 1 : 0))};
    if (bracketed && name.find(':') == std::string::npos) return std::nullopt;
    return name;
}

bool names_loopback(std::string_view host)
{
    const auto name = without_port(host);
    if (!name) return false;
    if (boost::beast::iequals(*name, "localhost")) return true;

    // Strict dotted quads only, so neither "127.0.0.1.evil.example" nor "127.1" passes.
    boost::system::error_code error;
    const auto address = ip::make_address(*name, error);
    return !error && is_loopback(address);
}

} // namespace

HostRule host_rule(const ip::address& address)
{
    return is_loopback(address) ? HostRule::loopback_only : HostRule::any;
}

bool host_allowed(HostRule rule, std::string_view host)
{
    switch (rule) {
    case HostRule::loopback_only: return names_loopback(host);
    case HostRule::any: return true;
    }
    __builtin_unreachable();
}

} // namespace pandora::metrics::http
