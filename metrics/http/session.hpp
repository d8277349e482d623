// One connection: reads a request, has the handler answer it, writes the answer, and again.
//
//   reading -> answering -> writing -> reading ... -> lingering -> closed
//
// A request that is refused goes from reading to writing. Lingering reads on for a moment after our last
// response: closing with unread bytes would make the kernel send a reset, which can overtake that response.
#pragma once

#include "metrics/http/host_check.hpp"
#include "metrics/http/limits.hpp"
#include "metrics/http/mailbox.hpp"
#include "metrics/http/message.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace pandora::metrics::http {

/// What all sessions of a server share; outlives them.
struct Service {
    Handler handler;
    Limits limits;
    HostRule hosts = HostRule::loopback_only;
    std::shared_ptr<Mailbox> mailbox;
};

/// What of a request shapes the response to it.
struct Framing {
    unsigned version = 11;
    bool keep_alive = false;
    bool head = false;
};

/// Lives on the http thread. Its pending operations keep it alive, so it ends when they do.
class Session : public std::enable_shared_from_this<Session> {
public:
    using Clock = std::chrono::steady_clock;
    using Closed = std::function<void(const Session&)>;

    /// `closed` is called once the connection has ended, whoever ended it.
    Session(boost::asio::ip::tcp::socket socket, const Service& service, Closed closed);

    void start() { read(); }

    /// Ends the connection now.
    void close() { stream_.close(); }

    /// Since when the next move has been the client's; nullopt while it is the handler's.
    std::optional<Clock::time_point> waiting_since() const { return waiting_since_; }

private:
    using ErrorCode = boost::system::error_code;
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using WireResponse = boost::beast::http::response<boost::beast::http::string_body>;

    void read();
    void on_read(const ErrorCode& error);
    void answer();
    void ask_handler(const Request& request);
    Respond make_respond();
    void on_answer(std::uint64_t request, Response response);
    void write(Response response);
    void on_written(const ErrorCode& error);
    void linger();
    void discard();
    void finish();
    void wait_for_client(std::chrono::milliseconds at_most);

    boost::beast::tcp_stream stream_;
    const Service& service_;
    Closed closed_;
    boost::asio::steady_timer answer_deadline_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;         // of the request being read or answered
    std::optional<WireResponse> response_; // being written
    Framing framing_;
    std::uint64_t requests_ = 0; // handed to the handler so far
    std::uint64_t awaited_ = 0;  // the number of the one it has not answered yet; 0 = none
    std::optional<Clock::time_point> waiting_since_;
};

} // namespace pandora::metrics::http
