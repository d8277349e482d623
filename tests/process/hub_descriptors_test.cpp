// Descriptors that clients send over the hub: who gets them, and that nothing is left of those that nobody may have.
#include "hub/wire/native.hpp"
#include "tests/process/hub_fixture.hpp"
#include "tests/support/descriptors.hpp"

#include <algorithm>
#include <fcntl.h>
#include <linux/capability.h>
#include <span>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <utility>

namespace pandora::hub {
namespace {

using ::testing::HasSubstr;
using tests::support::open_descriptors;
using tests::support::send_fds;

/// As long as it lives, the kernel lets this process send descriptors only while no more than so many of its user's are
/// on their way (unix(7), ETOOMANYREFS). Who is root gives up the right to send more.
class FewInFlight {
public:
    explicit FewInFlight(rlim_t most)
    {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit_), 0);
        const rlimit fewer{most, limit_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &fewer), 0);
        capabilities(SYS_capget, held_);
        auto less = held_;
        less[0].effective &= ~(1U << CAP_SYS_RESOURCE | 1U << CAP_SYS_ADMIN);
        capabilities(SYS_capset, less);
    }

    ~FewInFlight()
    {
        capabilities(SYS_capset, held_);
        ::setrlimit(RLIMIT_NOFILE, &limit_);
    }

    FewInFlight(const FewInFlight&) = delete;
    FewInFlight& operator=(const FewInFlight&) = delete;

private:
    using Capabilities = std::array<__user_cap_data_struct, 2>;

    static void capabilities(long call, Capabilities& of_this_thread)
    {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        EXPECT_EQ(::syscall(call, &header, of_this_thread.data()), 0);
    }

    rlimit limit_{};
    Capabilities held_{};
};

class HubDescriptors : public HubTest {
protected:
    /// A pipe whose writing end is sent somewhere; whether anybody still has it, its reading end tells.
    struct Sent {
        std::array<int, 2> pipe{-1, -1};

        Sent() { EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK), 0); }

        ~Sent()
        {
            for (const int fd : pipe)
                if (fd >= 0) ::close(fd);
        }

        Sent(const Sent&) = delete;
        Sent& operator=(const Sent&) = delete;

        /// The end of the pipe: nobody has the other one any more.
        bool closed_everywhere() const
        {
            char byte = 0;
            return ::read(pipe[0], &byte, 1) == 0;
        }
    };

    /// Writes `bytes` at once, with descriptors on the first, and keeps none.
    static void send_with(int socket, const std::string& bytes, std::vector<Sent>& sent)
    {
        std::vector<int> fds;
        for (const Sent& one : sent) fds.push_back(one.pipe[1]);
        EXPECT_TRUE(send_fds(socket, bytes, fds));
        for (Sent& one : sent) ::close(std::exchange(one.pipe[1], -1));
    }

    bool all_closed(const std::vector<Sent>& sent)
    {
        return until([&] { return std::ranges::all_of(sent, &Sent::closed_everywhere); });
    }

    int connect_native()
    {
        const int fd = connect();
        write(fd, frame(1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{},"native":{"v":1}}})"));
        EXPECT_THAT(read_frame(fd), HasSubstr("true"));
        return fd;
    }

    /// A one-way INVOKE that reaches nobody, which states `nfds` descriptors.
    static std::string native_frame(std::uint8_t nfds)
    {
        return frame(5, *wire::encode_head({.nfds = nfds}, {}),
                     wire::flag::native | wire::flag::oneway | wire::flag::fds);
    }

    /// The next frame that is not CONTROL, and the descriptors that have come by then.
    struct Arrived {
        wire::FrameHeader header;
        std::string body;
        std::vector<int> fds;
    };

    Arrived receive_message(int socket)
    {
        Arrived arrived;
        do {
            const std::string head = read_with_fds(socket, wire::header_bytes, arrived.fds);
            const auto header = wire::decode_header(std::as_bytes(std::span{head}));
            if (!header) return arrived;
            arrived.header = *header;
            arrived.body = read_with_fds(socket, header->body_bytes, arrived.fds);
        } while (arrived.header.flags & wire::flag::control);
        return arrived;
    }

    std::string read_with_fds(int socket, std::size_t count, std::vector<int>& fds)
    {
        std::string out(count, '\0');
        std::size_t have = 0;
        until([&] {
            alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(8 * sizeof(int))> control{};
            iovec part{out.data() + have, count - have};
            msghdr message{};
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            const ssize_t n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            const cmsghdr* header = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
            for (std::size_t at = CMSG_LEN(0); header && at < header->cmsg_len; at += sizeof(int))
                std::memcpy(&fds.emplace_back(), reinterpret_cast<const std::byte*>(header) + at, sizeof(int));
            if (n > 0) have += static_cast<std::size_t>(n);
            return have == count || n == 0 || (n < 0 && errno != EAGAIN);
        });
        out.resize(have);
        return out;
    }

    /// INVOKE of the object, with `nfds` descriptors and all the time that there may be.
    static std::string native_invoke(std::uint32_t id, std::string_view selector, std::uint8_t nfds)
    {
        const std::uint8_t with_fds = nfds > 0 ? wire::flag::fds : 0;
        return frame(id, *wire::encode_head({.nfds = nfds, .deadline = UINT64_MAX}, {.selector = selector}),
                     wire::flag::native | wire::flag::request | with_fds);
    }

    /// A request that both dialects have, and that is always answered.
    static std::string publish_request()
    {
        return frame(9,
                     R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP","data":{"data":{"selector":{"objectName":"o"}}}})");
    }

    void expect_served(int fd)
    {
        ASSERT_TRUE(write(fd, publish_request()));
        EXPECT_THAT(read_frame(fd), HasSubstr("true"));
    }
};

