// Probes by HTTP, plain and over TLS, against servers that answer well, badly, too much, or not at all.
#include "tests/process/probes_fixture.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string_view>

namespace pandora::supervisor::probes {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using procfiles::HttpProbe;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What a server does with one connection: reads a request's header, says its part, and goes.
template <class Stream>
class Exchange : public std::enable_shared_from_this<Exchange<Stream>> {
public:
    Exchange(Stream stream, std::string& request, std::string answer, bool endless)
        : stream_{std::move(stream)}, request_{request}, answer_{std::move(answer)}, endless_{endless}
    {}

    Stream& stream() { return stream_; }

    void run()
    {
        asio::async_read_until(stream_, asio::dynamic_buffer(request_), "\r\n\r\n",
                               [self = this->shared_from_this()](const error_code& error, std::size_t) {
                                   if (!error) self->write();
                               });
    }

private:
    /// Over and over where it is endless, which only the client's end ends.
    void write()
    {
        asio::async_write(stream_, asio::buffer(answer_),
                          [self = this->shared_from_this()](const error_code& error, std::size_t) {
                              if (!error && self->endless_) self->write();
                          });
    }

    Stream stream_;
    std::string& request_;
    std::string answer_;
    bool endless_;
};

class HttpProbesTest : public ProbesTest {
protected:
    TcpServer answering(const std::string& answer, bool endless = false)
    {
        return {io, [this, answer, endless](tcp::socket socket) {
                    request.clear();
                    using Plain = Exchange<tcp::socket>;
                    std::make_shared<Plain>(std::move(socket), request, answer, endless)->run();
                }};
    }

    static Probe get(const TcpServer& server, HttpProbe http = {}, std::chrono::milliseconds timeout = 20s)
    {
        http.port = server.port();
        return {.action = std::move(http), .timeout = timeout};
    }

    std::string request; // the last one, as it came
};

TEST_F(HttpProbesTest, TheStatusAskedForPassesAndNoOther)
{
    struct Row {
        unsigned expected;
        const char* status;
        bool passed;
        const char* detail;
    };

    const Row rows[] = {
        {200, "200 OK", true, "HTTP 200"},
        {200, "204 No Content", false, "HTTP 204, expected 200"},
        {200, "503 Service Unavailable", false, "HTTP 503, expected 200"},
        {401, "401 Unauthorized", true, "HTTP 401"},
        {302, "302 Found\r\nLocation: http://127.0.0.1:1/", true, "HTTP 302"}, // nobody follows it
    };
    for (const auto& [expected, status, passed, detail] : rows) {
        const auto server = answering("HTTP/1.1 " + std::string{status} + "\r\nContent-Length: 0\r\n\r\n");
        expect(get(server, {.status = expected}), passed, detail);
    }
}

TEST_F(HttpProbesTest, AsksForWhatItIsTold)
{
    const auto server = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    ask(get(server, {.path = "/health?deep=1"}));
    EXPECT_THAT(request, AllOf(StartsWith("GET /health?deep=1 HTTP/1.1\r\n"), HasSubstr("Connection: close\r\n"),
                               HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"),
                               HasSubstr("User-Agent: pandora-probe/")));
    ask(get(server, {.path = "health"}));
    EXPECT_THAT(request, StartsWith("GET /health HTTP/1.1\r\n"));
}

TEST_F(HttpProbesTest, ItsOwnFieldsReplaceOursAndStandBesideEachOther)
{
    const auto server = answering("HTTP/1.1 200 OK\r\n\r\n");
    ask(get(server, {.headers = {{"host", "shop.example"}, {"X-Part", "one"}, {"X-Part", "two"}, {"accept", "x/y"}}}));
    EXPECT_THAT(request, AllOf(HasSubstr("host: shop.example\r\n"), HasSubstr("X-Part: one\r\nX-Part: two\r\n"),
                               HasSubstr("accept: x/y\r\n"), Not(HasSubstr("Host:")), Not(HasSubstr("*/*"))));
}

TEST_F(HttpProbesTest, ABodyMayEndAsItLikes)
{
    for (const auto* rest : {"Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                             "\r\nok, until the connection ends"}) {
        const auto server = answering("HTTP/1.1 200 OK\r\n" + std::string{rest});
        expect_pass(get(server), "HTTP 200");
    }
    const auto old = answering("HTTP/1.0 200 OK\r\n\r\nok");
    expect_pass(get(old), "HTTP 200");
}

TEST_F(HttpProbesTest, ALongOrEndlessBodyIsNotReadToItsEnd)
{
    const auto announced = answering("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nx");
    expect_pass(get(announced), "HTTP 200");
    const auto endless = answering("HTTP/1.1 200 OK\r\n\r\n" + std::string(4096, 'x'), true);
    expect_pass(get(endless), "HTTP 200");
}

TEST_F(HttpProbesTest, AHeaderOfNoEndIsNoAnswer)
{
    const auto server = answering("HTTP/1.1 200 OK\r\nX-A: " + std::string(1000, 'x') + "\r\n", true);
    expect_failure(get(server), "the answer's header is longer than 64 KiB");
    const auto fields = answering("HTTP/1.1 200 OK\r\n" + std::string(70 * 1024, 'x') + ": y\r\n\r\n");
    expect_failure(get(fields), "the answer's header is longer than 64 KiB");
}

TEST_F(HttpProbesTest, AServerThatSaysNothingTimesOut)
{
    const auto server = silent_server();
    expect_failure(get(server, {}, 200ms), "timed out after 200 ms");
    const auto unfinished = answering("HTTP/1.1 200 OK\r\nX-Fiel");
    EXPECT_EQ(ask(get(unfinished)).detail, "closed in the middle of its answer");
}

TEST_F(HttpProbesTest, TellsWhatElseWentWrong)
{
    expect_failure({.action = HttpProbe{.port = free_port()}, .timeout = 20s}, "connection refused");
    const TcpServer leaving{io, [](const tcp::socket&) {}};
    EXPECT_THAT(ask(get(leaving)).detail, testing::AnyOf("closed without an answer", "connection reset by peer"));
    const auto short_body = answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok");
    expect_failure(get(short_body), "closed in the middle of its answer");
    const auto other = answering("220 mail.example ESMTP\r\n\r\n");
    EXPECT_THAT(ask(get(other)).detail, StartsWith("no answer in HTTP: "));
}

TEST_F(HttpProbesTest, KeepsNoDescriptorOpen)
{
    const auto server = answering("HTTP/1.1 200 OK\r\n\r\n");
    const auto silent = silent_server();
    ask(get(server));
    const auto before = open_descriptors();
    for (int i = 0; i < 5; ++i) {
        ask(get(server));
        ask(get(silent, {}, 1ms));
        prober.start(get(silent), surroundings, [](const Answer&) { ADD_FAILURE(); });
    }
    held.clear();
    EXPECT_TRUE(run_until([&] {
        held.clear();
        return open_descriptors() == before;
    }));
}

// --- TLS --------------------------------------------------------------------------------------------------------

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* object) const
    {
        free(object);
    }
};

