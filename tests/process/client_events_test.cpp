// Events through a real hub, and what becomes of those that a subscriber does not take in time.
#include "tests/process/client_fixture.hpp"

#include <string>
#include <vector>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::ElementsAreArray;

class ClientEvents : public ClientTest, public testing::WithParamInterface<std::tuple<Dialect, Dialect>> {
protected:
    std::unique_ptr<Client> join_provider() { return join_with({}, options(std::get<0>(GetParam()))); }

    std::unique_ptr<Client> join_subscriber() { return join(std::get<1>(GetParam())); }

    /// Emits `marker` until `heard` has it: then the subscription is there, and all that was emitted before is told.
    bool tell(Client& provider, const std::string& marker, const std::vector<std::string>& heard)
    {
        return until([&] {
            provider.emit("math", marker, Json::array());
            return !heard.empty() && heard.back().starts_with(marker);
        });
    }
};

TEST_P(ClientEvents, ReachWhoHasSubscribedToThem)
{
    const auto provider = join_provider();
    const auto subscriber = join_subscriber();
    std::vector<std::string> heard;
    const auto hear = [&](const std::string& event, const Json& params) { heard.push_back(event + params.dump()); };
    subscriber->subscribe("math", "ready", hear);
    subscriber->subscribe("math", "news", hear);
    ASSERT_TRUE(tell(*provider, "ready", heard));
    subscriber->unsubscribe("math", "ready");
    ASSERT_TRUE(tell(*provider, "news", heard));
    heard.clear();
    reach_hub(*subscriber);
    provider->emit("math", "ready", Json::array());
    provider->emit("math", "other", Json::array());
    provider->emit("math", "news", Json::array({1, "two"}));
    provider->emit("math", "news", 3);
    ASSERT_TRUE(until([&] { return !heard.empty() && heard.back() == "news[3]"; }));
    std::erase(heard, "news[]"); // of the markers
    EXPECT_THAT(heard, ElementsAre(R"(news[1,"two"])", "news[3]"));
}

INSTANTIATE_TEST_SUITE_P(Dialects, ClientEvents,
                         testing::Combine(testing::Values(Dialect::native, Dialect::legacy),
                                          testing::Values(Dialect::native, Dialect::legacy)),
                         [](const auto& both) {
                             return testing::PrintToString(std::get<0>(both.param)) + "_to_" +
                                    testing::PrintToString(std::get<1>(both.param));
                         });

/// A provider, and a subscriber on a loop of its own: what it is told waits as long as that loop does not run.
class SlowSubscriber : public ClientTest {
protected:
    SlowSubscriber()
    {
        Options few = options();
        few.window = Window{.messages = taken, .kib = 64};
        subscriber.emplace(own_io, few);
        subscriber->on_lost([this](const std::string&) { lost_connection = true; });
    }

    /// Online, and nothing has been emitted yet.
    void subscribe(Overflow overflow)
    {
        bool online = false;
        subscriber->on_online([&] { online = true; });
        SubscribeOptions how{.overflow = overflow, .queue = queued};
        how.on_overflow = [this](std::uint64_t lost) { heard.push_back("lost " + std::to_string(lost)); };
        subscriber->subscribe(
            "math", "n*",
            [this](const std::string& event, const Json& params) { heard.push_back(event + params.dump()); }, how);
        subscriber->start();
        run_subscriber_until([&] { return online; });
        bool reached = false; // and so has the subscription, which was sent before
        subscriber->invoke("pandora.hub", "ping", Json::array(), [&](const Outcome&) { reached = true; });
        run_subscriber_until([&] { return reached; });
    }

    /// They have reached the hub when it returns.
    void emit(int first, int last, const std::string& name = "n")
    {
        for (int number = first; number <= last; ++number) provider->emit("math", name, Json::array({number}));
        reach_hub(*provider);
    }

    template <class Condition>
    void run_subscriber_until(Condition holds)
    {
        const auto end = std::chrono::steady_clock::now() + 30s;
        while (!holds() && std::chrono::steady_clock::now() < end) own_io.run_one_for(20ms);
        ASSERT_TRUE(holds());
    }

    static constexpr std::uint16_t taken = 4, queued = 5;

    boost::asio::io_context own_io{1};
    std::unique_ptr<Client> provider = join_with({});
    std::optional<Client> subscriber;
    std::vector<std::string> heard;
    bool lost_connection = false;
};

TEST_F(SlowSubscriber, MissesTheNewOnes)
{
    subscribe(Overflow::drop_new);
    emit(1, 20);
    run_subscriber_until([&] { return heard.size() == taken + queued; });
    emit(21, 21);
    run_subscriber_until([&] { return heard.back() == "n[21]"; });
    EXPECT_THAT(
        heard, ElementsAre("n[1]", "n[2]", "n[3]", "n[4]", "n[5]", "n[6]", "n[7]", "n[8]", "n[9]", "lost 11", "n[21]"));
}

TEST_F(SlowSubscriber, MissesTheOldestOnes)
{
    subscribe(Overflow::drop_old);
    emit(1, 20);
    run_subscriber_until([&] { return !heard.empty() && heard.back() == "n[20]"; });
    EXPECT_THAT(heard,
                ElementsAre("n[1]", "n[2]", "n[3]", "n[4]", "lost 11", "n[16]", "n[17]", "n[18]", "n[19]", "n[20]"));
}

TEST_F(SlowSubscriber, HearsTheLastOfEachName)
{
    subscribe(Overflow::last_value);
    emit(1, 10, "n1");
    emit(1, 7, "n2");
    run_subscriber_until([&] { return !heard.empty() && heard.back() == "n2[7]"; });
    std::erase_if(heard, [](const std::string& what) { return what.starts_with("lost"); });
    EXPECT_THAT(heard, ElementsAre("n1[1]", "n1[2]", "n1[3]", "n1[4]", "n1[10]", "n2[7]"));
}

TEST_F(SlowSubscriber, IsDisconnectedWhereItWantsThat)
{
    subscribe(Overflow::disconnect);
    emit(1, 9);
    emit(10, 10);
    run_subscriber_until([&] { return lost_connection; });
}

TEST_F(SlowSubscriber, MissesNothingOnceItKeepsUp)
{
    subscribe(Overflow::drop_new);
    std::vector<std::string> all;
    for (int first = 1; first < 100; first += taken) {
        emit(first, first + taken - 1);
        for (int number = first; number < first + taken; ++number) all.push_back("n[" + std::to_string(number) + "]");
        run_subscriber_until([&] { return heard.size() == all.size(); });
    }
    EXPECT_THAT(heard, ElementsAreArray(all));
}

TEST_F(SlowSubscriber, IsToldTheRetainedEventFirst)
{
    provider->emit("math", "n1", Json::array({"old"}), true);
    provider->emit("math", "n1", Json::array({"last"}), true);
    provider->emit("math", "n2", Json::array({"cleared"}), true);
    provider->clear_retained("math", "n2");
    reach_hub(*provider);
    subscribe(Overflow::drop_new);
    emit(1, 1);
    run_subscriber_until([&] { return !heard.empty() && heard.back() == "n[1]"; });
    EXPECT_THAT(heard, ElementsAre(R"(n1["last"])", "n[1]"));
}

} // namespace
} // namespace pandora::hub::client
