#include "hub/client/cpp/link.hpp"

#include <boost/asio/post.hpp>

#include <cassert>
#include <exception>
#include <tuple>
#include <utility>
#include <vector>

namespace pandora::hub::client {

using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

/// What came of running a user's function; nullopt: it returned.
template <class Run>
std::optional<CallError> failure_of(const char* what, Run run)
{
    try {
        run();
        return std::nullopt;
    } catch (const std::exception& error) {
        return CallError{"Error", error.what()};
    } catch (...) {
        return CallError{"Error", std::string{what} + " failed with an exception that is no std::exception"};
    }
}

} // namespace

std::vector<std::string> names_of(const Methods& methods)
{
    std::vector<std::string> names;
    names.reserve(methods.size());
    for (const auto& [name, method] : methods) names.push_back(name);
    return names;
}

Link::Link(boost::asio::io_context& io, Protocol protocol, std::shared_ptr<Served> served, Handlers handlers)
    : io_{io}, protocol_{std::move(protocol)}, served_{std::move(served)}, handlers_{std::move(handlers)},
      deadline_timer_{io}
{}

Link::~Link() { drop_connection(); }

// ---- the connection

void Link::attach(int connected_fd)
{
    assert(!connection_ && !closed_);
    connection_ = std::make_shared<Connection>(io_, connected_fd, connection_handlers());
    protocol_.connected(Clock::now());
    connection_->start();
    schedule_turn();
}

/// They hold this link no longer than they run: it may be destroyed by a
/// function of its user's.
Connection::Handlers Link::connection_handlers()
{
    const auto weak = weak_from_this();
    const auto guarded = [weak](auto act) {
        return [weak, act](auto... arguments) {
            if (const auto self = weak.lock()) act(*self, arguments...);
        };
    };
    return {.space = [this] { return protocol_.space(); }, // who calls it is this link's, and closed by it
            .received = guarded([](Link& self, std::size_t bytes) {
                if (const auto violation = self.protocol_.received(bytes, Clock::now())) self.lose(violation->what);
                self.turn();
            }),
            .written = guarded([](Link& self) {
                self.protocol_.output_written();
                self.turn();
            }),
            .ended = guarded([](Link& self, const std::string& reason) {
                self.lose(reason);
                self.turn();
            })};
}

void Link::drop_connection()
{
    totals_ = totals();
    if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
}

void Link::lose(const std::string& reason)
{
    if (!connection_) return;
    drop_connection();
    if (last_)
        protocol_.end();
    else
        protocol_.disconnected();
    if (const auto handler = handlers_.lost) handler(reason);
}

void Link::disconnect(const std::string& reason)
{
    lose(reason);
    schedule_turn();
}

void Link::write()
{
    if (!connection_ || connection_->is_writing()) return;
    auto chunks = protocol_.take_output();
    if (!chunks.empty() && connection_->write(std::move(chunks))) protocol_.output_written();
}

// ---- the loop turn

void Link::schedule_turn()
{
    if (closed_ || std::exchange(in_turn_, true)) return;
    boost::asio::post(io_, [self = shared_from_this()] { self->turn(); });
}

void Link::turn()
{
    if (closed_) return;
    in_turn_ = true; // what is asked for below belongs to this turn
    do {
        for (auto events = protocol_.take_events(); !events.empty(); events = protocol_.take_events()) {
            for (auto& event : events) {
                if (closed_) return;
                std::visit([this](auto& happened) { perform(happened); }, event);
            }
        }
        if (closed_) return;
        write();
    } while (protocol_.has_events());
    in_turn_ = false;
    arm_deadline();
}

void Link::arm_deadline()
{
    const auto next = protocol_.next_deadline();
    if (!next || (armed_for_ && *armed_for_ <= *next)) return; // an early wake-up arms again; most deadlines never come
    armed_for_ = next;
    deadline_timer_.expires_at(*next);
    deadline_timer_.async_wait([weak = weak_from_this()](error_code error) {
        const auto self = weak.lock();
        if (error || !self || self->closed_) return;
        self->armed_for_.reset();
        self->protocol_.expire(Clock::now());
        self->turn();
    });
}

void Link::perform(BecameOnline&)
{
    if (const auto handler = handlers_.online) handler();
}

void Link::perform(Refused& event) { lose(event.reason); }

void Link::perform(Finished& event)
{
    ++totals_.calls;
    if (std::holds_alternative<CallError>(event.outcome)) ++totals_.errors;
    auto node = waiters_.extract(event.call);
    if (!node.empty() && node.mapped().done) node.mapped().done(std::move(event.outcome));
}

void Link::perform(Partial& event)
{
    const auto found = waiters_.find(event.call);
    if (found == waiters_.end() || !found->second.each) return;
    const EachListener each = found->second.each; // a copy, for it may cancel its own call
    each(event.who, std::move(event.outcome));
    if (!closed_) protocol_.part_taken(event.call);
}

void Link::perform(Invoked& event)
{
    const Reply reply = reply_to(event.answer);
    const auto object = served_->objects.find(event.object);
    const auto found = object == served_->objects.end() ? Methods::const_iterator{} : object->second.find(event.method);
    if (object == served_->objects.end() || found == object->second.end())
        return reply.error("the object was withdrawn while the call was on its way");
    const Method method = found->second; // a copy, for the method may withdraw or
                                         // replace its own object
    const auto failure = failure_of("the method", [&] { method(event.call, reply); });
    if (failure) reply.error(failure->message);
    if (!closed_ && reply.answered())
        handled_.erase(event.answer);
    else if (const auto kept = handled_.find(event.answer); kept != handled_.end())
        kept->second.cancellation = event.call.cancellation;
}

