// One connection's socket: reads frames into the router, writes what the router queued.
#pragma once

#include "hub/core/admission.hpp"
#include "hub/core/router.hpp"
#include "hub/net/fd_passing.hpp"
#include "hub/net/fd_queue.hpp"
#include "hub/net/listener.hpp"
#include "hub/wire/decoder.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>

namespace pandora::hub::net {

/// What a session needs from whoever runs it.
class SessionOwner {
public:
    virtual ~SessionOwner() = default;

    /// The router has been fed: what it wants done should be done before the loop sleeps again.
    virtual void fed() = 0;

    /// As fed(), and all that has come from this connection is in. What the router wants done may be done before this
    /// returns, which may close the session.
    virtual void fed_all() = 0;

    /// The socket is at its end. The owner closes the session.
    virtual void lost(core::PeerId peer, core::Disconnect reason) = 0;
};

/// Held by shared_ptr: the handlers of its pending waits keep it until they have run. After close() it does
/// nothing and touches neither the router nor its owner, so both may be gone by then.
class Session : public std::enable_shared_from_this<Session> {
public:
    /// `place` is given back by close().
    Session(Descriptor socket, core::Admission::Place place, core::Router& router, SessionOwner& owner);

    /// Begins to read as `peer`. Before, nothing is read.
    void start(core::PeerId peer);

    bool started() const { return peer_.has_value(); }

    bool closed() const { return closed_; }

    /// Writes as much of the peer's outbox as the socket takes and waits for room for the rest. False: the
    /// socket is at its end (lost() is not called).
    bool flush(core::TimePoint now);

    void close();

private:
    enum class Input { drained, more, ended };

    void wait_readable();
    void on_readable();
    Input read_some(std::size_t& budget);
    Received read_into(std::span<std::byte> space);
    Input stop_for(const Received& received);
    void lost_fds(core::TimePoint now);
    void decode_held();
    bool decode(core::TimePoint now);
    void hand_over(const wire::Frame& frame, core::TimePoint now);
    void drop_unclaimed();
    void wait_writable();
    void wait_a_moment(core::TimePoint now);
    void write_on();

    Descriptor socket_;
    core::Admission::Place place_;
    core::Router& router_;
    SessionOwner& owner_;
    wire::FrameDecoder decoder_;
    std::uint64_t turn_began_ = 0; // frames queued in the hub until this turn
    bool held_ = false;            // complete frames wait in decoder_ for the next turn
    FdQueue fds_;
    std::unique_ptr<boost::asio::steady_timer> moment_; // made when it is first needed: seldom
    std::optional<core::TimePoint> short_since_;        // the kernel has what it needs to write: not since then
    std::optional<core::PeerId> peer_;
    core::Disconnect end_ = core::Disconnect::peer_closed; // why, once the input has ended
    bool waits_for_room_ = false;
    bool closed_ = false;
};

} // namespace pandora::hub::net
