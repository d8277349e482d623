// Which requests reach the handler, and as what.
#pragma once

#include "metrics/http/host_check.hpp"
#include "metrics/http/message.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <variant>

namespace pandora::metrics::http {

using WireRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// What the handler is to see, or what the client gets instead: 400 for a target or a `Host` that HTTP
/// forbids, 403 for a `Host` that `rule` does. Pure.
std::variant<Request, Response> admit(const WireRequest& wire, HostRule rule);

/// The answer to bytes that are not a request we take, by what the parser says of them. Pure.
Response refusal(const boost::system::error_code& parse_error);

} // namespace pandora::metrics::http
