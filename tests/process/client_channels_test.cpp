// Direct channels: a hub that has been stopped shows what goes past it.
#include "tests/process/client_fixture.hpp"

#include <vector>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ClientChannels : public ClientTest {
protected:
    Options with_channels() const
    {
        Options made = options();
        made.channels = true;
        return made;
    }

    std::unique_ptr<Client> join_callee(const std::string& object, Methods methods)
    {
        return join(with_channels(), [&](Client& client) { client.publish(object, std::move(methods)); });
    }

    /// One whose methods are `get`, which gives `value`, and `wait`, whose answers are left to the test.
    std::unique_ptr<Client> join_callee(const std::string& object, Json value)
    {
        return join_callee(
            object, {{"get", [value = std::move(value)](const Call&, const Reply& reply) { reply.value(value); }},
                     {"wait", [this](const Call& call, const Reply& reply) {
                          kept.push_back(reply);
                          call.on_cancel([this] { ++canceled; });
                      }}});
    }

    Channel open(Client& caller, const std::string& object)
    {
        std::optional<std::optional<CallError>> opened;
        Channel channel = caller.open_channel(object, [&](std::optional<CallError> error) { opened = error; });
        EXPECT_TRUE(until([&] { return opened.has_value(); }));
        refusal = opened.value_or(std::nullopt);
        return channel;
    }

    Outcome get(const Channel& channel)
    {
        return outcome([&](Completion done) { channel.invoke("get", Json::array(), std::move(done)); });
    }

    std::optional<CallError> refusal;
    std::vector<Reply> kept;
    int canceled = 0;
};

TEST_F(ClientChannels, GoPastTheHub)
{
    const auto callee = join_callee("math", 4);
    const auto caller = join(with_channels());
    const Channel channel = open(*caller, "math");
    EXPECT_FALSE(refusal);
    ASSERT_TRUE(channel.is_direct());
    hub->suspend();
    for (int i = 0; i < 100; ++i) ASSERT_EQ(value_of(get(channel)), 4);
    hub->resume();
    EXPECT_EQ(value_of(call(*caller, "get")), 4) << "through the hub, beside it";
}

TEST_F(ClientChannels, AreSeveralAtATime)
{
    std::vector<std::unique_ptr<Client>> callees;
    std::vector<Channel> channels;
    const auto caller = join(with_channels());
    for (const std::string object : {"one", "two", "three"}) {
        callees.push_back(join_callee(object, object));
        channels.push_back(open(*caller, object));
        ASSERT_TRUE(channels.back().is_direct());
    }
    hub->suspend();
    std::vector<Json> values;
    for (const Channel& channel : channels)
        channel.invoke("get", Json::array(), [&](const Outcome& end) { values.push_back(value_of(end)); });
    ASSERT_TRUE(until([&] { return values.size() == 3; }));
    EXPECT_THAT(values, testing::UnorderedElementsAre("one", "two", "three"));
    hub->resume();
    channels[1].close();
    EXPECT_FALSE(channels[1].is_direct());
    EXPECT_TRUE(channels[0].is_direct());
    EXPECT_EQ(value_of(get(channels[1])), "two") << "through the hub";
}

TEST_F(ClientChannels, FallBackToTheHubWhenTheyEnd)
{
    auto first = join_callee("math", "first");
    const auto caller = join(with_channels());
    const Channel channel = open(*caller, "math");
    ASSERT_EQ(value_of(get(channel)), "first");
    const auto second = join_callee("math", "second");
    ASSERT_EQ(value_of(get(channel)), "first") << "as long as it is open";
    const Outcome end = outcome([&](Completion done) {
        channel.invoke("wait", Json::array(), std::move(done));
        ASSERT_TRUE(until([&] { return kept.size() == 1; }));
        first.reset();
    });
    EXPECT_EQ(error_of(end).name, "PandoraPeerGoneError");
    EXPECT_FALSE(channel.is_direct());
    EXPECT_EQ(value_of(get(channel)), "second");
}

