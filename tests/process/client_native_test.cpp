// What only native clients can: bytes, streams, cancellation, deadlines that are handed on.
#include "hub/client/cpp/unix_socket.hpp"
#include "hub/wire/frame.hpp"
#include "hub/wire/native.hpp"
#include "tests/process/client_fixture.hpp"
#include "tests/support/descriptors.hpp"

#include <array>
#include <span>
#include <sys/socket.h>
#include <vector>

namespace pandora::hub::client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const std::string binary{"\x00\xff\n\x80", 4};

class NativeClients : public ClientTest {
protected:
    std::unique_ptr<Client> caller() { return join(Dialect::native); }
};

TEST_F(NativeClients, CallWithBytesAndGetThemBack)
{
    const auto callee =
        join_with({{"echo", [](const Call& call, const Reply& reply) { reply.bytes(call.bytes.value()); }}});
    const auto caller = this->caller();
    for (const std::string& bytes : {std::string{}, binary, std::string(1'000'000, 'x')}) {
        const Outcome echoed = outcome(
            [&](Completion done) { caller->invoke("math", "echo", Bytes{bytes}, std::move(done), {.bytes = true}); });
        ASSERT_TRUE(std::holds_alternative<Bytes>(echoed)) << error_of(echoed).message;
        EXPECT_EQ(std::get<Bytes>(echoed).text(), bytes);
    }
    const Outcome unasked =
        outcome([&](Completion done) { caller->invoke("math", "echo", Bytes{binary}, std::move(done)); });
    EXPECT_EQ(error_of(unasked).name, "PandoraUnsupportedError");
}

TEST_F(NativeClients, SendBytes)
{
    std::optional<Bytes> heard;
    const auto callee = join_with({{"hear", [&](const Call& call, const Reply&) { heard = call.bytes; }}});
    const auto caller = this->caller();
    caller->send("math", "hear", Bytes{binary});
    ASSERT_TRUE(until([&] { return heard.has_value(); }));
    EXPECT_EQ(heard->text(), binary);
}

TEST_F(NativeClients, CannotExchangeBytesWithLegacyOnes)
{
    const auto callee = join_with({{"bytes", [](const Call&, const Reply& reply) { reply.bytes(Bytes{binary}); }}},
                                  options(Dialect::legacy));
    const auto caller = this->caller();
    const auto sent =
        outcome([&](Completion done) { caller->invoke("math", "bytes", Bytes{binary}, std::move(done)); });
    EXPECT_EQ(error_of(sent).name, "PandoraUnsupportedError");
    EXPECT_EQ(error_of(call(*caller, "bytes", Json::array(), {.bytes = true})).name, "PandoraUnsupportedError");
}

TEST_F(NativeClients, CancelTheirCalls)
{
    std::vector<Reply> kept;
    int canceled = 0;
    const auto callee = join_with({{"wait", [&](const Call& call, const Reply& reply) {
                                        kept.push_back(reply);
                                        call.on_cancel([&] { ++canceled; });
                                    }}});
    const auto caller = this->caller();
    const Outcome end = outcome([&](Completion done) {
        const CallHandle handle = caller->invoke("math", "wait", Json::array(), std::move(done), 60s);
        ASSERT_TRUE(until([&] { return kept.size() == 1; }));
        handle.cancel();
        handle.cancel();
    });
    EXPECT_EQ(error_of(end).name, "PandoraCanceledError");
    EXPECT_TRUE(until([&] { return canceled == 1; }));
    kept[0].value(4); // nobody waits for it
    EXPECT_EQ(error_of(call(*caller, "missing")).name, "Error") << "and nobody minds";
}

TEST_F(NativeClients, TellTheCalleeThatTheyAreGone)
{
    std::vector<Reply> kept;
    int canceled = 0;
    const auto callee = join_with({{"wait", [&](const Call& call, const Reply& reply) {
                                        kept.push_back(reply);
                                        call.on_cancel([&] { ++canceled; });
                                    }}});
    auto caller = this->caller();
    caller->invoke(
        "math", "wait", Json::array(), [](const Outcome&) { FAIL(); }, 60s);
    ASSERT_TRUE(until([&] { return kept.size() == 1; }));
    caller.reset();
    EXPECT_TRUE(until([&] { return canceled == 1; }));
}

TEST_F(NativeClients, HandTheirDeadlineOn)
{
    std::vector<std::optional<TimePoint>> deadlines;
    std::vector<Reply> kept;
    const auto last = join(options(), [&](Client& client) {
        client.publish("last", {{"wait", [&](const Call& call, const Reply& reply) {
                                     deadlines.push_back(call.deadline);
                                     kept.push_back(reply);
                                 }}});
    });
    std::optional<CallError> of_the_middle;
    std::unique_ptr<Client> middle = join(options(), [&](Client& client) {
        client.publish("math", {{"pass", [&](const Call& call, const Reply& reply) {
                                     deadlines.push_back(call.deadline);
                                     client.invoke(
                                         "last", "wait", Json::array(),
                                         [&of_the_middle, reply](const Outcome& end) { of_the_middle = error_of(end); },
                                         CallOptions::inherit(call));
                                 }}});
    });
    const auto caller = this->caller();
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of(call(*caller, "pass", Json::array(), {.timeout = 500ms})).name, "MessengerRequestTimeoutError");
    const auto after = std::chrono::steady_clock::now();
    ASSERT_EQ(deadlines.size(), 2U);
    EXPECT_EQ(deadlines[0], deadlines[1]) << "absolute, not one period more";
    EXPECT_GE(deadlines[0].value(), before + 500ms);
    EXPECT_LE(deadlines[0].value(), after);
    ASSERT_TRUE(until([&] { return of_the_middle.has_value(); }));
    EXPECT_EQ(of_the_middle->name, "MessengerRequestTimeoutError");
}

