// The hub at its edge: real sockets, one process, one loop.
#include "tests/process/hub_fixture.hpp"

#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <thread>

namespace pandora::hub {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(HubTest, CarriesACallAndItsAnswer)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    ASSERT_TRUE(write(caller, frame(7, invoke("o"))));
    EXPECT_THAT(read_frame(callee), HasSubstr("PANDORA_HUB_ACTION_MSG_DOWN"));
    ASSERT_TRUE(write(callee, frame(3, R"({"action":"response_callback_3","data":{"success":true,"data":1}})")));
    EXPECT_EQ(read_frame(caller), R"({"action":"response_callback_7","data":{"success":true,"data":1}})");
    EXPECT_THAT(recorder.events, ElementsAre("+o web"));
    ASSERT_EQ(recorder.seen.size(), 2U);
    EXPECT_EQ(recorder.seen[0].pid, ::getpid());
    EXPECT_EQ(recorder.seen[0].uid, ::getuid());
    const Stats stats = hub->stats();
    EXPECT_EQ(stats.connections, 2U);
    EXPECT_EQ(stats.frames_received, 4U);
    EXPECT_EQ(stats.frames_sent, 4U);
    EXPECT_EQ(stats.queued_bytes, 0U);
    EXPECT_EQ(hub->routes().size(), 2U);
}

TEST_F(HubTest, ReadsNothingOfAConnectionUntilItIsIdentified)
{
    recorder.answer_at_once = false;
    const int client = connect();
    ASSERT_TRUE(write(client, frame(1, invoke("nobody"))));
    ASSERT_TRUE(until([&] { return !recorder.waiting.empty(); }));
    io.poll(); // whatever can be read
    EXPECT_EQ(hub->stats().frames_received, 0U);
    recorder.waiting[0]({"shop", "late", 0, {}});
    EXPECT_THAT(read_frame(client), HasSubstr("Cannot found any clients"));
    recorder.waiting[0]({"shop", "twice", 0, {}});
    EXPECT_EQ(hub->stats().connections, 1U);
}

TEST_F(HubTest, ClosesAConnectionWhenTooManyOthersWaitToBeIdentified)
{
    Options options;
    options.unidentified_max = 2;
    recorder.answer_at_once = false;
    make_hub(options);
    const int first = connect();
    connect();
    ASSERT_TRUE(until([&] { return recorder.waiting.size() == 2; }));
    const int third = connect();
    EXPECT_TRUE(closed_by_hub(third));
    EXPECT_EQ(disconnects("too_many_unidentified"), 1U);
    EXPECT_EQ(recorder.waiting.size(), 2U);

    recorder.waiting[0]({"shop", "web", 0, {}});
    const int fourth = connect();
    ASSERT_TRUE(until([&] { return recorder.waiting.size() == 3; })) << "who is identified makes room";
    recorder.waiting[2]({"shop", "web", 1, {}});
    for (const int client : {first, fourth}) {
        write(client, frame(1, invoke("nobody")));
        EXPECT_THAT(read_frame(client), HasSubstr("Cannot found any clients"));
    }
}

TEST_F(HubTest, AnIdentityThatComesAfterTheHubHasGoneDoesNothing)
{
    recorder.answer_at_once = false;
    connect();
    ASSERT_TRUE(until([&] { return !recorder.waiting.empty(); }));
    hub.reset();
    recorder.waiting[0]({});
    io.restart();
    io.poll();
}

TEST_F(HubTest, ADeadlineThatIsDueWhenTheHubGoesDoesNothing)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    write(caller, frame(7, invoke("o", R"(,"timeout":500)")));
    ASSERT_TRUE(until([&] { return hub->stats().calls_in_flight == 1; }));
    io.poll(); // the hub sets its timer at the end of its turn
    boost::asio::steady_timer before{io, 1ms};
    before.async_wait([&](const boost::system::error_code&) { hub.reset(); });
    std::this_thread::sleep_for(600ms); // both timers are due in one turn of the loop, this one first
    EXPECT_TRUE(until([&] { return hub == nullptr; }));
    io.poll();
}

