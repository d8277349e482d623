#include "hub/hub.hpp"

#include "hub/core/router.hpp"
#include "hub/net/listener.hpp"
#include "hub/net/session.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <system_error>
#include <utility>

namespace pandora::hub {

namespace {

using core::PeerId;
using net::Session;

using DrainDone = std::function<void(std::uint32_t in_flight)>;

/// How long a stopping hub waits for clients to read what is queued for them.
constexpr std::chrono::seconds drain_time{1};

core::TimePoint now() { return std::chrono::steady_clock::now(); }

wire::Limits limits_from(const Options& options)
{
    wire::Limits limits;
    limits.frame_bytes_max = options.frame_bytes_max;
    limits.call_timeout = options.call_timeout;
    limits.unidentified_max = options.unidentified_max;
    limits.queue_bytes_hard =
        std::max<std::size_t>(limits.queue_bytes_hard, options.frame_bytes_max + wire::rewrap_bytes_max);
    // A frame of the largest size must find room in a hub that others use as well.
    limits.total_bytes_max = std::max(limits.total_bytes_max, 4 * limits.queue_bytes_hard);
    return limits;
}

std::uint64_t seed_from(const Options& options)
{
    if (options.seed != 0) return options.seed;
    std::random_device kernel;
    return std::uint64_t{kernel()} << 32 | kernel();
}

template <class Enum, std::size_t count>
std::vector<Counted> counted(const core::CounterSet<Enum, count>& counters)
{
    std::vector<Counted> out;
    counters.each([&](Enum which, std::uint64_t n) { out.push_back({std::string{core::name_of(which)}, n}); });
    return out;
}

} // namespace

/// Owns the sessions and does what the router asks for: once per turn of the loop, after every handler that
/// was ready has fed the router, so that a burst of frames for one connection leaves in one write.
class Hub::Impl : public net::SessionOwner {
public:
    Impl(boost::asio::io_context& io, Options options, Observer& observer)
        : io_{io}, options_{std::move(options)}, observer_{observer}, limits_{limits_from(options_)},
          router_{limits_, seed_from(options_), now()}, deadline_{io}, drain_{io}
    {}

    ~Impl() override
    {
        for (const auto& session : unidentified_) session->close();
        for (const auto& session : sessions_)
            if (session) session->close();
    }

    void serve(int listener_fd)
    {
        listeners_.emplace_back(io_, listener_fd, [this](net::Descriptor socket, core::Credentials peer) {
            accepted(std::move(socket), peer);
        });
    }

