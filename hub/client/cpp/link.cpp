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

constexpr const char* withdrawn = "the object was withdrawn while the call was on its way";

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

template <class Named>
std::vector<std::string> names_of(const Named& members)
{
    std::vector<std::string> names;
    names.reserve(members.size());
    for (const auto& [name, member] : members) names.push_back(name);
    return names;
}

Outcome read(const Property& property)
{
    Outcome value;
    const auto failure = failure_of("the property", [&] { value = property(); });
    return failure ? Outcome{*failure} : value;
}

} // namespace

Interface interface_of(const Served::Object& object)
{
    return {.methods = names_of(object.methods), .properties = names_of(object.properties)};
}

EachListener each_of(PartListener part)
{
    if (!part) return nullptr;
    return [part = std::move(part)](const Json&, Outcome outcome) { part(std::move(outcome)); };
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
    protocol_.wake_with([io = io_.get_executor(), weak = weak_from_this()] {
        boost::asio::post(io, [weak] {
            if (const auto self = weak.lock()) self->turn();
        });
    });
    protocol_.connected(Clock::now());
    connection_->start();
    schedule_turn();
}

/// They hold this link no longer than they run: it may be destroyed by a function of its user's.
Connection::Handlers Link::connection_handlers()
{
    const auto weak = weak_from_this();
    const auto guarded = [weak](auto act) {
        return [weak, act](auto... arguments) {
            if (const auto self = weak.lock()) act(*self, arguments...);
        };
    };
    return {.space = [this] { return protocol_.space(); }, // who calls it is this link's, and closed by it
            .received =
                [weak](std::size_t bytes, std::vector<OwnedFd> descriptors) {
                    const auto self = weak.lock();
                    if (!self) return;
                    auto& protocol = self->protocol_;
                    const auto violation = protocol.received(bytes, Clock::now(), std::move(descriptors));
                    if (violation) self->lose(violation->what);
                    self->turn();
                },
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

void Link::perform(Denied& event)
{
    if (const auto handler = handlers_.denied) handler(event.what);
}

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
    const auto call = static_cast<std::uint64_t>(event.answer);
    handled_.emplace(event.answer, Handling{.cancellation = event.call.cancellation});
    const Reply reply{weak_from_this(), call};
    const auto object = find_object(event.object); // kept, for the method may withdraw or replace it
    const auto found = object ? object->methods.find(event.method) : Methods::const_iterator{};
    if (!object || found == object->methods.end()) return reply.error(withdrawn);
    const auto failure = failure_of("the method", [&] { found->second(event.call, reply); });
    if (failure) reply.error(failure->message);
}

void Link::perform(PropertyAsked& event)
{
    const auto object = find_object(event.object);
    const auto found = object ? object->properties.find(event.property) : Properties::const_iterator{};
    const bool there = object && found != object->properties.end();
    const Outcome value = there ? read(found->second) : Outcome{CallError{"Error", withdrawn}};
    if (!closed_) protocol_.answer(event.answer, value);
}

void Link::perform(IntrospectionAsked& event)
{
    const auto object = find_object(event.object);
    if (!object) return protocol_.answer(event.answer, CallError{"Error", withdrawn});
    std::vector<PropertyRead> properties;
    for (const auto& [name, property] : object->properties) properties.push_back({name, read(property)});
    if (!closed_) protocol_.answer(event.answer, introspection(names_of(object->methods), properties));
}

void Link::perform(Canceled& event)
{
    auto node = handled_.extract(event.answer);
    if (node.empty()) return;
    node.mapped().cancellation->cancel();
}

void Link::perform(PartsWanted& event)
{
    const auto found = handled_.find(event.answer);
    if (found == handled_.end()) return;
    if (const auto wanted = found->second.part_wanted) wanted(); // a copy, for it may put another in its place
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

void Link::perform(ChannelOpened& event)
{
    auto node = waiters_.extract(event.call);
    if (!node.empty() && node.mapped().opened) node.mapped().opened(event.number, std::move(event.socket), event.peer);
}

void Link::perform(ChannelOffered& event)
{
    const auto handler = handlers_.channel_offered;
    if (handler) handler(event.number, std::move(event.socket), event.peer);
}

void Link::perform(ChannelEnded& event)
{
    if (const auto handler = handlers_.channel_ended) handler(event.number);
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

std::shared_ptr<const Served::Object> Link::find_object(const std::string& name) const
{
    const auto found = served_->objects.find(name);
    return found == served_->objects.end() ? nullptr : found->second;
}

// ---- answers

void Link::answer(std::uint64_t call, const Outcome& outcome)
{
    if (closed_) return;
    const auto node = handled_.extract(AnswerId{call}); // what its handlers hold is let go when this returns
    if (!node.empty()) node.mapped().cancellation->forget();
    protocol_.answer(AnswerId{call}, outcome);
    schedule_turn();
}

bool Link::part(std::uint64_t call, const Payload& value)
{
    if (closed_) return false;
    schedule_turn();
    return protocol_.part(AnswerId{call}, value);
}

void Link::on_part_wanted(std::uint64_t call, std::function<void()> handler)
{
    const auto found = handled_.find(AnswerId{call});
    if (found != handled_.end()) std::swap(found->second.part_wanted, handler); // what the old one holds goes last
}

// ---- calls and the end

void Link::cancel(std::uint64_t call)
{
    if (closed_) return;
    with_protocol([&](Protocol& protocol, TimePoint) { protocol.cancel(RequestId{call}); });
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
    protocol_.disconnected(); // with it whatever would wake this link from other threads
    deadline_timer_.cancel();
    // Users' functions may hold the last reference to anything, this link's owner included: let them go from locals.
    const auto dropped =
        std::tuple{std::exchange(waiters_, {}), std::exchange(handled_, {}), std::exchange(handlers_, {})};
}

} // namespace pandora::hub::client
