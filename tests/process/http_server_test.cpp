// The HTTP server on real loopback sockets: what its clients see.
#include "metrics/http/endpoints.hpp"
#include "tests/process/http_server_fixture.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pandora::metrics::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(HttpServer, AnswersOneRequestAfterAnotherOnAConnection)
{
    start();
    Client client{port};
    for (const std::string path : {"/a", "/b", "/c"}) {
        const auto reply = client.ask(path);
        ASSERT_TRUE(reply) << path;
        EXPECT_THAT(reply->head, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(reply->head, HasSubstr("Content-Type: text/plain; charset=utf-8"));
        EXPECT_THAT(reply->head, HasSubstr("Cache-Control: no-store"));
        EXPECT_THAT(reply->head, HasSubstr("X-Content-Type-Options: nosniff"));
        EXPECT_EQ(reply->body, "GET " + path + " \n");
    }
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder)
{
    start();
    Client client{port};
    client.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /b HTTP/1.1\r\nHost: "
                "localhost\r\nContent-Length: 2\r\n\r\nhi"
                "GET /c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    for (const std::string body : {"GET /a \n", "POST /b hi\n", "GET /c \n"}) {
        const auto reply = client.reply();
        ASSERT_TRUE(reply) << body;
        EXPECT_EQ(reply->body, body);
    }
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(HttpServer, SendsForHeadTheLengthButNoBody)
{
    start();
    Client client{port};
    client.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto head = client.reply(false);
    ASSERT_TRUE(head);
    EXPECT_THAT(head->head, HasSubstr("Content-Length: 8"));
    const auto next = client.ask("/b");
    ASSERT_TRUE(next);
    EXPECT_THAT(next->head, StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServer, ClosesAfterTheAnswerToHttp10)
{
    start();
    Client client{port};
    client.send("GET /a HTTP/1.0\r\n\r\n");
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_THAT(reply->head, StartsWith("HTTP/1.0 200 OK\r\n"));
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(HttpServer, RefusesAForeignHostAndKeepsServing)
{
    start();
    Client client{port};
    client.send("GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    const auto refused = client.reply();
    ASSERT_TRUE(refused);
    EXPECT_THAT(refused->head, StartsWith("HTTP/1.1 403 "));
    const auto served = client.ask("/a");
    ASSERT_TRUE(served);
    EXPECT_THAT(served->head, StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServer, TakesAnAnswerFromAnotherThread)
{
    start();
    Client client{port};
    client.get("/later");
    std::thread{[respond = desk.take()] { respond(plain_text(200, "from afar")); }}.join();
    const auto reply = client.reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "from afar\n");
}

TEST_F(HttpServer, MakesBodiesOnItsOwnThread)
{
    start();
    Client client{port};
    const auto reply = client.ask("/made");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "http");
    EXPECT_NE(thread_name(), "http");
}

TEST_F(HttpServer, CountsOnlyTheFirstAnswer)
{
    start();
    Client client{port};
    client.get("/later");
    const auto respond = desk.take();
    respond(plain_text(200, "first"));
    respond(plain_text(200, "second"));
    const auto first = client.reply();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->body, "first\n");

    client.get("/later");
    const auto next = desk.take();
    respond(plain_text(200, "third"));
    next(plain_text(200, "its own"));
    const auto own = client.reply();
    ASSERT_TRUE(own);
    EXPECT_EQ(own->body, "its own\n");
    EXPECT_TRUE(client.has_nothing_more());
}

TEST_F(HttpServer, SurvivesAHandlerThatThrows)
{
    start();
    Client client{port};
    for (const char* path : {"/throws", "/made-badly"}) {
        const auto failed = client.ask(path);
        ASSERT_TRUE(failed) << path;
        EXPECT_THAT(failed->head, StartsWith("HTTP/1.1 500 ")) << path;
    }
    const auto next = client.ask("/a");
    ASSERT_TRUE(next);
    EXPECT_THAT(next->head, StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServer, SendsALargeBodyWhole)
{
    start();
    Client client{port};
    const auto reply = client.ask("/large");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body.size(), large_bytes + 1);
}

TEST_F(HttpServer, OpensNoDescriptorThatAChildWouldInherit)
{
    start();
    Client client{port};
    ASSERT_TRUE(client.ask("/a"));
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        const int fd = std::stoi(entry.path().filename());
        const int flags = ::fcntl(fd, F_GETFD);
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
        const bool may_be_the_servers = target.starts_with("socket:") || target.starts_with("anon_inode:");
        if (may_be_the_servers && fd > STDERR_FILENO) {
            EXPECT_TRUE(flags & FD_CLOEXEC) << fd << " " << target;
        }
    }
}

TEST_F(HttpServer, ServesTheEndpointsOfAnApp)
{
    const auto listener = listen_on_loopback();
    std::vector<std::thread> collectors;
    const Collect collect = [&](std::function<void(Snapshot)> done) {
        collectors.emplace_back([done = std::move(done)] { done({.app = "shop", .supervisor = Supervisor::up}); });
    };
    {
        const Server endpoints{listener.fd, metrics_endpoints(collect)};
        Client client{listener.port};
        const auto metrics = client.ask("/metrics");
        ASSERT_TRUE(metrics);
        EXPECT_THAT(metrics->head, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
        EXPECT_THAT(metrics->body, HasSubstr("pandora_supervisor_up{app=\"shop\"} 1\n"));
        const auto health = client.ask("/health");
        ASSERT_TRUE(health);
        EXPECT_THAT(health->head, StartsWith("HTTP/1.1 200 OK\r\n"));
        client.send("DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const auto refused = client.reply();
        ASSERT_TRUE(refused);
        EXPECT_THAT(refused->head, HasSubstr("Allow: GET, HEAD"));
    }
    for (auto& collector : collectors) collector.join();
}

TEST(HttpServerStart, FailsOnWhatIsNoListeningTcpSocketAndClosesIt)
{
    const auto nothing = [](const Request&, const Respond&) {};
    for (const int fd :
         {::open("/dev/null", O_RDONLY | O_CLOEXEC), ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
          ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}) {
        EXPECT_THROW((Server{fd, nothing}), std::system_error);
        EXPECT_EQ(::fcntl(fd, F_GETFD), -1) << "still open: " << fd;
    }
}

} // namespace
} // namespace pandora::metrics::http
