// What clients make of a hub that is killed and started again, and of one that is not there yet.
#include "tests/process/client_fixture.hpp"

#include <vector>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ClientReconnects : public ClientTest, public testing::WithParamInterface<Dialect> {
protected:
    void start_hub() { hub.emplace(folder + "/hub.sock"); }

    void kill_hub() { hub->kill(); }

    Options options() const { return ClientTest::options(GetParam()); }

    static Methods answering(Json value)
    {
        return {{"get", [value = std::move(value)](const Call&, const Reply& reply) { reply.value(value); }}};
    }
};

TEST_P(ClientReconnects, PublishingAgain)
{
    const auto callee = join_with(answering(4), options());
    const auto caller = join(options());
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(value_of(call(*caller, "get")), 4);
        std::vector<std::string> told;
        caller->on_lost([&](const std::string& reason) { told.push_back("lost: " + reason); });
        caller->on_online([&] { told.emplace_back("online"); });
        kill_hub();
        ASSERT_TRUE(until([&] { return !told.empty(); }));
        start_hub();
        ASSERT_TRUE(until([&] { return told.back() == "online"; }));
        EXPECT_EQ(told.front(), "lost: the hub closed the connection");
        ASSERT_FALSE(error_of(outcome([&](Completion done) {
                         caller->wait_for("math", 30s, [done](const std::optional<CallError>& error) {
                             done(error ? Outcome{*error} : Outcome::absent());
                         });
                     })).name != "no error");
        caller->on_lost(nullptr);
        caller->on_online(nullptr);
    }
}

TEST_P(ClientReconnects, SubscribingAgain)
{
    std::vector<Json> heard;
    const auto provider = join_with({}, options());
    const auto subscriber = join(options());
    subscriber->subscribe("math", "news", [&](const Json& params) { heard.push_back(params); });
    const auto told = [&](int number) {
        // Until the subscription is there again nobody hears it.
        return until([&] {
            provider->emit("math", "news", Json::array({number}));
            return !heard.empty() && heard.back() == Json::array({number});
        });
    };
    ASSERT_TRUE(told(1));
    kill_hub();
    start_hub();
    EXPECT_TRUE(told(2));
}

TEST_P(ClientReconnects, EndingTheCallsInFlight)
{
    std::vector<Reply> kept;
    const auto callee = join_with({{"wait", [&](const Call&, const Reply& reply) { kept.push_back(reply); }},
                                   {"get", [](const Call&, const Reply& reply) { reply.value(4); }}},
                                  options());
    const auto caller = join(options());
    const Outcome end = outcome([&](Completion done) {
        caller->invoke("math", "wait", Json::array(), std::move(done), 60s);
        ASSERT_TRUE(until([&] { return kept.size() == 1; }));
        kill_hub();
    });
    EXPECT_EQ(error_of(end).name, "PandoraConnectionLostError");
    bool online = false;
    callee->on_online([&] { online = true; });
    start_hub();
    ASSERT_TRUE(until([&] { return online; }));
    kept[0].value("of an earlier connection");
    EXPECT_EQ(value_of(call(*caller, "get", Json::array(), {.wait = true})), 4);
    EXPECT_TRUE(kept[0].answered());
}

TEST_P(ClientReconnects, MakingTheCallsThatWereAskedForMeanwhile)
{
    const auto callee = join_with(answering("here"), options());
    const auto caller = join(options());
    bool lost = false, back = false;
    callee->on_lost([&](const std::string&) { lost = true; });
    callee->on_online([&] { back = true; });
    std::vector<Json> values;
    caller->on_lost([&](const std::string&) {
        for (int i = 0; i < 3; ++i)
            caller->invoke("math", "get", Json::array(), [&](const Outcome& end) { values.push_back(value_of(end)); },
                           {.timeout = 60s, .wait = true});
    });
    kill_hub();
    ASSERT_TRUE(until([&] { return lost; }));
    EXPECT_THAT(values, testing::IsEmpty());
    start_hub();
    ASSERT_TRUE(until([&] { return back && values.size() == 3; }));
    EXPECT_THAT(values, ElementsAre("here", "here", "here"));
}

TEST_P(ClientReconnects, OrGivingUpTheCallWhoseTimeIsOver)
{
    kill_hub();
    Client caller{io, options()};
    int complaints = 0;
    caller.on_lost([&](const std::string&) { ++complaints; });
    caller.start();
    EXPECT_EQ(error_of(call(caller, "get", Json::array(), {.timeout = 50ms})).name, "MessengerRequestTimeoutError");
    EXPECT_EQ(complaints, 1) << "of the first attempt in a row only";
}

TEST_P(ClientReconnects, UnlessTheyAreStopped)
{
    const auto callee = join_with(answering(4), options());
    const auto caller = join(options());
    bool stopped = false;
    caller->stop([&] { stopped = true; });
    ASSERT_TRUE(until([&] { return stopped; }));
    EXPECT_EQ(error_of(call(*caller, "get")).name, "PandoraConnectionLostError");
}

TEST_P(ClientReconnects, WithoutAWordWhereTheyWereDestroyedMeanwhile)
{
    auto caller = join(options());
    kill_hub();
    const auto held = std::make_shared<int>(0);
    caller->on_lost([held](const std::string&) {});
    caller->invoke(
        "math", "get", Json::array(), [held](const Outcome&) { ++*held; }, 60s);
    caller->subscribe("math", "news", [held](const Json&) { ++*held; });
    caller.reset();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 0);
}

INSTANTIATE_TEST_SUITE_P(Dialects, ClientReconnects, testing::Values(Dialect::native, Dialect::legacy),
                         testing::PrintToStringParamName{});

} // namespace
} // namespace pandora::hub::client
