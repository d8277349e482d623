#include "hub/net/session.hpp"

#include "hub/net/shared_memory.hpp"
#include "hub/wire/native.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <utility>

namespace pandora::hub::net {

namespace {

/// Bytes read from one connection before the others get their turn. Choice: a few socket buffers.
constexpr std::size_t read_budget = 256 * 1024;
/// Frames that one connection's frames may put into queues before the others get their turn: what it sends to all of a
/// thousand others is a thousand. Choice: some milliseconds of work.
constexpr std::uint64_t frames_budget = 8192;
/// Bytes written to one connection in a turn. Choice: the soft limit of a queue.
constexpr std::size_t write_budget = 1024 * 1024;
/// How long to wait for what the kernel is short of, and does not tell the end of. Choice.
constexpr std::chrono::milliseconds moment{10};
/// How long descriptors may wait for that: others' unread ones take the place, and nobody can say when they are read.
/// Choice: as long as a call lasts that names no time.
constexpr std::chrono::seconds shortage_max{5};

core::TimePoint now() { return std::chrono::steady_clock::now(); }

/// The router gets no descriptor for a pool that is not the memory that it is said to be.
void check_pool(const wire::Frame& frame, std::vector<core::Fd>& fds)
{
    if (!(frame.header.flags & wire::flag::control)) return;
    const auto body = wire::parse_native(frame.body);
    if (!body || body->block.verb != static_cast<std::uint8_t>(wire::ControlVerb::pool)) return;
    for (core::Fd& fd : fds)
        if (!is_sealed_memory(*fd, body->block.deadline)) fd = nullptr;
}

} // namespace

Session::Session(Descriptor socket, core::Admission::Place place, core::Router& router, SessionOwner& owner)
    : socket_{std::move(socket)}, place_{std::move(place)}, router_{router}, owner_{owner}, decoder_{0}
{}

void Session::start(core::PeerId peer)
{
    peer_ = peer;
    wait_readable();
}

void Session::close()
{
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    place_ = {};
    fds_.clear();
    if (moment_) moment_->cancel();
}

void Session::wait_readable()
{
    socket_.async_wait(Descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code&) { self->on_readable(); });
}

void Session::on_readable()
{
    if (closed_) return;
    std::size_t budget = read_budget;
    turn_began_ = router_.frames_queued();
    Input input = Input::more;
    if (std::exchange(held_, false)) decode_held();
    while (input == Input::more && budget > 0 && !held_) input = read_some(budget);
    if (held_) input = Input::more; // also at the socket's end: what came before it counts
    switch (input) {
    case Input::drained: wait_readable(); return owner_.fed_all();
    case Input::more:
        owner_.fed();
        boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->on_readable(); });
        return;
    case Input::ended: return owner_.lost(*peer_, end_);
    }
}

Session::Input Session::read_some(std::size_t& budget)
{
    const auto space = decoder_.space();
    const Received received = read_into(space);
    if (received.kind != Received::Kind::bytes) return stop_for(received);

    const core::TimePoint time = now();
    if (received.fds_refused) lost_fds(time);
    decoder_.commit(received.bytes);
    budget -= std::min(budget, received.bytes);
    const bool completed = decode(time);
    router_.note_input(*peer_, completed, decoder_.partial_bytes(), fds_.size(), time);
    return received.bytes < space.size() ? Input::drained : Input::more;
}

/// Where no descriptors may come, none is let in, whatever a stranger sends.
Received Session::read_into(std::span<std::byte> space)
{
    const int socket = socket_.native_handle();
    return router_.speaks_native(*peer_) ? receive(socket, space, fds_.room(), fds_.back()) : receive(socket, space);
}

Session::Input Session::stop_for(const Received& received)
{
    using enum Received::Kind;
    switch (received.kind) {
    case bytes: return Input::more;
    case nothing: return Input::drained;
    case end: return Input::ended;
    case failed: end_ = core::Disconnect::io_error; break;
    }
    return Input::ended;
}

/// The kernel has closed descriptors that came: they may not, or there was no room. A frame of a native connection
/// that lacks them cannot be made whole again.
void Session::lost_fds(core::TimePoint time)
{
    router_.count(core::Drop::descriptors);
    if (!router_.speaks_native(*peer_)) return;
    using enum core::Disconnect;
    router_.receive_violation(*peer_, fds_.room() == 0 ? protocol_error : out_of_descriptors, time);
}

