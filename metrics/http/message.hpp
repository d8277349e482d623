// A request, a response, and the handler that makes one of the other: all that code above the server needs to
// know.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::metrics::http {

struct Request {
    std::string method; // "GET", also for a HEAD: the server leaves the body out
    std::string path;   // starts with '/'; percent signs are not decoded
    std::string query;  // what stands after the '?', empty if nothing
    std::string body = {};
};

/// Makes a body on the http thread, so that a large text costs the thread that answers nothing.
using MakeBody = std::function<std::string()>;

struct Header {
    std::string name;
    std::string value;
};

/// The server adds the length, `Connection`, and what keeps browsers from caching or guessing the type.
struct Response {
    unsigned status = 200;
    std::string content_type;
    std::variant<std::string, MakeBody> body;
    std::vector<Header> headers = {}; // further ones
};

/// Callable from any thread and at any time, even when the client or the server is gone. The first answer
/// counts.
using Respond = std::function<void(Response)>;

/// Called on the http thread; must not block. May answer at once or later; a client whose answer does not
/// come in time gets a 503, one whose handler throws a std::exception a 500.
using Handler = std::function<void(const Request&, Respond)>;

/// A response of one line for people.
Response plain_text(unsigned status, std::string_view line);

} // namespace pandora::metrics::http
