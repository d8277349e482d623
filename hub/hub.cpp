#include "hub/hub.hpp"

#include "hub/core/admission.hpp"
#include "hub/core/router.hpp"
#include "hub/net/credentials.hpp"
#include "hub/net/fd_passing.hpp"
#include "hub/net/listener.hpp"
#include "hub/net/pace.hpp"
#include "hub/net/session.hpp"
#include "hub/numbers.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace pandora::hub {

namespace {

using core::PeerId;
using net::Session;

using DrainDone = std::function<void(std::uint32_t in_flight)>;
using WaitDone = std::function<void(const WaitEnd&)>;

/// How long a stopping hub waits for clients to read what is queued for them.
constexpr std::chrono::seconds drain_time{1};

core::TimePoint now() { return std::chrono::steady_clock::now(); }

/// Descriptors of this process that are there for clients. The limit has been raised by whoever began it.
std::size_t descriptors_for_clients(const wire::Limits& limits)
{
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0)
        throw std::system_error{errno, std::generic_category(), "getrlimit"};
    const auto reserved = static_cast<rlim_t>(limits.descriptors_reserved);
    return static_cast<std::size_t>(std::max(descriptors.rlim_cur, reserved + 1) - reserved);
}

wire::Limits limits_from(const Options& options)
{
    wire::Limits limits;
    limits.fds_max = descriptors_for_clients(limits) / wire::Limits::fds_share;
    limits.frame_bytes_max = options.frame_bytes_max;
    limits.call_timeout = options.call_timeout;
    limits.ping_patience = options.unresponsive_after;
    limits.ping_period = std::min(limits.ping_period, options.unresponsive_after);
    limits.unidentified_max = options.unidentified_max;
    limits.queue_bytes_hard =
        std::max<std::size_t>(limits.queue_bytes_hard, options.frame_bytes_max + wire::rewrap_bytes_max);
    // A frame of the largest size must find room in a hub that others use as well.
    limits.total_bytes_max = std::max(limits.total_bytes_max, 4 * limits.queue_bytes_hard);
    return limits;
}

/// A connection is a descriptor of this process, too.
core::Admission::Scope scope_from(const Options& options, const wire::Limits& limits)
{
    return {options.owner, descriptors_for_clients(limits) - limits.fds_max};
}

/// Who it is was found out by its number, which must have been its own all the while. The pidfd has done its work then:
/// a connection takes one descriptor, not two.
Identity confirmed(Identity who, const core::Fd& pidfd)
{
    if (net::number_is_free(pidfd)) who = {.app = "", .process = "", .instance = 0, .credentials = who.credentials};
    who.credentials.pidfd = nullptr;
    return who;
}

std::uint64_t seed_from(const Options& options)
{
    if (options.seed != 0) return options.seed;
    std::random_device kernel;
    return std::uint64_t{kernel()} << 32 | kernel();
}

} // namespace

/// Owns the sessions and does what the router asks for: at the end of the loop's turn, when all that was ready has fed
/// the router, so that a burst of frames for one connection leaves in one write; sooner where Pace sees none.
class Hub::Impl : public net::SessionOwner {
public:
    Impl(boost::asio::io_context& io, Options options, Observer& observer)
        : io_{io}, options_{std::move(options)}, observer_{observer}, limits_{limits_from(options_)},
          admission_{limits_, scope_from(options_, limits_)}, router_{limits_, seed_from(options_), now()},
          deadline_{io}, drain_{io}
    {}

    ~Impl() override
    {
        for (const auto& session : unidentified_) session->close();
        for (const auto& session : sessions_)
            if (session) session->close();
    }

    void serve(int listener_fd)
    {
        listeners_.emplace_back(
            io_, listener_fd,
            [this](net::Descriptor socket, core::Credentials peer) { accepted(std::move(socket), peer); },
            [this](core::Disconnect reason) { router_.count(reason); });
    }

