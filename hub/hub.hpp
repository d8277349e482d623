// The hub as its owner sees it: give it listeners and an observer, run its io_context, read its numbers.
#pragma once

#include "hub/core/drains.hpp"
#include "hub/core/expectations.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/policy.hpp"
#include "hub/core/router_output.hpp"
#include "hub/core/routes.hpp"
#include "hub/core/tap.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pandora::hub {

using core::ChannelInfo;
using core::ClientInfo;
using core::Credentials;
using core::CutInfo;
using core::Failure;
using core::Identity;
using core::InstanceName;
using core::InstanceNews;
using core::Prospect;
using core::Reach;
using core::Rule;
using core::Tap;
using core::TapRecord;
using core::WaitEnd;
using core::WaitId;

struct Options {
    std::uint32_t frame_bytes_max = 16 * 1024 * 1024;
    std::chrono::milliseconds call_timeout{5'000};        // of a call that names no timeout of its own
    std::chrono::milliseconds unresponsive_after{10'000}; // a client is that should give a sign of life and does not
    std::vector<uid_t> allowed_uids;     // whom the hub admits; empty = everyone the socket's mode lets in
    uid_t owner = 0;                     // whose app it is: may use all connections that there are
    std::size_t unidentified_max = 1024; // connections that wait for Observer::identify; one more is closed
    std::uint64_t seed = 0;              // of the random choice between equal providers; 0 = from the kernel
};

/// One entry of the route table, as `pandora hub routes` prints it.
struct Route {
    std::string client; // hub-assigned id, "c7"
    Identity identity;
    bool builtin = false;
    bool draining = false;
    std::vector<std::string> selectors; // JSON texts, in the order the client added them
};

struct Counted {
    std::string label;
    std::uint64_t count = 0;
};

/// A consistent copy of the hub's counters; see the field names of metrics for their meaning.
struct Stats {
    std::uint64_t connections = 0, connections_total = 0, objects = 0;
    std::uint64_t frames_received = 0, frames_sent = 0, bytes_received = 0, bytes_sent = 0, queued_bytes = 0;
    std::uint64_t calls_in_flight = 0, parked_calls = 0, draining_instances = 0, unresponsive_clients = 0;
    std::uint64_t subscriptions = 0, channels = 0, channel_calls = 0;
    std::vector<Counted> calls;       // by outcome
    std::vector<Counted> dropped;     // by reason
    std::vector<Counted> disconnects; // by reason
    std::vector<double> call_bounds_seconds;
    std::vector<std::uint64_t> call_counts; // cumulative, one a bound
    std::uint64_t call_count = 0;
    double call_seconds_sum = 0;

    /// Calls that an instance of the process was given, by how they ended.
    struct OfProcess {
        std::string process;
        std::vector<Counted> calls;
        std::vector<Counted> dropped; // of what its instances sent, or were to be sent, by reason
    };

    std::vector<OfProcess> by_process;
};

/// What the hub's owner knows and wants to know. Called on the hub's thread; must not block.
class Observer {
public:
    virtual ~Observer() = default;

    using Identified = std::function<void(Identity)>;

    /// A connection was accepted. Call `done` once, now or later, on the hub's thread: until then the
    /// connection's frames wait unread. `done` may outlive the connection; calling it then does nothing.
    virtual void identify(const Credentials& peer, Identified done) = 0;

    /// The first selector naming `object` was published by, or the last one withdrawn by, the connection of
    /// `who`.
    virtual void published(const Identity& who, const std::string& object) = 0;
    virtual void unpublished(const Identity& who, const std::string& object) = 0;

    /// A connection gives no sign of life although it should, for so long by now; or does again.
    virtual void unresponsive(const Identity& who, bool is, std::chrono::milliseconds silent) = 0;
};

/// Lives on one io_context run by one thread; every member function is called on that thread.
class Hub {
public:
    Hub(boost::asio::io_context& io, Options options, Observer& observer);
    ~Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    /// Accepts clients on a listening AF_UNIX stream socket. Takes ownership of the descriptor.
    void serve(int listener_fd);

    /// Serves one connected stream socket as a client whose identity is already known: the supervisor's link,
    /// or an object of the hub's own process. Takes ownership. Such connections are matched only by object name, and
    /// are left out of route listings unless asked for.
    void adopt(int connected_fd, Identity who, Reach reach = Reach::builtin);

    /// Keeps new calls away from the instance as far as another provider takes them, also from connections that it
    /// makes later, until undrain(). `done` runs once: when no call that it was given waits for its answer, or after
    /// `timeout`, or at undrain(), with the number of those that still do; at once for one without connections.
    void drain(const InstanceName& name, std::chrono::milliseconds timeout,
               std::function<void(std::uint32_t in_flight)> done);

    /// The instance is to be served again, or has ended: what connects under its name from now on is served.
    void undrain(const InstanceName& name);

    /// What the supervisor knows, and the app allows. See core/expectations.hpp and core/policy.hpp.
    void promise(const std::string& process, std::vector<std::string> objects);
    void heard(InstanceNews news);
    void set_policy(std::vector<Rule> rules, bool strict);

    /// Waits until somebody takes requests for the selector (JSON), in the name of a connection: `asker` is the hub's
    /// number of it (client::Call::sender). `done` runs once, with how many match, or why nobody is waited for any
    /// more: at `deadline` at the latest.
    WaitId wait_for(std::uint32_t asker, const std::string& selector, std::chrono::steady_clock::time_point deadline,
                    std::function<void(const WaitEnd&)> done);

    /// Nobody wants to know any more: its `done` is dropped.
    void stop_waiting(std::uint32_t asker, WaitId id);

    /// From now on calls `see` for what happens, once a turn of the loop with all of it; Tap::nothing: no more.
    void monitor(Tap what, std::function<void(const std::vector<TapRecord>&)> see);

    /// Whose connections of that instance are online, each pid once. See core::Router.
    std::vector<pid_t> online_pids(const InstanceName& name) const;

    /// Whether anybody hears that event of the object, in either dialect.
    bool has_subscribers(const std::string& object, const std::string& event) const;

    /// The events of the object that somebody has subscribed to by name; sorted.
    std::vector<std::string> subscribed_events(const std::string& object) const;

    /// Stops accepting and closes every connection once what is queued for it has been handed to the kernel
    /// (at most 1 s). Idempotent. `stopped` runs when the last one is closed.
    void stop(std::function<void()> stopped);

    Stats stats() const;
    std::vector<Route> routes() const;
    std::vector<ClientInfo> clients() const;
    std::vector<ChannelInfo> channels() const;

    /// The last connections that the hub itself has ended, the oldest first. Times are CLOCK_MONOTONIC.
    std::vector<CutInfo> cuts() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace pandora::hub
