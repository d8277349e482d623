// The edge under one protocol engine: a connection, a deadline timer, and the users' functions that the engine's events
// name.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "hub/client/cpp/connection.hpp"
#include "hub/client/cpp/owned_fd.hpp"
#include "hub/client/cpp/protocol.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace pandora::hub::client {

/// A subscription's functions.
struct Subscriber {
    EventListener listener;
    std::function<void(std::uint64_t lost)> on_overflow;
};

/// What a client's user gave it to be called by others. Shared by its links.
struct Served {
    struct Object {
        Methods methods;
        Properties properties;
    };

    std::map<std::string, std::shared_ptr<const Object>> objects; // who runs one's functions keeps it meanwhile
    std::map<Topic, Subscriber> subscribers;
};

/// What the engine has to know of an object.
Interface interface_of(const Served::Object& object);

/// For calls of one callee, of whom its parts need not say who it is.
EachListener each_of(PartListener part);

/// Everything runs on the thread of the io_context, and users' functions only in a turn of its own.
class Link final : public CallHandle::Owner, public Reply::Owner, public std::enable_shared_from_this<Link> {
public:
    struct Handlers {
        std::function<void()> online;
        std::function<void(const std::string& reason)> lost; // the connection is gone already
        std::function<void()> goaway;
        std::function<void(const Denial& what)> denied;
        std::function<void()> left;
        std::function<void(std::uint32_t number, OwnedFd socket, const Json& peer)> channel_offered;
        std::function<void(std::uint32_t number)> channel_ended;
    };

    /// What has gone through, in both directions, as REPORT counts it.
    struct Totals {
        std::uint64_t calls = 0; // made here, and ended
        std::uint64_t errors = 0;
        std::uint64_t bytes_sent = 0;
        std::uint64_t bytes_received = 0;
    };

    Link(boost::asio::io_context& io, Protocol protocol, std::shared_ptr<Served> served, Handlers handlers);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Speaks over a connected socket (ownership is taken). Not while there is another.
    void attach(int connected_fd);

    /// Ends the connection as if the peer had; the calls in flight end in a turn to come.
    void disconnect(const std::string& reason);

    bool is_attached() const { return connection_ != nullptr; }

    /// The loss of a connection is the end of all calls, also of those that have not been sent.
    void expect_no_other_connection() { last_ = true; }

    /// Lets `change` use the engine, then sees to what follows from it, once for all changes of one loop turn.
    template <class Change>
    auto with_protocol(Change change)
    {
        schedule_turn();
        return change(protocol_, std::chrono::steady_clock::now());
    }

    using ChannelListener = std::function<void(std::uint32_t number, OwnedFd socket, const Json& peer)>;

    /// `start` asks the engine for something; `done` and `each` run as its answers come, or `opened` in place of `done`
    /// where the answer is a channel.
    template <class Start>
    CallHandle call(Completion done, EachListener each, Start start, ChannelListener opened = nullptr)
    {
        if (closed_) {
            refuse(std::move(done));
            return {};
        }
        const RequestId id = with_protocol(start);
        waiters_.emplace(id, Waiter{.done = std::move(done), .each = std::move(each), .opened = std::move(opened)});
        return {weak_from_this(), static_cast<std::uint64_t>(id)};
    }

    void cancel(std::uint64_t call) override;
    void answer(std::uint64_t call, const Outcome& outcome) override;
    bool part(std::uint64_t call, const Payload& value) override;
    void on_part_wanted(std::uint64_t call, std::function<void()> handler) override;

    /// Ends the connection, fails the calls in flight, and falls silent.
    void finish();

    /// Ends the connection and falls silent. Users' functions are let go without being called.
    void abandon();

    bool is_closed() const { return closed_; }

    Totals totals() const;

    bool speaks_native() const { return protocol_.speaks_native(); }

    void schedule_turn();
    void turn();

private:
    struct Waiter {
        Completion done;
        EachListener each;
        ChannelListener opened;
    };

    struct Handling { // a call that its method will answer later
        std::shared_ptr<Cancellation> cancellation;
        std::function<void()> part_wanted = {};
    };

    Connection::Handlers connection_handlers();
    void lose(const std::string& reason);
    void drop_connection();
    void refuse(Completion done);
    void write();
    void arm_deadline();
    std::shared_ptr<const Served::Object> find_object(const std::string& name) const;

    void perform(BecameOnline&);
    void perform(Refused& event);
    void perform(Denied& event);
    void perform(Finished& event);
    void perform(Partial& event);
    void perform(Invoked& event);
    void perform(PropertyAsked& event);
    void perform(IntrospectionAsked& event);
    void perform(Canceled& event);
    void perform(PartsWanted& event);
    void perform(Notified& event);
    void perform(Overflowed& event);
    void perform(ChannelOpened& event);
    void perform(ChannelOffered& event);
    void perform(ChannelEnded& event);
    void perform(GoingAway&);
    void perform(Left&);

    boost::asio::io_context& io_;
    Protocol protocol_;
    std::shared_ptr<Served> served_;
    Handlers handlers_;
    boost::asio::steady_timer deadline_timer_;
    std::optional<TimePoint> armed_for_;
    std::shared_ptr<Connection> connection_;
    bool last_ = false;
    bool in_turn_ = false; // or one is scheduled
    bool closed_ = false;
    Totals totals_; // without the present connection
    std::unordered_map<RequestId, Waiter> waiters_;
    std::unordered_map<AnswerId, Handling> handled_;
};

} // namespace pandora::hub::client