/// Goes on where the last turn has stopped.
void Session::decode_held()
{
    const core::TimePoint time = now();
    const bool completed = decode(time);
    router_.note_input(*peer_, completed, decoder_.partial_bytes(), fds_.size(), time);
}

/// Hands every complete frame to the router, as far as this turn's budget goes; whether there was one.
bool Session::decode(core::TimePoint time)
{
    for (bool completed = false;; completed = true) {
        if (router_.frames_queued() - turn_began_ >= frames_budget) {
            held_ = true;
            return completed;
        }
        decoder_.limit(router_.frame_bytes_max(*peer_)); // which a frame may change
        const wire::Decoded decoded = decoder_.next();
        if (const auto* frame = std::get_if<wire::Frame>(&decoded)) {
            hand_over(*frame, time);
        } else {
            if (const auto* oversized = std::get_if<wire::Oversized>(&decoded))
                router_.receive_oversized(*peer_, oversized->header, time);
            drop_unclaimed();
            return completed;
        }
    }
}

/// With exactly the descriptors that it states. They came with its first byte, so they are here by now or never.
void Session::hand_over(const wire::Frame& frame, core::TimePoint time)
{
    const std::size_t stated = wire::frame_fds(frame.header.flags, frame.body);
    if (stated == 0 || !router_.speaks_native(*peer_)) {
        router_.receive(*peer_, frame, {}, time);
    } else if (auto fds = stated <= wire::fds_max ? fds_.take(stated) : std::nullopt) {
        check_pool(frame, *fds);
        router_.receive(*peer_, frame, *fds, time);
    } else {
        router_.receive_violation(*peer_, core::Disconnect::protocol_error, time);
    }
    if (router_.is_online(*peer_)) place_.online();
}

/// Between two frames nothing can claim them any more: no frame that is still to come begins with a byte that has been
/// read.
void Session::drop_unclaimed()
{
    if (fds_.empty() || decoder_.partial_bytes() > 0) return;
    router_.count(core::Drop::descriptors, fds_.clear());
}

bool Session::flush(core::TimePoint time)
{
    if (waits_for_room_) return true;
    std::array<std::string_view, blocks_per_write> blocks;
    for (std::size_t written = 0; !router_.outbox(*peer_).empty() && written < write_budget;) {
        const core::Outbox& outbox = router_.outbox(*peer_);
        const std::size_t count = outbox.gather(blocks);
        const Written taken = write(socket_.native_handle(), {blocks.data(), count}, outbox.front_fds());
        if (taken.kind == Written::Kind::failed) return false;
        if (taken.kind == Written::Kind::later) {
            wait_a_moment(time);
            return true;
        }
        short_since_.reset();
        if (taken.kind == Written::Kind::no_room) break;
        router_.sent(*peer_, taken.bytes, time);
        written += taken.bytes;
    }
    if (router_.outbox(*peer_).empty()) return true;
    router_.blocked(*peer_, time);
    wait_writable();
    return true;
}

void Session::wait_writable()
{
    waits_for_room_ = true;
    socket_.async_wait(Descriptor::wait_write,
                       [self = shared_from_this()](const boost::system::error_code&) { self->write_on(); });
}

void Session::wait_a_moment(core::TimePoint time)
{
    waits_for_room_ = true;
    if (!short_since_) short_since_ = time;
    const bool holds_fds = !router_.outbox(*peer_).front_fds().empty();
    if (holds_fds && time - *short_since_ >= shortage_max)
        return router_.receive_violation(*peer_, core::Disconnect::out_of_descriptors, time);
    if (!moment_) moment_ = std::make_unique<boost::asio::steady_timer>(socket_.get_executor());
    moment_->expires_after(moment);
    moment_->async_wait([self = shared_from_this()](const boost::system::error_code&) { self->write_on(); });
}

void Session::write_on()
{
    if (closed_) return;
    waits_for_room_ = false;
    if (!flush(now())) return owner_.lost(*peer_, core::Disconnect::peer_closed);
    owner_.fed();
}

} // namespace pandora::hub::net