TEST_F(HubDescriptors, DescriptorsOfAClientThatHasNotNegotiatedAreNotLetIn)
{
    const int client = connect();
    expect_served(client);
    for (int i = 0; i < 50; ++i) {
        std::vector<Sent> sent(4);
        const std::size_t before = open_descriptors();
        send_with(client, frame(7, invoke("nobody")), sent);
        EXPECT_THAT(read_frame(client), HasSubstr("Cannot found any clients")) << "what it says is heard";
        EXPECT_TRUE(all_closed(sent));
        EXPECT_EQ(open_descriptors(), before - 4) << "ours of them";
    }
    EXPECT_EQ(dropped("descriptors"), 50U);
}

TEST_F(HubDescriptors, AFrameTakesTheDescriptorsThatItStates)
{
    const int client = connect_native();
    std::vector<Sent> sent(2);
    send_with(client, native_frame(2), sent);
    EXPECT_TRUE(all_closed(sent)) << "nobody gets them";
    expect_served(client);
    EXPECT_EQ(dropped("descriptors"), 0U) << "they were claimed";
}

TEST_F(HubDescriptors, DescriptorsWaitForTheFrameTheyCameBefore)
{
    const int client = connect_native(), other = connect_native();
    std::vector<Sent> sent(1);
    const std::string bytes = native_frame(1);
    write(client, frame(3, ""));
    send_with(client, bytes.substr(0, 1), sent);
    expect_served(other); // so the hub has read what came before
    EXPECT_FALSE(sent[0].closed_everywhere()) << "its frame is not complete";
    write(client, bytes.substr(1));
    EXPECT_TRUE(all_closed(sent));
    expect_served(client);
    EXPECT_EQ(dropped("descriptors"), 0U);
}

TEST_F(HubDescriptors, AFrameWithoutItsDescriptorsEndsTheConnection)
{
    for (const int stated : {2, 5, 255}) {
        const int client = connect_native();
        std::vector<Sent> sent(1);
        send_with(client, native_frame(static_cast<std::uint8_t>(stated)), sent);
        EXPECT_TRUE(closed_by_hub(client)) << stated;
        EXPECT_TRUE(all_closed(sent)) << stated;
    }
    EXPECT_EQ(disconnects("protocol_error"), 3U);
}