std::string pem(const std::function<int(BIO*)>& write)
{
    const std::unique_ptr<BIO, Freed<BIO_free>> memory{BIO_new(BIO_s_mem())};
    EXPECT_EQ(write(memory.get()), 1);
    char* text = nullptr;
    const auto bytes = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(bytes)};
}

/// With a certificate of its own making that has run out: nobody may care.
asio::ssl::context server_context()
{
    const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key{EVP_EC_gen("P-256")};
    const std::unique_ptr<X509, Freed<X509_free>> certificate{X509_new()};
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), -3600);
    X509_set_pubkey(certificate.get(), key.get());
    EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
    const auto key_text =
        pem([&](BIO* to) { return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    const auto certificate_text = pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate.get()); });
    asio::ssl::context context{asio::ssl::context::tls_server};
    context.use_private_key(asio::buffer(key_text), asio::ssl::context::pem);
    context.use_certificate(asio::buffer(certificate_text), asio::ssl::context::pem);
    return context;
}

class TlsProbesTest : public HttpProbesTest {
protected:
    using Secure = Exchange<asio::ssl::stream<tcp::socket>>;

    /// Ends its connections without the farewell that TLS asks for.
    TcpServer secure(const std::string& answer)
    {
        return {io, [this, answer](tcp::socket socket) {
                    request.clear();
                    auto exchange = std::make_shared<Secure>(asio::ssl::stream<tcp::socket>{std::move(socket), context},
                                                             request, answer, false);
                    exchange->stream().async_handshake(
                        asio::ssl::stream_base::server, [this, exchange](const error_code& error) {
                            const char* name =
                                SSL_get_servername(exchange->stream().native_handle(), TLSEXT_NAMETYPE_host_name);
                            server_name = name ? name : "";
                            if (!error) exchange->run();
                        });
                }};
    }

    static Probe get_securely(const TcpServer& server, const std::string& host = "127.0.0.1",
                              std::chrono::milliseconds timeout = 20s)
    {
        return get(server, {.tls = true, .host = host}, timeout);
    }

    asio::ssl::context context = server_context();
    std::string server_name;
};

TEST_F(TlsProbesTest, TheCertificateMayBeAnybodys)
{
    const auto server = secure("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    expect_pass(get_securely(server), "HTTP 200");
    EXPECT_THAT(request, StartsWith("GET / HTTP/1.1\r\n"));
    const auto failing = secure("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    expect_failure(get_securely(failing), "HTTP 500, expected 200");
}

TEST_F(TlsProbesTest, TheServerIsToldItsNameAndNeverAnAddress)
{
    const auto server = secure("HTTP/1.1 200 OK\r\n\r\n");
    ask(get_securely(server, "localhost"));
    EXPECT_EQ(server_name, "localhost");
    ask(get_securely(server, "127.0.0.1"));
    EXPECT_EQ(server_name, "");
}

TEST_F(TlsProbesTest, ABodyMayEndWithTheConnection)
{
    const auto server = secure("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    expect_pass(get_securely(server), "HTTP 200");
    const auto cut = secure("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok");
    expect_failure(get_securely(cut), "closed in the middle of its answer");
    const auto nothing = secure("");
    expect_failure(get_securely(nothing), "closed without an answer");
}

TEST_F(TlsProbesTest, AServerWithoutTlsIsToldFromOneThatIsSilent)
{
    const auto plain = answering("HTTP/1.1 200 OK\r\n\r\n");
    const auto mail =
        TcpServer{io, [](tcp::socket socket) {
                      boost::system::error_code ignored;
                      asio::write(socket, asio::buffer(std::string_view{"220 mail.example\r\n"}), ignored);
                  }};
    EXPECT_THAT(ask(get_securely(mail)).detail, StartsWith("TLS handshake: "));
    const auto silent = silent_server();
    expect_failure(get_securely(silent, "127.0.0.1", 200ms), "timed out after 200 ms");
    const auto server = secure("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_FALSE(ask(get(server)).passed); // and the other way round
}

} // namespace
} // namespace pandora::supervisor::probes
