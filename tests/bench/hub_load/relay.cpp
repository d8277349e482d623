/// The yardsticks: frames through the least of relays, and without any.
#include "tests/bench/hub_load/frame.hpp"
#include "tests/bench/hub_load/stream_endpoint.hpp"
#include "tests/bench/hub_load/transports.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::bench::hub_load {
namespace {

constexpr unsigned own_bits = 24;        // of an id: the others are the consumer's number
constexpr std::uint32_t everybody = 255; // as such a number

class FrameEndpoint final : public StreamEndpoint {
public:
    /// `number`: what the relay calls this end.
    FrameEndpoint(Stream stream, std::uint32_t number) : StreamEndpoint{std::move(stream)}, number_{number} {}

    void request(std::uint64_t id, std::string_view payload) override
    {
        append(number_ << own_bits | (static_cast<std::uint32_t>(id) & own_mask), payload);
    }

    void answer(const Message& request) override { append(static_cast<std::uint32_t>(request.id), request.payload); }

    void publish(std::string_view payload) override { append(everybody << own_bits, payload); }

protected:
    /// A caller gets the id that it gave; a callee the one that it has to give back.
    std::size_t next(std::string_view input, const Take& take) override
    {
        const auto frame = read_frame(input);
        if (!frame) return 0;
        const bool mine = frame->id >> own_bits == number_;
        take({.id = mine ? frame->id & own_mask : frame->id, .payload = frame->body});
        return frame->bytes();
    }

private:
    static constexpr std::uint32_t own_mask = (1U << own_bits) - 1;

    void append(std::uint32_t id, std::string_view payload)
    {
        append_frame_header(out(), 0, id, payload.size());
        out() += payload;
    }

    std::uint32_t number_;
};

std::unique_ptr<Endpoint> connect_relay(const std::string& path, Role role)
{
    Stream stream = Stream::connect_unix(path);
    stream.out().push_back(role == Role::callee || role == Role::publisher ? 'p' : 'c');
    stream.flush_all();
    stream.read();
    const auto number = static_cast<std::uint8_t>(stream.input()[0]);
    stream.consume(1);
    return std::make_unique<FrameEndpoint>(std::move(stream), number);
}

class SocketPair final : public Transport {
public:
    SocketPair()
    {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_) != 0)
            throw std::system_error{errno, std::generic_category(), "socketpair"};
    }

    ~SocketPair() override
    {
        for (const int each : ends_)
            if (each >= 0) ::close(each);
    }

    std::unique_ptr<Endpoint> connect(Role role) override
    {
        int& end = ends_[role == Role::caller ? 0 : 1];
        int& other = ends_[role == Role::caller ? 1 : 0];
        ::close(std::exchange(other, -1)); // so that the end of one process is seen by the other
        // The caller is consumer 1, as if a relay had said so; the callee gives ids back as they come.
        return std::make_unique<FrameEndpoint>(Stream{std::exchange(end, -1)}, role == Role::caller ? 1 : everybody);
    }

private:
    int ends_[2];
};

} // namespace

std::unique_ptr<Transport> make_relay(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect_relay>>(path);
}

std::unique_ptr<Transport> make_socketpair(const std::string&) { return std::make_unique<SocketPair>(); }

} // namespace pandora::bench::hub_load
