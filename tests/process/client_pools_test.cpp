// Large payloads in shared memory, between clients and a real hub.
#include "tests/process/client_fixture.hpp"

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace pandora::hub::client {
namespace {

constexpr std::size_t megabyte = 1 << 20;

struct Mapping {
    std::uintptr_t begin = 0, end = 0;
    std::string permissions;
};

/// The pools that this process has mapped.
std::vector<Mapping> pools()
{
    std::vector<Mapping> found;
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
        if (line.find("memfd:pandora-pool") == std::string::npos) continue;
        std::istringstream words{line};
        Mapping mapping;
        char dash = 0;
        words >> std::hex >> mapping.begin >> dash >> mapping.end >> mapping.permissions;
        found.push_back(mapping);
    }
    return found;
}

std::size_t pools_of_ones_own()
{
    return static_cast<std::size_t>(
        std::ranges::count(pools(), std::string{"rw-s"}, [](const Mapping& mapping) { return mapping.permissions; }));
}

/// In memory of another's, which cannot be written to from here.
bool is_lent(const Bytes& bytes)
{
    const auto at = reinterpret_cast<std::uintptr_t>(bytes.span().data());
    return std::ranges::any_of(pools(), [&](const Mapping& mapping) {
        return mapping.permissions == "r--s" && at >= mapping.begin && at + bytes.size() <= mapping.end;
    });
}

class ClientPools : public ClientTest {
protected:
    /// Whose `echo` answers what it is sent, and `kept` keeps the bytes of `keep`.
    Methods methods()
    {
        return {{"echo",
                 [this](const Call& call, const Reply& reply) {
                     lent = call.bytes && is_lent(*call.bytes);
                     call.bytes ? reply.bytes(*call.bytes) : reply.value(call.params);
                 }},
                {"keep", [this](const Call& call, const Reply& reply) {
                     kept.push_back(call.bytes.value());
                     reply.value(kept.size());
                 }}};
    }

    Outcome echoed(Client& caller, const Bytes& bytes)
    {
        return outcome(
            [&](Completion done) { caller.invoke("math", "echo", bytes, std::move(done), {.bytes = true}); });
    }

    Outcome keep(Client& caller, const Bytes& bytes)
    {
        return outcome([&](Completion done) { caller.invoke("math", "keep", bytes, std::move(done)); });
    }

    static Bytes bytes_of(const Outcome& outcome)
    {
        const auto* bytes = std::get_if<Bytes>(&outcome);
        if (!bytes) ADD_FAILURE() << "no bytes: " << error_of(outcome).name << ": " << error_of(outcome).message;
        return bytes ? *bytes : Bytes{};
    }

    Options without_pools(Dialect dialect = Dialect::native) const
    {
        Options made = options(dialect);
        made.pooled_from = std::nullopt;
        return made;
    }

    const std::string large = std::string(megabyte, 'x');
    bool lent = false;
    std::vector<Bytes> kept;
};

TEST_F(ClientPools, TakeLargeBytesThereAndBack)
{
    const auto callee = join_with(methods());
    const auto caller = join();
    const Bytes small = bytes_of(echoed(*caller, Bytes{std::string{"small"}}));
    EXPECT_FALSE(is_lent(small));
    EXPECT_EQ(pools().size(), 0U);
    const Bytes back = bytes_of(echoed(*caller, Bytes{large}));
    EXPECT_EQ(back.text(), large);
    EXPECT_TRUE(lent) << "the callee has read it in the caller's memory";
    EXPECT_TRUE(is_lent(back)) << "and the caller in the callee's";
}

TEST_F(ClientPools, TakeLargeJsonThereAndBack)
{
    const auto callee = join_with(methods());
    const auto caller = join();
    const Json params = Json::array({large, 5});
    EXPECT_EQ(value_of(call(*caller, "echo", params)), params);
    EXPECT_EQ(pools_of_ones_own(), 2U);
}

TEST_F(ClientPools, TakeMoreThanAFrameCould)
{
    const auto callee = join_with(methods());
    const auto caller = join();
    const std::string huge(100 * megabyte, 'y');
    EXPECT_EQ(bytes_of(echoed(*caller, Bytes{huge})).text(), huge);
}

TEST_F(ClientPools, GiveWayToALargerOneOnceAllThatIsInThemIsReleased)
{
    const auto callee = join_with(methods());
    const auto caller = join();
    const Bytes most{std::string(40 * megabyte, 'x')}; // of which no two stand in one
    const Bytes larger{std::string(70 * megabyte, 'y')};
    for (int i = 0; i < 4; ++i) value_of(keep(*caller, most));
    EXPECT_EQ(error_of(keep(*caller, larger)).name, "busy");
    EXPECT_EQ(value_of(keep(*caller, Bytes{large})), 5) << "there is room for this";
    kept.clear();
    reach_hub(*callee); // with all the releases
    reach_hub(*caller);
    EXPECT_EQ(value_of(keep(*caller, larger)), 1);
    EXPECT_TRUE(is_lent(kept.at(0)));
    EXPECT_TRUE(kept[0] == larger);
    EXPECT_EQ(pools_of_ones_own(), 4U);
}

TEST_F(ClientPools, UseAPlaceAgainOnceItsReceiverHasLetGo)
{
    const auto callee = join_with(methods());
    const auto caller = join();
    for (int i = 0; i < 300; ++i) { // several times what one pool holds
        std::string bytes = large;
        bytes.replace(0, 3, std::to_string(100 + i));
        ASSERT_EQ(bytes_of(echoed(*caller, Bytes{bytes})).text(), bytes);
    }
    EXPECT_EQ(pools_of_ones_own(), 2U);
}

TEST_F(ClientPools, LeaveAloneWhatAReceiverKeepsAndTakeItBackFromAnyThread)
{
    const auto callee = join_with(methods());
    const auto caller = join();
    const auto fill = [&] {
        for (int i = 0; i < 100; ++i) value_of(keep(*caller, Bytes{std::string(megabyte, static_cast<char>(i))}));
    };
    fill();
    EXPECT_EQ(pools_of_ones_own(), 2U) << "one did not hold it all";
    for (std::size_t i = 0; i < kept.size(); ++i) {
        EXPECT_TRUE(is_lent(kept[i]));
        EXPECT_EQ(kept[i].text().find_first_not_of(static_cast<char>(i)), std::string_view::npos);
    }
    std::atomic<bool> all_let_go = false;
    std::thread letting_go{[&] {
        kept.clear();
        all_let_go = true;
    }};
    EXPECT_TRUE(until([&] { return all_let_go.load(); })) << "while the loop gives back what comes";
    letting_go.join();
    reach_hub(*callee); // with all the releases
    reach_hub(*caller);
    fill();
    EXPECT_EQ(pools_of_ones_own(), 2U);
}

TEST_F(ClientPools, FindNobodyWhoCannotReadThem)
{
    const auto callee = join_with(methods(), without_pools());
    const auto caller = join();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(bytes_of(echoed(*caller, Bytes{large})).text(), large);
    EXPECT_FALSE(lent);
    const auto legacy = join(without_pools(Dialect::legacy), [&](Client& client) { client.publish("old", methods()); });
    const Json params = Json::array({large});
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(value_of(outcome([&](Completion done) { caller->invoke("old", "echo", params, std::move(done)); })),
                  params);
}

TEST_F(ClientPools, AreDoneWithoutWhereTheHubHasNoDescriptorsForThem)
{
    hub.emplace(folder + "/hub.sock", rlim_t{56}); // (56 - 32) / 4 of them are for what clients send, a user has half
    const auto callee = join_with(methods());
    std::vector<std::unique_ptr<Client>> callers;
    for (std::size_t calls = 0; calls < 10; calls += 2) {
        callers.push_back(join());
        for (const std::size_t call : {1U, 2U}) EXPECT_EQ(value_of(keep(*callers.back(), Bytes{large})), calls + call);
    }
    EXPECT_EQ(pools_of_ones_own(), 3U) << "of five";
}

TEST_F(ClientPools, AnswerInFramesWhoeverHasNone)
{
    const auto callee = join_with(methods());
    const auto caller = join(without_pools());
    EXPECT_EQ(bytes_of(echoed(*caller, Bytes{large})).text(), large);
    EXPECT_EQ(pools().size(), 0U);
}

TEST_F(ClientPools, TakeThePartsOfAStream)
{
    const auto callee = join_with({{"count", [&](const Call&, const Reply& reply) {
                                        EXPECT_TRUE(reply.part(Bytes{large}));
                                        reply.bytes(Bytes{large});
                                    }}});
    const auto caller = join();
    std::vector<Bytes> parts;
    const auto part = [&](Outcome one) { parts.push_back(bytes_of(one)); };
    const Outcome last = outcome([&](Completion done) {
        caller->invoke_stream("math", "count", Json::array(), part, std::move(done), {.bytes = true});
    });
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_TRUE(is_lent(parts[0]));
    EXPECT_TRUE(is_lent(bytes_of(last)));
}

TEST_F(ClientPools, OutliveTheHub)
{
    const auto callee = join_with(methods());
    const auto caller = join();
    const Bytes before = bytes_of(echoed(*caller, Bytes{large}));
    hub->kill();
    int online = 0;
    for (const auto& client : {callee.get(), caller.get()}) client->on_online([&] { ++online; });
    hub.emplace(folder + "/hub.sock");
    ASSERT_TRUE(until([&] { return online == 2; }));
    EXPECT_EQ(before.text(), large);
    EXPECT_TRUE(is_lent(bytes_of(echoed(*caller, Bytes{large}))));
}

TEST_F(ClientPools, GoPastTheHubOnADirectChannel)
{
    Options with_channels = options();
    with_channels.channels = true;
    const auto callee = join_with(methods(), with_channels);
    const auto caller = join(with_channels);
    bool opened = false;
    const Channel channel = caller->open_channel("math", [&](std::optional<CallError> error) { opened = !error; });
    ASSERT_TRUE(until([&] { return opened; }));
    hub->suspend();
    for (int i = 0; i < 100; ++i) {
        const Outcome back =
            outcome([&](Completion done) { channel.invoke("echo", Bytes{large}, std::move(done), {.bytes = true}); });
        ASSERT_EQ(bytes_of(back).text(), large);
        ASSERT_TRUE(is_lent(bytes_of(back)));
    }
    EXPECT_EQ(pools_of_ones_own(), 2U);
    hub->resume();
}

} // namespace
} // namespace pandora::hub::client