TEST_F(HubTest, TellsTheCallerWhenItsCalleeDies)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    write(caller, frame(7, invoke("o")));
    read_frame(callee);
    ::shutdown(callee, SHUT_RDWR);
    EXPECT_THAT(read_frame(caller), HasSubstr("PandoraPeerGoneError"));
    ASSERT_TRUE(until([&] { return hub->stats().connections == 1; }));
    EXPECT_THAT(recorder.events, ElementsAre("+o web", "-o web"));
    EXPECT_EQ(disconnects("peer_closed"), 1U);
}

TEST_F(HubTest, EndsACallAtItsDeadline)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    const auto start = std::chrono::steady_clock::now();
    write(caller, frame(7, invoke("o", R"(,"timeout":50)")));
    EXPECT_THAT(read_frame(caller), HasSubstr("target no response in 50ms"));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 50ms);
    write(caller, frame(8, invoke("o", R"(,"timeout":10)")));
    EXPECT_THAT(read_frame(caller), HasSubstr("target no response in 10ms")) << "the timer must be set again";
}

TEST_F(HubTest, CarriesLargeBodiesThroughFullSocketBuffers)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    publish(caller, "caller");
    const std::string text = invoke("o", R"(,"data":")" + std::string(6'000'000, 'x') + "\"");
    ASSERT_TRUE(write(caller, frame(7, text)));
    ASSERT_TRUE(write(caller, frame(8, invoke("o"))));
    const std::string got = read_frame(callee);
    EXPECT_EQ(got.size(), text.size() + 2);
    EXPECT_EQ(got.substr(got.size() - 1000), text.substr(text.size() - 1000));
    EXPECT_EQ(read_frame(callee).size(), invoke("o").size() + 2);
}

TEST_F(HubTest, ABurstInOneWriteIsAnsweredInFull)
{
    const int client = connect();
    std::string burst;
    for (std::uint32_t id = 1; id <= 5000; ++id) burst += frame(id, invoke("nobody"));
    ASSERT_TRUE(write(client, burst));
    for (std::uint32_t id = 1; id <= 5000; ++id)
        ASSERT_THAT(read_frame(client), HasSubstr("response_callback_" + std::to_string(id) + "\""));
}

TEST_F(HubTest, CutsAClientThatAnnouncesTooMuchAfterAnsweringIt)
{
    const int client = connect();
    const auto header = wire::encode_header({0, 5, 0xFFFFFFFF});
    write(client, {reinterpret_cast<const char*>(header.data()), header.size()});
    EXPECT_THAT(read_frame(client), HasSubstr("PandoraTooLargeError"));
    EXPECT_TRUE(closed_by_hub(client));
    EXPECT_EQ(disconnects("frame_too_large"), 1U);
}

TEST_F(HubTest, CutsACallerThatNeverReadsAndServesTheOthers)
{
    Options options;
    options.frame_bytes_max = 1024 * 1024;
    make_hub(options);
    const int callee = connect(), lazy = connect(), other = connect();
    publish(callee, "o");
    const std::string answer(900'000, 'x');
    std::uint32_t packet = 2;
    for (std::uint32_t id = 1; id <= 40 && disconnects("slow_reader") == 0; ++id) {
        if (!write(lazy, frame(id, invoke("o")))) break;
        if (read_frame(callee).empty()) break;
        const std::string to = std::to_string(++packet);
        ASSERT_TRUE(
            write(callee, frame(id, R"({"action":"response_callback_)" + to + R"(","data":")" + answer + "\"}")));
        io.run_for(1ms);
    }
    EXPECT_EQ(disconnects("slow_reader"), 1U);
    ASSERT_TRUE(write(other, frame(1, invoke("o"))));
    EXPECT_THAT(read_frame(callee), HasSubstr("MSG_DOWN"));
}

