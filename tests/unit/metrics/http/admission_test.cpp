#include "metrics/http/admission.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <gtest/gtest.h>

#include <string>

namespace pandora::metrics::http {
namespace {

namespace wire_http = boost::beast::http;
using Parser = wire_http::request_parser<wire_http::string_body>;

/// What the parser says of `text`, with limits of 256 header and 8 body bytes.
boost::system::error_code parse(Parser& parser, const std::string& text)
{
    boost::system::error_code error;
    parser.eager(true);
    parser.header_limit(256);
    parser.body_limit(8);
    parser.put(boost::asio::buffer(text), error);
    return error;
}

std::variant<Request, Response> admitted(const std::string& text)
{
    Parser parser;
    const auto error = parse(parser, text);
    EXPECT_FALSE(error) << error.message() << "\n" << text;
    return admit(parser.get(), HostRule::loopback_only);
}

unsigned status(const std::variant<Request, Response>& outcome)
{
    const auto* response = std::get_if<Response>(&outcome);
    return response != nullptr ? response->status : 0;
}

const std::string host = "Host: localhost\r\n";

TEST(Admission, PassesTheRequestOnInItsParts)
{
    const auto outcome = admitted("POST /a/b%20c?x=1?y&z HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\nbody");
    ASSERT_TRUE(std::holds_alternative<Request>(outcome));
    const auto& request = std::get<Request>(outcome);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/a/b%20c");
    EXPECT_EQ(request.query, "x=1?y&z");
    EXPECT_EQ(request.body, "body");
}

TEST(Admission, LeavesTheQueryEmptyWhenThereIsNone)
{
    for (const std::string target : {"/metrics", "/metrics?"}) {
        const auto outcome = admitted("GET " + target + " HTTP/1.1\r\n" + host + "\r\n");
        ASSERT_TRUE(std::holds_alternative<Request>(outcome)) << target;
        EXPECT_EQ(std::get<Request>(outcome).path, "/metrics");
        EXPECT_EQ(std::get<Request>(outcome).query, "");
    }
}

TEST(Admission, ShowsTheHandlerAGetForAHead)
{
    const auto outcome = admitted("HEAD / HTTP/1.1\r\n" + host + "\r\n");
    ASSERT_TRUE(std::holds_alternative<Request>(outcome));
    EXPECT_EQ(std::get<Request>(outcome).method, "GET");
}

TEST(Admission, AsksForExactlyOneHostOfTheRightKind)
{
    struct Row {
        const char* what;
        std::string text;
        unsigned status;
    };

    for (const auto& [what, text, want] : {
             Row{"none", "GET / HTTP/1.1\r\n\r\n", 400},
             Row{"two", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
             Row{"empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 403},
             Row{"foreign", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
             Row{"none, in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 0},
             Row{"foreign, in HTTP/1.0", "GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403},
             Row{"ours, with spaces around it", "GET / HTTP/1.1\r\nHost:  localhost:7002 \r\n\r\n", 0},
         })
        EXPECT_EQ(status(admitted(text)), want) << what;
}

TEST(Admission, TakesNoTargetThatNamesAHostOfItsOwn)
{
    for (const std::string target : {"http://evil.example/metrics", "*", "evil.example:80", "metrics"})
        EXPECT_EQ(status(admitted("GET " + target + " HTTP/1.1\r\n" + host + "\r\n")), 400U) << target;
}

TEST(Admission, SaysWhichLimitARequestBreaks)
{
    struct Row {
        const char* what;
        std::string text;
        unsigned status;
    };

    for (const auto& [what, text, want] : {
             Row{"long header", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(300, 'x') + "\r\n\r\n", 431},
             Row{"long target", "GET /" + std::string(300, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 431},
             Row{"long body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 9\r\n\r\n123456789", 413},
             Row{"no HTTP", "\x16\x03\x01 hello\r\n\r\n", 400},
             Row{"no version", "GET /\r\n\r\n", 400},
             Row{"unknown version", "GET / HTTP/3.0\r\n\r\n", 400},
             Row{"folded nonsense", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400},
             Row{"bad length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
         }) {
        Parser parser;
        const auto error = parse(parser, text);
        ASSERT_TRUE(error) << what;
        EXPECT_EQ(refusal(error).status, want) << what << ": " << error.message();
    }
}

} // namespace
} // namespace pandora::metrics::http