    void adopt(int connected_fd, Identity who, Reach reach)
    {
        net::Descriptor socket{io_, connected_fd};
        if (::fcntl(connected_fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(connected_fd, F_SETFL, O_NONBLOCK) != 0)
            throw std::system_error{errno, std::generic_category(), "hub connection"};
        begin(std::make_shared<Session>(std::move(socket), core::Admission::Place{}, router_, *this), std::move(who),
              reach);
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
        router_.undrain(name, now());
        fed();
    }

    void promise(const std::string& process, std::vector<std::string> objects)
    {
        router_.promise(process, std::move(objects));
    }

    void heard(InstanceNews news)
    {
        router_.heard(std::move(news), now());
        fed();
    }

    void set_policy(std::vector<Rule> rules, bool strict)
    {
        router_.set_policy(core::Policy{std::move(rules)}, strict);
    }

    WaitId wait_for(std::uint32_t asker, const std::string& selector, core::TimePoint deadline, WaitDone done)
    {
        const WaitId id = router_.wait_for(asker, selector, deadline, now());
        waiting_.emplace(id, std::move(done));
        fed();
        return id;
    }

    void stop_waiting(std::uint32_t asker, WaitId id)
    {
        router_.stop_waiting(asker, id);
        waiting_.erase(id);
    }

    void monitor(Tap what, std::function<void(const std::vector<TapRecord>&)> see)
    {
        router_.tap(what);
        see_ = std::move(see);
    }

    const core::Router& router() const { return router_; }

    std::vector<CutInfo> cuts() const { return {router_.cuts().begin(), router_.cuts().end()}; }

private:
    void fed() override;
    void fed_all() override;
    void lost(PeerId peer, core::Disconnect reason) override;

    void accepted(net::Descriptor socket, const core::Credentials& peer);
    void identified(const std::shared_ptr<Session>& session, Identity who);
    void begin(const std::shared_ptr<Session>& session, Identity who, core::Reach reach);

    void do_what_is_asked();
    void tell_events();
    void tell_drained();
    void tell_waited();
    void tell_liveness();
    void tell_monitor();
    void open_channels();
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
    core::Admission admission_;
    core::Router router_;
    std::list<net::Listener> listeners_;
    std::set<std::shared_ptr<Session>> unidentified_;
    std::vector<std::shared_ptr<Session>> sessions_; // by PeerId
    boost::asio::steady_timer deadline_;
    std::optional<core::TimePoint> armed_; // when deadline_ fires
    bool turn_posted_ = false;
    net::Pace pace_;

    bool stopping_ = false;
    boost::asio::steady_timer drain_;
    std::vector<std::function<void()>> on_stopped_;

    std::vector<PeerId> dirty_;
    std::vector<core::Closure> closures_;
    std::vector<core::ObjectEvent> events_;
    std::vector<core::Drained> drained_;
    std::map<core::DrainId, DrainDone> draining_;
    std::vector<core::Waited> waited_;
    std::map<WaitId, WaitDone> waiting_;
    std::vector<core::LivenessEvent> liveness_;
    std::vector<core::ChannelWanted> channels_;
    std::vector<TapRecord> seen_;
    std::function<void(const std::vector<TapRecord>&)> see_;
    std::shared_ptr<Impl*> self_ = std::make_shared<Impl*>(this); // posted handlers hold it weakly
};

void Hub::Impl::accepted(net::Descriptor socket, const core::Credentials& peer)
{
    if (stopping_) return;
    if (!admits(peer.uid)) return router_.count(core::Disconnect::uid_not_allowed);
    if (unidentified_.size() >= limits_.unidentified_max) return router_.count(core::Disconnect::too_many_unidentified);
    auto place = admission_.arrive(peer, now());
    if (const auto* refused = std::get_if<core::Disconnect>(&place)) return router_.count(*refused);
    const auto session = std::make_shared<Session>(std::move(socket),
                                                   std::get<core::Admission::Place>(std::move(place)), router_, *this);
    unidentified_.insert(session);
    observer_.identify(peer, [this, pidfd = peer.pidfd, waiting = std::weak_ptr{session}](Identity who) {
        // A closed session's hub may be gone: nothing of `this` may be touched before that is known.
        const auto there = waiting.lock();
        if (there && !there->closed() && !there->started()) identified(there, confirmed(std::move(who), pidfd));
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
    fed(); // somebody may have waited for it
}

void Hub::Impl::fed()
{
    if (std::exchange(turn_posted_, true)) return;
    boost::asio::post(io_, [self = std::weak_ptr{self_}] {
        if (const auto alive = self.lock()) (*alive)->do_what_is_asked();
    });
}

void Hub::Impl::fed_all()
{
    if (pace_.at_once() && !turn_posted_) return do_what_is_asked();
    fed();
}

void Hub::Impl::do_what_is_asked()
{
    turn_posted_ = false;
    pace_.turn_ended();
    tell_events();
    tell_drained();
    tell_waited();
    tell_liveness();
    open_channels();
    tell_monitor();
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

void Hub::Impl::tell_waited()
{
    router_.take_waited(waited_);
    for (const core::Waited& waited : waited_)
        if (auto asked = waiting_.extract(waited.id)) asked.mapped()(waited.end);
}

void Hub::Impl::tell_liveness()
{
    router_.take_liveness(liveness_);
    for (const core::LivenessEvent& event : liveness_)
        observer_.unresponsive(event.who, event.unresponsive, event.silent);
}

void Hub::Impl::tell_monitor()
{
    router_.take_taps(seen_);
    if (!seen_.empty() && see_) see_(seen_);
}

void Hub::Impl::open_channels()
{
    router_.take_channels(channels_);
    for (const core::ChannelWanted& wanted : channels_) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
            router_.cannot_open(wanted, now());
            continue;
        }
        router_.opened(wanted, net::own(ends[0]), net::own(ends[1]), now());
    }
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

Hub::Hub(boost::asio::io_context& io, Options options, Observer& observer)
    : impl_{std::make_unique<Impl>(io, std::move(options), observer)}
{}

Hub::~Hub() = default;

void Hub::serve(int listener_fd) { impl_->serve(listener_fd); }

void Hub::adopt(int connected_fd, Identity who, Reach reach) { impl_->adopt(connected_fd, std::move(who), reach); }

void Hub::stop(std::function<void()> stopped) { impl_->stop(std::move(stopped)); }

Stats Hub::stats() const { return stats_of(impl_->router()); }

void Hub::drain(const InstanceName& name, std::chrono::milliseconds timeout,
                std::function<void(std::uint32_t in_flight)> done)
{
    impl_->drain(name, timeout, std::move(done));
}

void Hub::undrain(const InstanceName& name) { impl_->undrain(name); }

void Hub::promise(const std::string& process, std::vector<std::string> objects)
{
    impl_->promise(process, std::move(objects));
}

void Hub::heard(InstanceNews news) { impl_->heard(std::move(news)); }

void Hub::set_policy(std::vector<Rule> rules, bool strict) { impl_->set_policy(std::move(rules), strict); }

WaitId Hub::wait_for(std::uint32_t asker, const std::string& selector, core::TimePoint deadline,
                     std::function<void(const WaitEnd&)> done)
{
    return impl_->wait_for(asker, selector, deadline, std::move(done));
}

void Hub::stop_waiting(std::uint32_t asker, WaitId id) { impl_->stop_waiting(asker, id); }

void Hub::monitor(Tap what, std::function<void(const std::vector<TapRecord>&)> see)
{
    impl_->monitor(what, std::move(see));
}

std::vector<pid_t> Hub::online_pids(const InstanceName& name) const { return impl_->router().online_pids(name); }

bool Hub::has_subscribers(const std::string& object, const std::string& event) const
{
    return impl_->router().has_subscribers(object, event);
}

std::vector<std::string> Hub::subscribed_events(const std::string& object) const
{
    return impl_->router().subscribed_events(object);
}

std::vector<Route> Hub::routes() const { return routes_of(impl_->router()); }

std::vector<ClientInfo> Hub::clients() const { return impl_->router().clients(now()); }

std::vector<ChannelInfo> Hub::channels() const { return impl_->router().direct_channels(now()); }

std::vector<CutInfo> Hub::cuts() const { return impl_->cuts(); }

} // namespace pandora::hub
