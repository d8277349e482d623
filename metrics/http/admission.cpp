#include "metrics/http/admission.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include <optional>
#include <string>

namespace pandora::metrics::http {

namespace {

namespace wire_http = boost::beast::http;

std::optional<Response> host_refusal(const WireRequest& wire, HostRule rule)
{
    const auto hosts = wire.count(wire_http::field::host);
    // HTTP/1.0 knows no Host, and load balancers still check health with it; no browser speaks it.
    if (hosts == 0 && wire.version() < 11) return std::nullopt;
    if (hosts != 1) return plain_text(400, "400: exactly one Host header is needed");

    const auto host = wire[wire_http::field::host];
    if (host_allowed(rule, {host.data(), host.size()})) return std::nullopt;
    return plain_text(403,
                      "403: this server listens on loopback and answers only to loopback names, such as localhost");
}

} // namespace

std::variant<Request, Response> admit(const WireRequest& wire, HostRule rule)
{
    if (auto response = host_refusal(wire, rule)) return *std::move(response);

    // Neither a proxy ("http://...") nor a tunnel ("host:port"): we would answer for a host that we have not
    // checked.
    const std::string target{wire.target()};
    if (!target.starts_with('/')) return plain_text(400, "400: the target must be a path");

    const auto path_end = std::min(target.find('?'), target.size());
    const bool head = wire.method() == wire_http::verb::head;
    return Request{
        .method = head ? "GET" : std::string{wire.method_string()},
        .path = target.substr(0, path_end),
        .query = path_end == target.size() ? "" : target.substr(path_end + 1),
        .body = wire.body(),
    };
}

Response refusal(const boost::system::error_code& parse_error)
{
    if (parse_error == wire_http::error::header_limit) return plain_text(431, "431: the header is too large");
    if (parse_error == wire_http::error::body_limit) return plain_text(413, "413: the body is too large");
    return plain_text(400, "400: not a request: " + parse_error.message());
}

} // namespace pandora::metrics::http