/// Sends the numbers from 1 to `last`, as fast as they are wanted, then "end".
struct Counter : std::enable_shared_from_this<Counter> {
    Counter(Reply where, int end) : reply{std::move(where)}, last{end} {}

    void go_on()
    {
        while (sent < last && reply.part(Json(sent + 1))) ++sent;
        if (sent == last) return reply.value("end");
        reply.on_part_wanted([self = shared_from_this()] { self->go_on(); });
    }

    Reply reply;
    int last;
    int sent = 0;
};

TEST_F(NativeClients, AreSentNoMorePartsThanTheyTake)
{
    std::shared_ptr<Counter> counter;
    const auto callee = join_with({{"count", [&](const Call& call, const Reply& reply) {
                                        ASSERT_TRUE(call.takes_parts);
                                        counter = std::make_shared<Counter>(reply, 50);
                                        counter->go_on();
                                    }}});
    const auto caller = this->caller();
    std::vector<int> parts;
    int most = 0;
    const Outcome end = outcome([&](Completion done) {
        caller->invoke_stream(
            "math", "count", Json::array(),
            [&](const Outcome& part) {
                most = std::max(most, counter->sent - static_cast<int>(parts.size()));
                parts.push_back(value_of(part).get<int>());
            },
            std::move(done), {}, 4);
    });
    EXPECT_EQ(value_of(end), "end");
    ASSERT_EQ(parts.size(), 50U);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(parts[static_cast<std::size_t>(i)], i + 1);
    EXPECT_LE(most, 4) << "under way at once";
    EXPECT_EQ(most, 4) << "and no fewer";
}

TEST_F(NativeClients, EndAStreamThatTheyDoNotWantAnyMore)
{
    std::shared_ptr<Counter> counter;
    bool canceled = false;
    const auto callee = join_with({{"count", [&](const Call& call, const Reply& reply) {
                                        counter = std::make_shared<Counter>(reply, 1'000'000);
                                        call.on_cancel([&] { canceled = true; });
                                        counter->go_on();
                                    }}});
    const auto caller = this->caller();
    CallHandle handle;
    int parts = 0;
    const Outcome end = outcome([&](Completion done) {
        handle = caller->invoke_stream(
            "math", "count", Json::array(),
            [&](const Outcome&) {
                if (++parts == 10) handle.cancel();
            },
            std::move(done), {.timeout = 60s}, 4);
    });
    EXPECT_EQ(error_of(end).name, "PandoraCanceledError");
    EXPECT_TRUE(until([&] { return canceled; }));
    EXPECT_FALSE(counter->reply.part(Json(0)));
}

/// A client that writes its frames by hand, since the library sends no descriptors of users.
class ByHand {
public:
    explicit ByHand(const std::string& path) : fd_{connect_unix(path).value()} {}

    ~ByHand() { ::close(fd_); }

    ByHand(const ByHand&) = delete;
    ByHand& operator=(const ByHand&) = delete;

    void send(std::uint8_t flags, const std::string& body, std::optional<int> descriptor = std::nullopt) const
    {
        const auto header = wire::encode_header({flags, 1, static_cast<std::uint32_t>(body.size())});
        std::string frame{reinterpret_cast<const char*>(header.data()), header.size()};
        frame += body;
        const std::span<const int> fds = descriptor ? std::span{&*descriptor, 1} : std::span<const int>{};
        ASSERT_TRUE(tests::support::send_fds(fd_, frame, fds));
    }

    bool has_answer() const
    {
        char byte = 0;
        return ::recv(fd_, &byte, 1, MSG_DONTWAIT) == 1;
    }

private:
    int fd_;
};

TEST_F(NativeClients, CloseTheDescriptorsThatNobodyAskedFor)
{
    int calls = 0;
    const auto callee = join_with({{"take", [&](const Call&, const Reply& reply) {
                                        ++calls;
                                        reply.done();
                                    }}});
    const ByHand stranger{folder + "/hub.sock"};
    stranger.send(0, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"pid":"1"},"native":{"v":1}}})");
    ASSERT_TRUE(until([&] { return stranger.has_answer(); }));
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const auto head = wire::encode_head({.nfds = 1}, {.selector = R"({"objectName":"math"})", .name = "take"});
    stranger.send(wire::flag::native | wire::flag::request | wire::flag::fds, head.value(), pipe[1]);
    ::close(pipe[1]);
    char byte = 0;
    EXPECT_TRUE(until([&] { return calls == 1 && ::read(pipe[0], &byte, 1) == 0; })) << "no writer is left";
    ::close(pipe[0]);
    EXPECT_TRUE(call(*caller(), "take").is_absent()) << "and it is served as before";
}

} // namespace
} // namespace pandora::hub::client
