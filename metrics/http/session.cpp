#include "metrics/http/session.hpp"

#include "metrics/http/admission.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <exception>
#include <utility>

namespace pandora::metrics::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire_http = boost::beast::http;

constexpr std::size_t discard_bytes = 4096; // a read while lingering; what it holds is never looked at

/// The response with its body made. Whatever goes wrong in that is our fault, and the client's to know.
Response rendered(Response response)
{
    const auto* make_body = std::get_if<MakeBody>(&response.body);
    if (make_body == nullptr) return response;
    try {
        response.body = (*make_body)();
        return response;
    } catch (const std::exception&) {
        return plain_text(500, "500: the answer could not be made");
    }
}

wire_http::response<wire_http::string_body> to_wire(Response response, const Framing& framing)
{
    auto body = std::get<std::string>(std::move(response.body));
    wire_http::response<wire_http::string_body> wire{static_cast<wire_http::status>(response.status), framing.version};
    wire.set(wire_http::field::content_type, response.content_type);
    wire.set(wire_http::field::cache_control, "no-store");
    wire.set("X-Content-Type-Options", "nosniff");
    for (const auto& header : response.headers) wire.set(header.name, header.value);
    wire.keep_alive(framing.keep_alive);
    wire.content_length(body.size());
    if (!framing.head) wire.body() = std::move(body);
    return wire;
}

bool is_parse_error(const boost::system::error_code& error)
{
    static const auto& parser = wire_http::make_error_code(wire_http::error::bad_version).category();
    return error.category() == parser && error != wire_http::error::end_of_stream &&
           error != wire_http::error::partial_message;
}

} // namespace

Session::Session(asio::ip::tcp::socket socket, const Service& service, Closed closed)
    : stream_{std::move(socket)}, service_{service}, closed_{std::move(closed)}, answer_deadline_{
                                                                                     stream_.get_executor()}
{}

void Session::read()
{
    framing_ = {};
    parser_.emplace();
    parser_->header_limit(service_.limits.header_bytes_max);
    parser_->body_limit(service_.limits.body_bytes_max);
    wait_for_client(service_.limits.read_max);
    wire_http::async_read(stream_, buffer_, *parser_,
                          [self = shared_from_this()](const ErrorCode& error, std::size_t) { self->on_read(error); });
}

void Session::on_read(const ErrorCode& error)
{
    waiting_since_.reset();
    if (!error) return answer();
    if (is_parse_error(error)) return write(refusal(error));
    finish(); // closed by the client or by us, or out of time
}

void Session::answer()
{
    const WireRequest& wire = parser_->get();
    framing_ = {wire.version(), wire.keep_alive(), wire.method() == wire_http::verb::head};

    auto admitted = admit(wire, service_.hosts);
    if (auto* response = std::get_if<Response>(&admitted)) return write(std::move(*response));
    ask_handler(std::get<Request>(admitted));
}

void Session::ask_handler(const Request& request)
{
    awaited_ = ++requests_;
    answer_deadline_.expires_after(service_.limits.answer_max);
    answer_deadline_.async_wait([self = shared_from_this(), number = awaited_](const ErrorCode& error) {
        if (!error) self->on_answer(number, plain_text(503, "503: no answer in time"));
    });
    try {
        service_.handler(request, make_respond());
    } catch (const std::exception&) {
        on_answer(awaited_, plain_text(500, "500: the request failed"));
    }
}

Respond Session::make_respond()
{
    // The session is touched on its own thread only, so what other threads hold is weak: the last owner to
    // let go of it must not be one of them.
    return [mailbox = service_.mailbox, session = weak_from_this(), number = awaited_](Response response) {
        mailbox->post([session, number, response = std::move(response)]() mutable {
            if (const auto self = session.lock()) self->on_answer(number, std::move(response));
        });
    };
}

void Session::on_answer(std::uint64_t request, Response response)
{
    if (request != awaited_) return; // late, or a second one
    awaited_ = 0;
    answer_deadline_.cancel();
    write(rendered(std::move(response)));
}

void Session::write(Response response)
{
    response_ = to_wire(std::move(response), framing_);
    wait_for_client(service_.limits.write_max);
    wire_http::async_write(stream_, *response_, [self = shared_from_this()](const ErrorCode& error, std::size_t) {
        self->on_written(error);
    });
}

void Session::on_written(const ErrorCode& error)
{
    waiting_since_.reset();
    response_.reset();
    if (error) return finish();
    if (framing_.keep_alive) return read();
    linger();
}

void Session::linger()
{
    ErrorCode error;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    if (error) return finish();
    wait_for_client(service_.limits.linger_max); // once: the limit is for all of it, not for each read
    discard();
}

void Session::discard()
{
    buffer_.clear();
    stream_.async_read_some(
        buffer_.prepare(discard_bytes),
        [self = shared_from_this()](const ErrorCode& error, std::size_t) { error ? self->finish() : self->discard(); });
}

void Session::finish()
{
    waiting_since_.reset();
    stream_.close();
    closed_(*this);
}

void Session::wait_for_client(std::chrono::milliseconds at_most)
{
    waiting_since_ = Clock::now();
    stream_.expires_after(at_most);
}

} // namespace pandora::metrics::http
