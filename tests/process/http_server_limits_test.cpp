// The HTTP server on real loopback sockets: what hostile, slow and too many clients cannot do to it and to the others.
#include "tests/process/http_server_fixture.hpp"
#include "tests/support/descriptors.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace pandora::metrics::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using tests::support::open_descriptors;
using Clock = std::chrono::steady_clock;

// The client must read the refusal although the server never reads the rest of what it sent.
TEST_F(HttpServer, TellsAClientThatSendsTooMuchBeforeItCloses)
{
    start();
    const std::string begin = "POST /a HTTP/1.1\r\nHost: localhost\r\n";

    struct Row {
        std::string text;
        std::string status;
    };

    for (const auto& [text, status] : {
             Row{begin + "Content-Length: 300000\r\n\r\n" + std::string(300'000, 'x'), "413"},
             Row{begin + "Transfer-Encoding: chunked\r\n\r\n20000\r\n" + std::string(0x20000, 'x'), "413"},
             Row{begin + "X: " + std::string(300'000, 'x'), "431"},
             Row{"\x16\x03\x01 this is TLS\r\n\r\n", "400"},
         }) {
        Client client{port};
        client.send(text);
        const auto reply = client.reply();
        ASSERT_TRUE(reply) << status;
        EXPECT_THAT(reply->head, StartsWith("HTTP/1.1 " + status));
        EXPECT_THAT(reply->head, HasSubstr("Connection: close"));
        EXPECT_TRUE(client.is_closed_in_order());
    }
}

TEST_F(HttpServer, AnswersItselfWhenTheHandlerDoesNotInTime)
{
    start({.answer_max = 50ms});
    Client client{port};
    const auto late = client.ask("/later");
    ASSERT_TRUE(late);
    EXPECT_THAT(late->head, StartsWith("HTTP/1.1 503 "));

    desk.take()(plain_text(200, "too late"));
    const auto next = client.ask("/a");
    ASSERT_TRUE(next);
    EXPECT_EQ(next->body, "GET /a \n");
}

TEST_F(HttpServer, ServesOthersWhileOneDribblesAndThenCutsThatOneOff)
{
    start({.read_max = 300ms});
    Client slow{port};
    const auto begin = Clock::now();
    slow.send("GET /a HTTP/1.1\r\nHost: local");
    Client quick{port};
    EXPECT_TRUE(quick.ask("/a"));

    // A byte now and then does not buy more time: the deadline is for the whole request.
    while (slow.send("x") && Clock::now() - begin < 5s) std::this_thread::sleep_for(20ms);
    EXPECT_LT(Clock::now() - begin, 5s); // as long as it would go on, were it for each byte
    EXPECT_TRUE(slow.is_closed_by_server());
}

TEST_F(HttpServer, DropsAClientThatDoesNotRead)
{
    start({.write_max = 200ms});
    const auto open_before = open_descriptors();
    Client deaf{port, 4096};
    deaf.get("/large");
    Client other{port};
    EXPECT_TRUE(other.ask("/a"));
    const auto begin = Clock::now();
    const auto kept = open_before + 3; // `deaf`, and both ends of `other`: the server is in this process
    while (open_descriptors() > kept && Clock::now() - begin < 30s) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(deaf.reply(), std::nullopt);
}

TEST_F(HttpServer, GivesThePlaceOfTheSlowestToANewClientWhenFull)
{
    start({.connections_max = 3});
    std::vector<Client> idle;
    for (int i = 0; i < 3; ++i) {
        idle.emplace_back(port);
        ASSERT_TRUE(idle.back().ask("/a")); // accepted, and in this order
    }
    ASSERT_TRUE(idle[0].ask("/a")); // so that the second has now waited longest
    Client late{port};
    EXPECT_TRUE(late.ask("/a"));
    EXPECT_TRUE(idle[1].is_closed_by_server());
    EXPECT_TRUE(idle[0].ask("/a"));
    EXPECT_TRUE(idle[2].ask("/a"));
}

TEST_F(HttpServer, TurnsNewClientsAwayRatherThanDropOnesItOwesAnAnswer)
{
    start({.connections_max = 2});
    Client first{port}, second{port};
    first.get("/later");
    const auto to_first = desk.take();
    second.get("/later");
    const auto to_second = desk.take();
    Client third{port};
    EXPECT_TRUE(third.is_closed_by_server());

    to_first(plain_text(200, "one"));
    to_second(plain_text(200, "two"));
    EXPECT_TRUE(first.reply());
    EXPECT_TRUE(second.reply());
}

TEST_F(HttpServer, StopsAtOnceWhateverItsClientsAreDoing)
{
    start();
    Client idle{port}, half{port}, waiting{port}, deaf{port, 4096};
    half.send("GET /a HT");
    deaf.get("/large");
    waiting.get("/later");
    const auto respond = desk.take();

    const auto begin = Clock::now();
    server.reset();
    EXPECT_LT(Clock::now() - begin, 5s); // read_max, the shortest of the times it would wait for them, is 10 s
    for (auto* client : {&idle, &half, &waiting, &deaf}) EXPECT_TRUE(client->is_closed_by_server());
    respond(plain_text(200, "nobody listens"));
}

} // namespace
} // namespace pandora::metrics::http
