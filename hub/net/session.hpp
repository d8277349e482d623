// One connection's socket: reads frames into the router, writes what the router queued.
#pragma once

#include "hub/core/router.hpp"
#include "hub/net/listener.hpp"
#include "hub/wire/decoder.hpp"

#include <memory>
#include <optional>

namespace pandora::hub::net {

/// What a session needs from whoever runs it.
class SessionOwner {
public:
    virtual ~SessionOwner() = default;

    /// The router has been fed: what it wants done should be done before the loop sleeps again.
    virtual void fed() = 0;

    /// The socket is at its end. The owner closes the session.
    virtual void lost(core::PeerId peer, core::Disconnect reason) = 0;
};

/// Held by shared_ptr: the handlers of its pending waits keep it until they have run. After close() it does
/// nothing and touches neither the router nor its owner, so both may be gone by then.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(Descriptor socket, core::Router& router, SessionOwner& owner);

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
    bool decode(core::TimePoint now);
    void wait_writable();

    Descriptor socket_;
    core::Router& router_;
    SessionOwner& owner_;
    wire::FrameDecoder decoder_;
    std::optional<core::PeerId> peer_;
    core::Disconnect end_ = core::Disconnect::peer_closed; // why, once the input has ended
    bool waits_for_room_ = false;
    bool closed_ = false;
};

} // namespace pandora::hub::net
