/// ZeroMQ: DEALERs on both sides of a ROUTER/DEALER proxy, PUB and SUB on those of an XSUB/XPUB one. libzmq batches by
/// itself, in a thread of its own; queues have no bound, so that nothing is dropped.
#include "tests/bench/hub_load/load.hpp"
#include "tests/bench/hub_load/transports.hpp"

#include <cerrno>
#include <stdexcept>
#include <zmq.h>

namespace pandora::bench::hub_load {
namespace {

constexpr int silence_ms_max = 10'000; // as in stream.cpp

[[noreturn]] void fail(const char* what)
{
    throw std::runtime_error{std::string{"ZeroMQ: "} + what + ": " + ::zmq_strerror(::zmq_errno())};
}

/// A part of a message.
class Part {
public:
    Part() { ::zmq_msg_init(&message_); }

    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    ~Part() { ::zmq_msg_close(&message_); }

    /// False: there is none now.
    bool receive(void* socket)
    {
        if (::zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0) return true;
        if (errno != EAGAIN && errno != EINTR) fail("receive");
        return false;
    }

    std::string_view bytes()
    {
        return {static_cast<const char*>(::zmq_msg_data(&message_)), ::zmq_msg_size(&message_)};
    }

private:
    zmq_msg_t message_;
};

struct Socket {
    int type;
    std::string_view suffix; // of the proxy's path
};

constexpr Socket socket_of(Role role)
{
    switch (role) {
    case Role::caller: return {ZMQ_DEALER, ""};
    case Role::callee: return {ZMQ_DEALER, ".callee"};
    case Role::publisher: return {ZMQ_PUB, ".publisher"};
    case Role::subscriber: return {ZMQ_SUB, ".subscriber"};
    }
    return {};
}

class ZmqEndpoint final : public Endpoint {
public:
    ZmqEndpoint(const std::string& path, Role role) : role_{role}, context_{::zmq_ctx_new()}
    {
        const Socket kind = socket_of(role);
        const int none = 0;
        socket_ = ::zmq_socket(context_, kind.type);
        if (!socket_) fail("socket");
        for (const int option : {ZMQ_SNDHWM, ZMQ_RCVHWM, ZMQ_LINGER})
            if (::zmq_setsockopt(socket_, option, &none, sizeof none) != 0) fail("option");
        if (role == Role::subscriber && ::zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0) != 0) fail("subscribe");
        if (::zmq_connect(socket_, ("ipc://" + path).append(kind.suffix).c_str()) != 0) fail("connect");
    }

    ~ZmqEndpoint() override
    {
        ::zmq_close(socket_);
        ::zmq_ctx_term(context_);
    }

    void request(std::uint64_t, std::string_view payload) override { send(payload, 0); }

    /// A ROUTER put in front who asks.
    void answer(const Message& request) override
    {
        send(request.reply_to, ZMQ_SNDMORE);
        send(request.payload, 0);
    }

    void publish(std::string_view payload) override { send(payload, 0); }

    void flush() override {}

    void flush_all() override {}

    void receive(const Take& take) override
    {
        zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
        const int ready = ::zmq_poll(&item, 1, silence_ms_max);
        if (ready < 0 && errno != EINTR) fail("poll");
        if (ready == 0) throw std::runtime_error{"nothing came for 10 s: something was lost"};
        while (receive_one(take)) {
        }
    }

private:
    bool receive_one(const Take& take)
    {
        Part front;
        if (!front.receive(socket_)) return false;
        if (role_ != Role::callee) {
            take({.id = role_ == Role::caller ? id_in(front.bytes()) : 0, .payload = front.bytes()});
            return true;
        }
        Part payload; // the parts of a message come together
        if (!payload.receive(socket_)) throw std::runtime_error{"ZeroMQ: half a message"};
        take({.id = id_in(payload.bytes()), .reply_to = front.bytes(), .payload = payload.bytes()});
        return true;
    }

    void send(std::string_view bytes, int flags)
    {
        while (::zmq_send(socket_, bytes.data(), bytes.size(), flags) < 0)
            if (errno != EINTR) fail("send");
    }

    Role role_;
    void* context_;
    void* socket_;
};

std::unique_ptr<Endpoint> connect_zmq(const std::string& path, Role role)
{
    return std::make_unique<ZmqEndpoint>(path, role);
}

} // namespace

std::unique_ptr<Transport> make_zmq(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect_zmq>>(path);
}

} // namespace pandora::bench::hub_load