TEST_F(ClientChannels, EndWithTheHubThatOpenedThem)
{
    const auto callee = join_callee("math", 4);
    const auto caller = join(with_channels());
    const Channel channel = open(*caller, "math");
    hub->kill();
    ASSERT_TRUE(until([&] { return !channel.is_direct(); }));
    hub.emplace(folder + "/hub.sock");
    const auto value = outcome([&](Completion done) {
        channel.invoke("get", Json::array(), std::move(done), {.timeout = 30s, .wait = true});
    });
    EXPECT_EQ(value_of(value), 4);
    EXPECT_FALSE(channel.is_direct());
}

TEST_F(ClientChannels, ThatAreDroppedEndTheirCallsAndThoseOfOthersGoOn)
{
    const auto callee = join_callee("math", 4);
    const auto caller = join(with_channels());
    const Channel other = open(*caller, "math");
    std::optional<Channel> dropped = open(*caller, "math");
    const Outcome end = outcome([&](Completion done) {
        dropped->invoke("wait", Json::array(), std::move(done));
        ASSERT_TRUE(until([&] { return kept.size() == 1; }));
        dropped.reset();
    });
    EXPECT_EQ(error_of(end).name, "PandoraPeerGoneError");
    EXPECT_TRUE(until([&] { return canceled == 1; })) << "the callee is told";
    kept[0].value("too late");
    EXPECT_EQ(value_of(get(other)), 4);
}

TEST_F(ClientChannels, OfAClientThatIsDestroyedEndWithoutAWord)
{
    const auto callee = join_callee("math", 4);
    auto caller = join(with_channels());
    const Channel channel = open(*caller, "math");
    const auto held = std::make_shared<bool>(false);
    for (int i = 0; i < 5; ++i) channel.invoke("wait", Json::array(), [held](const Outcome&) { *held = true; });
    ASSERT_TRUE(until([&] { return kept.size() == 5; }));
    caller.reset();
    EXPECT_TRUE(until([&] { return canceled == 5; }));
    EXPECT_EQ(held.use_count(), 1);
    channel.invoke("get", Json::array(), [held](const Outcome&) { *held = true; });
    EXPECT_EQ(held.use_count(), 1) << "it calls nobody any more";
    EXPECT_FALSE(*held);
}

TEST_F(ClientChannels, CarryStreamsAndBytes)
{
    const auto callee = join_callee("math", {{"count", [](const Call&, const Reply& reply) {
                                                  for (int i = 0; i < 3; ++i) reply.part(Json(i));
                                                  reply.bytes(Bytes{std::string{"\xff\x00", 2}});
                                              }}});
    const auto caller = join(with_channels());
    const Channel channel = open(*caller, "math");
    hub->suspend();
    std::vector<Json> parts;
    const Outcome end = outcome([&](Completion done) {
        channel.invoke_stream("count", Json::array(), [&](const Outcome& part) { parts.push_back(value_of(part)); },
                              std::move(done), {.bytes = true});
    });
    hub->resume();
    EXPECT_THAT(parts, ElementsAre(0, 1, 2));
    EXPECT_EQ(std::get<Bytes>(end).text(), (std::string{"\xff\x00", 2}));
}

TEST_F(ClientChannels, AreNotGivenToThoseWhoDoNotTakeThem)
{
    const auto callee = join_with({{"get", [](const Call&, const Reply& reply) { reply.value(4); }}});
    const auto caller = join(with_channels()), legacy = join(Dialect::legacy);
    for (Client* const asker : {caller.get(), legacy.get()}) {
        const Channel channel = open(*asker, "math");
        EXPECT_EQ(refusal.value_or(CallError{}).name, "PandoraUnsupportedError");
        EXPECT_FALSE(channel.is_direct());
        EXPECT_EQ(value_of(get(channel)), 4) << "through the hub";
    }
}

} // namespace
} // namespace pandora::hub::client
