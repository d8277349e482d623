#include "supervisor/probes/http_attempt.hpp"

#include "supervisor/probes/dialer.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <optional>
#include <string>
#include <utility>

namespace pandora::supervisor::probes {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Request = http::request<http::empty_body>;

namespace {

bool is_address(const std::string& host)
{
    if (host.find(':') != std::string::npos) return true; // IPv6, bare or in brackets; no name has one
    error_code error;
    asio::ip::make_address(host, error);
    return !error;
}

/// RFC 9112 3.2: without the port where it is the scheme's own; an IPv6 address in brackets.
std::string host_field(const procfiles::HttpProbe& probe)
{
    const bool bare_v6 = probe.host.find(':') != std::string::npos && probe.host.front() != '[';
    const auto host = bare_v6 ? "[" + probe.host + "]" : probe.host;
    return probe.port == (probe.tls ? 443 : 80) ? host : host + ":" + std::to_string(probe.port);
}

/// The probe's own fields stand in place of ours, and several of one name beside each other.
Request make_request(const procfiles::HttpProbe& probe)
{
    Request request{http::verb::get, probe.path.starts_with('/') ? probe.path : "/" + probe.path, 11};
    request.set(http::field::host, host_field(probe));
    request.set(http::field::user_agent, "pandora-probe/" PANDORA_VERSION);
    request.set(http::field::accept, "*/*");
    request.set(http::field::connection, "close");
    for (const auto& field : probe.headers) request.erase(field.name);
    for (const auto& field : probe.headers) request.insert(field.name, field.value);
    return request;
}

class HttpAttempt final : public Running {
public:
    HttpAttempt(RunningOptions options, const procfiles::HttpProbe& probe, Lookups& lookups, HttpTls& tls)
        : Running{std::move(options)}, probe_{probe}, shared_tls_{tls}, dialer_{io(), lookups}, request_{
                                                                                                    make_request(probe)}
    {
        parser_.header_limit(http_part_bytes_max);
        parser_.body_limit(http_part_bytes_max);
    }

private:
    void work() override
    {
        if (probe_.tls && !prepare_tls()) return;
        dialer_.dial(probe_.host, probe_.port, [this, self = keep()](const std::string& trouble) {
            if (is_over()) return;
            if (!trouble.empty()) return fail(trouble);
            if (tls_) return shake_hands();
            send(dialer_.socket());
        });
    }

    void release() override { dialer_.close(); }

    bool prepare_tls()
    {
        try {
            tls_.emplace(dialer_.socket(), shared_tls_.context());
        } catch (const boost::system::system_error& error) {
            fail("TLS: " + phrase(error.code()));
            return false;
        }
        // RFC 6066: a name, never an address.
        if (!is_address(probe_.host)) SSL_set_tlsext_host_name(tls_->native_handle(), probe_.host.c_str());
        return true;
    }

    void shake_hands()
    {
        tls_->async_handshake(asio::ssl::stream_base::client, [this, self = keep()](const error_code& error) {
            if (is_over()) return;
            if (error) return fail("TLS handshake: " + phrase(error));
            send(*tls_);
        });
    }

    template <class Stream>
    void send(Stream& stream)
    {
        http::async_write(stream, request_, [this, self = keep(), &stream](const error_code&, std::size_t) {
            if (!is_over()) receive(stream); // also after an error: who answers and closes before it has read all
        });
    }

    template <class Stream>
    void receive(Stream& stream)
    {
        http::async_read(stream, buffer_, parser_, [this, self = keep()](const error_code& error, std::size_t) {
            if (!is_over()) judge(error);
        });
    }

    void judge(const error_code& error)
    {
        if (error && !is_enough(error)) return fail(trouble(error));
        const auto status = parser_.get().result_int();
        if (status == probe_.status) return pass("HTTP " + std::to_string(status));
        fail("HTTP " + std::to_string(status) + ", expected " + std::to_string(probe_.status));
    }

    /// The status is known and the rest of no interest: there is more body than we read, or it ended with the
    /// connection, without the farewell that TLS asks for and many servers leave out.
    bool is_enough(const error_code& error) const
    {
        if (!parser_.is_header_done()) return false;
        return error == http::error::body_limit || (error == asio::ssl::error::stream_truncated && parser_.need_eof());
    }

    std::string trouble(const error_code& error) const
    {
        if (error == http::error::end_of_stream || error == http::error::partial_message ||
            error == asio::ssl::error::stream_truncated)
            return parser_.got_some() ? "closed in the middle of its answer" : "closed without an answer";
        if (error == http::error::header_limit || error == http::error::buffer_overflow)
            return "the answer's header is longer than " + std::to_string(http_part_bytes_max / 1024) + " KiB";
        const bool grammar = error.category() == make_error_code(http::error::bad_version).category();
        return grammar ? "no answer in HTTP: " + phrase(error) : phrase(error);
    }

    std::shared_ptr<HttpAttempt> keep() { return std::static_pointer_cast<HttpAttempt>(shared_from_this()); }

    procfiles::HttpProbe probe_;
    HttpTls& shared_tls_; // used by work() alone
    Dialer dialer_;
    std::optional<asio::ssl::stream<tcp::socket&>> tls_; // on the dialer's socket
    Request request_;
    beast::flat_buffer buffer_{http_part_bytes_max};
    http::response_parser<http::string_body> parser_;
};

} // namespace

std::shared_ptr<Running> http_attempt(RunningOptions options, const procfiles::HttpProbe& probe, Lookups& lookups,
                                      HttpTls& tls)
{
    return std::make_shared<HttpAttempt>(std::move(options), probe, lookups, tls);
}

} // namespace pandora::supervisor::probes