TEST_F(HubDescriptors, DescriptorsThatNoFrameStatesAreClosedBetweenFrames)
{
    const int client = connect_native();
    std::vector<Sent> sent(3);
    send_with(client, publish_request(), sent);
    EXPECT_THAT(read_frame(client), HasSubstr("true")) << "what it says is heard";
    EXPECT_TRUE(all_closed(sent));
    EXPECT_EQ(dropped("descriptors"), 3U);
    expect_served(client);
}

TEST_F(HubDescriptors, MoreDescriptorsThanMayWaitEndTheConnection)
{
    const int client = connect_native();
    std::vector<Sent> sent(17);
    send_with(client, std::string(1, '\0'), sent); // of a frame that does not end
    EXPECT_TRUE(closed_by_hub(client));
    EXPECT_TRUE(all_closed(sent));
    EXPECT_EQ(disconnects("protocol_error"), 1U);
}

TEST_F(HubDescriptors, DescriptorsThatWaitAreClosedWithTheirConnection)
{
    const int client = connect_native(), other = connect_native();
    std::vector<Sent> sent(16);
    send_with(client, std::string(1, '\0'), sent);
    expect_served(other); // so the hub has read what came before
    EXPECT_EQ(disconnects("protocol_error"), 0U) << "sixteen may wait";
    ::shutdown(client, SHUT_RDWR);
    EXPECT_TRUE(all_closed(sent));
}

TEST_F(HubDescriptors, WhomTheKernelLetsTheHubSendNoneForTooLongIsEnded)
{
    const int callee = connect_native(), caller = connect_native();
    expect_served(callee); // and it publishes the object
    std::array<int, 2> elsewhere{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, elsewhere.data()), 0);
    // As many as one message carries; nobody reads them.
    ASSERT_TRUE(send_fds(elsewhere[0], "x", std::vector<int>(253, STDERR_FILENO)));
    std::vector<Sent> sent(1);
    send_with(caller, native_invoke(10, R"({"objectName":"o"})", 1), sent);
    const FewInFlight fewer{128};
    const auto ended = [&] { return disconnects("out_of_descriptors") == 1; };
    EXPECT_TRUE(until(ended) || until(ended)) << "after five seconds";
    EXPECT_TRUE(closed_by_hub(callee));
    EXPECT_TRUE(all_closed(sent));
    EXPECT_THAT(receive_message(caller).body, HasSubstr("PandoraPeerGoneError"));
    EXPECT_EQ(hub->stats().connections, 1U) << "nobody else";
    for (const int fd : elsewhere) ::close(fd);
}

TEST_F(HubDescriptors, ArriveWithTheirFrameAndNoOther)
{
    const int callee = connect_native(), caller = connect_native();
    expect_served(callee); // and it publishes the object
    const std::string selector = R"({"objectName":"o"})";
    for (std::uint32_t id = 10; id < 60; id += 3) {
        std::vector<Sent> one(1), three(3);
        send_with(caller, native_invoke(id, selector, 1), one);
        write(caller, native_invoke(id + 1, selector, 0));
        send_with(caller, native_invoke(id + 2, selector, 3), three);
        for (const auto& sent : {std::span{one}, std::span<Sent>{}, std::span{three}}) {
            const Arrived arrived = receive_message(callee);
            ASSERT_TRUE(arrived.header.flags & wire::flag::native);
            EXPECT_EQ(arrived.header.flags & wire::flag::fds, sent.empty() ? 0 : wire::flag::fds);
            ASSERT_EQ(arrived.fds.size(), sent.size());
            for (std::size_t i = 0; i < sent.size(); ++i) {
                const char mark = static_cast<char>('a' + i);
                EXPECT_EQ(::write(arrived.fds[i], &mark, 1), 1);
                ::close(arrived.fds[i]);
                char got = 0;
                EXPECT_EQ(::read(sent[i].pipe[0], &got, 1), 1);
                EXPECT_EQ(got, mark);
                EXPECT_TRUE(until([&] { return sent[i].closed_everywhere(); })) << "the hub keeps none";
            }
        }
    }
    EXPECT_EQ(dropped("descriptors"), 0U);
}

} // namespace
} // namespace pandora::hub