void Link::perform(Canceled& event)
{
    auto node = handled_.extract(event.answer);
    if (node.empty()) return;
    const auto let_go = std::exchange(*node.mapped().part_wanted, nullptr);
    if (node.mapped().cancellation) node.mapped().cancellation->cancel();
}

void Link::perform(PartsWanted& event)
{
    const auto found = handled_.find(event.answer);
    if (found == handled_.end()) return;
    if (const auto wanted = *found->second.part_wanted) wanted(); // a copy, for it may put another in its place
}

void Link::perform(Notified& event)
{
    std::vector<EventListener> listeners; // copies, for one may unsubscribe itself or another
    auto& all = served_->subscribers;
    for (auto at = all.lower_bound(Topic{event.topic.object, {}}); at != all.end(); ++at) {
        if (at->first.object != event.topic.object) break;
        if (matches(at->first.event, event.topic.event)) listeners.push_back(at->second.listener);
    }
    std::optional<CallError> first_failure;
    for (const auto& listener : listeners) {
        auto failure = failure_of("the listener", [&] { listener(event.topic.event, event.params); });
        if (failure && !first_failure) first_failure = std::move(failure);
        if (closed_) return;
    }
    if (first_failure)
        protocol_.answer(event.answer, *first_failure);
    else
        protocol_.answer(event.answer, Outcome::absent());
}

void Link::perform(Overflowed& event)
{
    const auto found = served_->subscribers.find(event.topic);
    if (found == served_->subscribers.end()) return;
    if (const auto told = found->second.on_overflow) told(event.lost);
}

/// The frame said that it comes with the connection's next descriptor.
OwnedFd Link::take_descriptor()
{
    OwnedFd fd = connection_ ? connection_->take_descriptor() : OwnedFd{};
    if (!fd) lose("the hub sent a frame without its descriptors");
    return fd;
}

void Link::perform(ChannelOpened& event)
{
    auto node = waiters_.extract(event.call);
    OwnedFd fd = take_descriptor();
    if (fd && !node.empty() && node.mapped().opened) node.mapped().opened(event.number, std::move(fd), event.peer);
}

void Link::perform(ChannelOffered& event)
{
    OwnedFd fd = take_descriptor();
    const auto handler = handlers_.channel_offered;
    if (fd && handler) handler(event.number, std::move(fd), event.peer);
}

void Link::perform(ChannelEnded& event)
{
    if (const auto handler = handlers_.channel_ended) handler(event.number);
}

void Link::perform(DescriptorsUnclaimed& event)
{
    for (std::size_t i = 0; i < event.count && connection_; ++i) take_descriptor();
}

Link::Totals Link::totals() const
{
    Totals totals = totals_;
    if (connection_) {
        totals.bytes_sent += connection_->bytes_written();
        totals.bytes_received += connection_->bytes_read();
    }
    return totals;
}

void Link::perform(GoingAway&)
{
    if (const auto handler = handlers_.goaway) handler();
}

void Link::perform(Left&)
{
    if (const auto handler = handlers_.left) handler();
}

Reply Link::reply_to(AnswerId id)
{
    const auto wanted = std::make_shared<std::function<void()>>();
    handled_.emplace(id, Handling{nullptr, wanted});
    const auto weak = weak_from_this();
    const auto answer = [weak, id](const Outcome& outcome) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        auto node = self->handled_.extract(id); // what its handlers hold is let go when this returns
        if (!node.empty() && node.mapped().cancellation) node.mapped().cancellation->forget();
        self->protocol_.answer(id, outcome);
        self->schedule_turn();
    };
    const auto part = [weak, id](const Payload& what) {
        const auto self = weak.lock();
        if (!self || self->closed_) return false;
        self->schedule_turn();
        return self->protocol_.part(id, what);
    };
    return Reply{answer, {.send = part, .wanted = wanted}};
}

// ---- calls and the end

CallHandle Link::open_channel(const Selector& who, const CallOptions& options, Millis timeout, ChannelListener opened,
                              Completion done)
{
    if (closed_) {
        refuse(std::move(done));
        return {};
    }
    const RequestId id = with_protocol(
        [&](Protocol& protocol, TimePoint now) { return protocol.open_channel(who, options, timeout, now); });
    waiters_.emplace(id, Waiter{.done = std::move(done), .each = {}, .opened = std::move(opened)});
    return {weak_from_this(), static_cast<std::uint64_t>(id)};
}

void Link::cancel(std::uint64_t call)
{
    if (closed_) return;
    with_protocol([&](Protocol& protocol, TimePoint now) { protocol.cancel(RequestId{call}, now); });
}

void Link::refuse(Completion done)
{
    if (!done) return;
    const CallError error{"PandoraConnectionLostError", "this client was stopped"};
    boost::asio::post(io_, [done = std::move(done), error] { done(error); });
}

void Link::finish()
{
    drop_connection();
    closed_ = true; // what the completions below ask for comes too late
    protocol_.end();
    auto events = protocol_.take_events();
    for (auto& event : events) {
        if (auto* finished = std::get_if<Finished>(&event)) perform(*finished);
    }
}

void Link::abandon()
{
    closed_ = true;
    drop_connection();
    deadline_timer_.cancel();
    // Users' functions may hold the last reference to anything, this link's owner
    // included: let them go from locals.
    const auto dropped =
        std::tuple{std::exchange(waiters_, {}), std::exchange(handled_, {}), std::exchange(handlers_, {})};
}

} // namespace pandora::hub::client