    void adopt(int connected_fd, Identity who)
    {
        net::Descriptor socket{io_, connected_fd};
        if (::fcntl(connected_fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(connected_fd, F_SETFL, O_NONBLOCK) != 0)
            throw std::system_error{errno, std::generic_category(), "hub connection"};
        begin(std::make_shared<Session>(std::move(socket), router_, *this), std::move(who), core::Reach::builtin);
    }

    void stop(std::function<void()> stopped)
    {
        on_stopped_.push_back(std::move(stopped));
        if (!std::exchange(stopping_, true)) {
            // Not destroyed here: it may be a listener's callback that stops the hub.
            boost::asio::post(io_, [listeners = std::exchange(listeners_, {})] {});
            for (const auto& session : std::exchange(unidentified_, {})) session->close();
            router_.shut_down(now());
            drain_.expires_after(drain_time);
            drain_.async_wait([self = std::weak_ptr{self_}](const boost::system::error_code& error) {
                const auto alive = self.lock();
                if (alive && !error) (*alive)->close_all();
            });
        }
        fed();
    }

    void drain(const InstanceName& name, std::chrono::milliseconds timeout, DrainDone done)
    {
        draining_.emplace(router_.drain(name, now() + timeout, now()), std::move(done));
        fed();
    }

    void undrain(const InstanceName& name)
    {
        router_.undrain(name);
        fed();
    }

    Stats stats() const;
    std::vector<Route> routes() const;

private:
    void fed() override;
    void lost(PeerId peer, core::Disconnect reason) override;

    void accepted(net::Descriptor socket, const core::Credentials& peer);
    void identified(const std::shared_ptr<Session>& session, Identity who);
    void begin(const std::shared_ptr<Session>& session, Identity who, core::Reach reach);

    void do_what_is_asked();
    void tell_events();
    void tell_drained();
    void flush_dirty();
    void close_asked();
    void close_drained();
    void close_all();
    void arm_deadline();
    void deadline_came();

    bool admits(uid_t uid) const
    {
        return options_.allowed_uids.empty() || std::ranges::count(options_.allowed_uids, uid) > 0;
    }

    boost::asio::io_context& io_;
    Options options_;
    Observer& observer_;
    wire::Limits limits_;
    core::Router router_;
    std::list<net::Listener> listeners_;
    std::set<std::shared_ptr<Session>> unidentified_;
    std::vector<std::shared_ptr<Session>> sessions_; // by PeerId
    boost::asio::steady_timer deadline_;
    std::optional<core::TimePoint> armed_; // when deadline_ fires
    bool turn_posted_ = false;

    bool stopping_ = false;
    boost::asio::steady_timer drain_;
    std::vector<std::function<void()>> on_stopped_;

    std::vector<PeerId> dirty_;
    std::vector<core::Closure> closures_;
    std::vector<core::ObjectEvent> events_;
    std::vector<core::Drained> drained_;
    std::map<core::DrainId, DrainDone> draining_;
    std::shared_ptr<Impl*> self_ = std::make_shared<Impl*>(this); // posted handlers hold it weakly
};

void Hub::Impl::accepted(net::Descriptor socket, const core::Credentials& peer)
{
    if (stopping_) return;
    if (!admits(peer.uid)) return router_.count(core::Disconnect::uid_not_allowed);
    if (unidentified_.size() >= limits_.unidentified_max) return router_.count(core::Disconnect::too_many_unidentified);
    const auto session = std::make_shared<Session>(std::move(socket), router_, *this);
    unidentified_.insert(session);
    observer_.identify(peer, [this, waiting = std::weak_ptr{session}](Identity who) {
        // A closed session's hub may be gone: nothing of `this` may be touched before that is known.
        const auto there = waiting.lock();
        if (there && !there->closed() && !there->started()) identified(there, std::move(who));
    });
}

void Hub::Impl::identified(const std::shared_ptr<Session>& session, Identity who)
{
    unidentified_.erase(session);
    begin(session, std::move(who), core::Reach::ordinary);
}

void Hub::Impl::begin(const std::shared_ptr<Session>& session, Identity who, core::Reach reach)
{
    const PeerId peer = router_.connect(std::move(who), reach, now());
    if (core::index_of(peer) >= sessions_.size()) sessions_.resize(core::index_of(peer) + 1);
    sessions_[core::index_of(peer)] = session;
    session->start(peer);
}

void Hub::Impl::fed()
{
    if (std::exchange(turn_posted_, true)) return;
    boost::asio::post(io_, [self = std::weak_ptr{self_}] {
        if (const auto alive = self.lock()) (*alive)->do_what_is_asked();
    });
}

void Hub::Impl::do_what_is_asked()
{
    turn_posted_ = false;
    tell_events();
    tell_drained();
    flush_dirty();
    close_asked();
    if (stopping_) close_drained();
    arm_deadline();
}

void Hub::Impl::tell_events()
{
    router_.take_events(events_);
    for (const core::ObjectEvent& event : events_) {
        if (event.kind == core::ObjectEvent::Kind::published)
            observer_.published(event.who, event.object);
        else
            observer_.unpublished(event.who, event.object);
    }
}

void Hub::Impl::tell_drained()
{
    router_.take_drained(drained_);
    for (const core::Drained& drained : drained_)
        if (auto asked = draining_.extract(drained.id)) asked.mapped()(drained.in_flight);
}

void Hub::Impl::flush_dirty()
{
    router_.take_dirty(dirty_);
    for (const PeerId peer : dirty_) {
        const auto session = sessions_[core::index_of(peer)];
        if (!session->flush(now())) lost(peer, core::Disconnect::peer_closed);
    }
}

void Hub::Impl::close_asked()
{
    router_.take_closures(closures_);
    for (const core::Closure& closure : closures_) lost(closure.peer, closure.reason);
}

/// Closes the session and tells the router, which may then have more to do.
void Hub::Impl::lost(PeerId peer, core::Disconnect reason)
{
    const auto session = std::exchange(sessions_[core::index_of(peer)], nullptr);
    if (!session) return; // closed earlier in this turn
    session->flush(now());
    session->close();
    router_.disconnect(peer, reason, now());
    fed();
}

void Hub::Impl::close_drained()
{
    for (std::uint32_t i = 0; i < sessions_.size(); ++i)
        if (sessions_[i] && router_.outbox(PeerId{i}).empty()) lost(PeerId{i}, core::Disconnect::shutting_down);
    if (std::ranges::any_of(sessions_, [](const auto& session) { return session != nullptr; })) return;
    drain_.cancel();
    for (const auto& stopped : std::exchange(on_stopped_, {})) boost::asio::post(io_, stopped);
}

void Hub::Impl::close_all()
{
    for (std::uint32_t i = 0; i < sessions_.size(); ++i)
        if (sessions_[i]) lost(PeerId{i}, core::Disconnect::shutting_down);
    fed();
}

/// Most calls end before their deadline, so the timer is not moved when the first deadline moves away: it
/// fires once for nothing and looks again. A system call per call would cost more.
void Hub::Impl::arm_deadline()
{
    const auto next = router_.next_deadline();
    if (!next || (armed_ && *armed_ <= *next)) return;
    armed_ = next;
    deadline_.expires_at(*next);
    // A timer that has fired already can no longer be cancelled: the hub may be gone when its turn comes.
    deadline_.async_wait([self = std::weak_ptr{self_}](const boost::system::error_code& error) {
        const auto alive = self.lock();
        if (alive && !error) (*alive)->deadline_came(); // an error: the timer was moved
    });
}

void Hub::Impl::deadline_came()
{
    armed_.reset();
    router_.advance(now());
    do_what_is_asked();
}

Stats Hub::Impl::stats() const
{
    const core::Counters& counters = router_.counters();
    Stats stats;
    stats.connections = router_.connections();
    stats.connections_total = counters.connections_total;
    stats.objects = router_.objects();
    stats.frames_received = counters.frames_received;
    stats.frames_sent = counters.frames_sent;
    stats.bytes_received = counters.bytes_received;
    stats.bytes_sent = counters.bytes_sent;
    stats.queued_bytes = router_.queued_bytes();
    stats.calls_in_flight = router_.calls_in_flight();
    stats.draining_instances = router_.draining();
    stats.calls = counted(counters.calls);
    stats.dropped = counted(counters.dropped);
    stats.disconnects = counted(counters.disconnects);
    const auto& histogram = counters.call_duration;
    const auto counts = histogram.cumulative();
    stats.call_bounds_seconds.assign(histogram.bounds_seconds.begin(), histogram.bounds_seconds.end());
    stats.call_counts.assign(counts.begin(), counts.end());
    stats.call_count = histogram.count();
    stats.call_seconds_sum = histogram.sum_seconds();
    return stats;
}

std::vector<Route> Hub::Impl::routes() const
{
    std::vector<Route> out;
    for (auto& route : router_.routes())
        out.push_back({std::move(route.client), std::move(route.identity), route.reach == core::Reach::builtin,
                       route.draining, std::move(route.selectors)});
    return out;
}

Hub::Hub(boost::asio::io_context& io, Options options, Observer& observer)
    : impl_{std::make_unique<Impl>(io, std::move(options), observer)}
{}

Hub::~Hub() = default;

void Hub::serve(int listener_fd) { impl_->serve(listener_fd); }

void Hub::adopt(int connected_fd, Identity who) { impl_->adopt(connected_fd, std::move(who)); }

void Hub::stop(std::function<void()> stopped) { impl_->stop(std::move(stopped)); }

Stats Hub::stats() const { return impl_->stats(); }

void Hub::drain(const InstanceName& name, std::chrono::milliseconds timeout,
                std::function<void(std::uint32_t in_flight)> done)
{
    impl_->drain(name, timeout, std::move(done));
}

void Hub::undrain(const InstanceName& name) { impl_->undrain(name); }

std::vector<Route> Hub::routes() const { return impl_->routes(); }

} // namespace pandora::hub
