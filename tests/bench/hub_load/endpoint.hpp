/// One end of a transport: what the load needs to know of a hub, and all that differs between hubs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pandora::bench::hub_load {

/// The callee answers, callers ask; the publisher tells, subscribers listen.
enum class Role { caller, callee, publisher, subscriber };

/// The hub takes no more: an answer that a hub may well give, and no fault of it.
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Something that arrived. The views hold until the next call of receive().
struct Message {
    std::uint64_t id = 0;        ///< of the request; an answer carries that of its request, an event none
    std::string_view reply_to{}; ///< where the answer goes, as far as the transport tells
    std::string_view payload{};
};

using Take = std::function<void(const Message&)>;

/// What is appended is written together, by flush() or receive(), in one write as far as the kernel takes it.
/// Whatever goes wrong is a std::runtime_error: there is nothing to measure then. One thread.
class Endpoint {
public:
    Endpoint() = default;
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    virtual ~Endpoint() = default;

    /// Appends a request. Ids count up from 1.
    virtual void request(std::uint64_t id, std::string_view payload) = 0;
    /// Appends the answer to `request`: its payload.
    virtual void answer(const Message& request) = 0;
    /// Appends an event.
    virtual void publish(std::string_view payload) = 0;

    /// Writes as much of what was appended as is taken at once.
    virtual void flush() = 0;
    /// Writes on until nothing is left.
    virtual void flush_all() = 0;
    /// Waits until something arrives, reads once, hands every whole message to `take`. Writes the rest meanwhile.
    virtual void receive(const Take& take) = 0;
};

/// How ends of one transport come about. Made before the processes part, so that they may share what it holds.
class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;
    /// Returns when the end can be used: what a callee or subscriber wants is known to the hub by then, or, where
    /// the transport cannot tell (ZeroMQ), soon after. Called once in a process.
    virtual std::unique_ptr<Endpoint> connect(Role role) = 0;
};

/// `name` is one of those in transports.cpp; `address` a socket's path, or a TCP port, as the transport wants it.
std::unique_ptr<Transport> make_transport(std::string_view name, const std::string& address);

/// Called `name`, answers requests named `method`, tells events named `event`: the same words everywhere.
constexpr std::string_view object_name = "bench";
constexpr std::string_view method_name = "echo";
constexpr std::string_view event_name = "tick";

} // namespace pandora::bench::hub_load