TEST_F(HubTest, RefusesUsersThatAreNotListed)
{
    Options options;
    options.allowed_uids = {::getuid() + 1};
    make_hub(options);
    const int client = connect();
    EXPECT_TRUE(closed_by_hub(client));
    EXPECT_EQ(disconnects("uid_not_allowed"), 1U);
    EXPECT_TRUE(recorder.seen.empty());
    options.allowed_uids.push_back(::getuid());
    make_hub(options);
    connect();
    EXPECT_TRUE(until([&] { return hub->stats().connections == 1; }));
}

TEST_F(HubTest, AdoptsAConnectionThatIsReachedByItsObjectsName)
{
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    ::fcntl(pair[1], F_SETFL, O_NONBLOCK);
    clients.push_back(pair[1]);
    hub->adopt(pair[0], {"shop", "supervisor", 0, {}});
    EXPECT_TRUE(::fcntl(pair[0], F_GETFD) & FD_CLOEXEC);
    publish(pair[1], "pandora.supervisor");
    const int client = connect();
    write(client, frame(1, invoke("pandora.supervisor")));
    EXPECT_THAT(read_frame(pair[1]), HasSubstr("MSG_DOWN"));
    const auto routes = hub->routes();
    ASSERT_EQ(routes.size(), 2U);
    EXPECT_TRUE(routes[0].builtin);
    EXPECT_FALSE(routes[1].builtin);
    EXPECT_TRUE(recorder.seen.size() == 1) << "who an adopted connection is, is known";
}

TEST_F(HubTest, SurvivesRunningOutOfDescriptors)
{
    const int first = connect();
    ASSERT_TRUE(until([&] { return hub->stats().connections == 1; }));
    const int second = connect(); // its end of the pair exists; the hub's does not yet
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{3, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    io.run_for(250ms);
    EXPECT_EQ(hub->stats().connections, 1U);
    write(first, frame(1, invoke("nobody")));
    EXPECT_THAT(read_frame(first), HasSubstr("Cannot found")) << "who is there is served";
    ::setrlimit(RLIMIT_NOFILE, &before);
    write(second, frame(1, invoke("nobody")));
    EXPECT_THAT(read_frame(second), HasSubstr("Cannot found")) << "who waited is let in";
}

TEST_F(HubTest, StopsAfterEverybodyHasWhatWasQueuedForThem)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    publish(caller, "c");
    write(caller, frame(7, invoke("o", R"(,"data":")" + std::string(3'000'000, 'x') + "\"")));
    ASSERT_TRUE(until([&] { return hub->stats().calls_in_flight == 1; }));
    int stopped = 0;
    hub->stop([&] { ++stopped; });
    hub->stop([&] { ++stopped; });
    EXPECT_THAT(read_frame(caller), HasSubstr("PandoraShuttingDownError"));
    EXPECT_GT(read_frame(callee).size(), 3'000'000U);
    EXPECT_TRUE(closed_by_hub(callee));
    EXPECT_TRUE(until([&] { return stopped == 2; }));
    EXPECT_EQ(hub->stats().connections, 0U);
    EXPECT_EQ(hub->stats().queued_bytes, 0U);
}

TEST_F(HubTest, StopsWithinASecondThoughAClientDoesNotRead)
{
    const int callee = connect(), caller = connect();
    publish(callee, "o");
    publish(caller, "c");
    write(caller, frame(7, invoke("o", R"(,"data":")" + std::string(3'000'000, 'x') + "\"")));
    ASSERT_TRUE(until([&] { return hub->stats().calls_in_flight == 1; }));
    bool stopped = false;
    const auto start = std::chrono::steady_clock::now();
    hub->stop([&] { stopped = true; });
    EXPECT_TRUE(until([&] { return stopped; }));
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 900ms);
    EXPECT_LE(took, 15s);
}

TEST_F(HubTest, StopsAtOnceWhenNobodyIsThere)
{
    bool stopped = false;
    hub->stop([&] { stopped = true; });
    EXPECT_TRUE(until([&] { return stopped; }));
}

} // namespace
} // namespace pandora::hub
