// The hub's decisions: who is reached, how calls end, who is refused and why. Pure: events and `now` go in; outboxes,
// disconnects and object events are taken out. One object a hub; all on one thread.
//
//   router.cpp            connections, and what is due
//   router_registry.cpp   online, offline, publish, unpublish
//   router_legacy.cpp     a legacy frame as a message
//   router_native.cpp     a native frame as a message; the control frames
//   router_messages.cpp   to whom a message goes
//   router_answers.cpp    how calls end
//   router_waiting.cpp    calls that wait for a process, or for the reason of its end
//   router_events.cpp     native events and subscriptions
//   router_legacy_events.cpp   the same where one side is legacy
//   router_channels.cpp   direct channels and pools
//   router_views.cpp      what people are shown
#pragma once

#include "hub/core/calls.hpp"
#include "hub/core/channels.hpp"
#include "hub/core/connections.hpp"
#include "hub/core/counters.hpp"
#include "hub/core/deadlines.hpp"
#include "hub/core/drains.hpp"
#include "hub/core/expectations.hpp"
#include "hub/core/failure.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/legacy_subscriptions.hpp"
#include "hub/core/liveness.hpp"
#include "hub/core/message.hpp"
#include "hub/core/names.hpp"
#include "hub/core/parking.hpp"
#include "hub/core/policy.hpp"
#include "hub/core/pools.hpp"
#include "hub/core/router_output.hpp"
#include "hub/core/router_parts.hpp"
#include "hub/core/routes.hpp"
#include "hub/core/tap.hpp"
#include "hub/core/targets.hpp"
#include "hub/core/topics.hpp"
#include "hub/core/translation.hpp"
#include "hub/core/waiters.hpp"
#include "hub/wire/decoder.hpp"
#include "hub/wire/legacy_json.hpp"
#include "hub/wire/limits.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace pandora::hub::core {

class Router {
public:
    /// `seed`: of the random choice between equally loaded callees.
    Router(const wire::Limits& limits, std::uint64_t seed, TimePoint now);
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    PeerId connect(Identity identity, Reach reach, TimePoint now);

    /// The connection is closed: the last thing that may be said of `peer`. `reason` counts unless the router
    /// itself has asked for the end.
    void disconnect(PeerId peer, Disconnect reason, TimePoint now);

    /// One complete frame, with the descriptors that it states. Whatever it holds, the worst it can do is end the
    /// connection it came from.
    void receive(PeerId peer, const wire::Frame& frame, std::span<const Fd> fds, TimePoint now);

    void receive(PeerId peer, const wire::Frame& frame, TimePoint now) { receive(peer, frame, {}, now); }

    /// A frame was announced that is above frame_bytes_max(): it is answered, and the connection ends.
    void receive_oversized(PeerId peer, const wire::FrameHeader& header, TimePoint now);

    /// The edge cannot go on with what came, or with what is to be sent: too few descriptors, say.
    void receive_violation(PeerId peer, Disconnect reason, TimePoint now);

    /// The state of the connection's input after a read: whether frames were completed by it, and how much it
    /// holds of one that has only begun, which must then be completed in time and is charged to the connection, as are
    /// the descriptors that have come with it.
    void note_input(PeerId peer, bool completed, std::size_t partial_bytes, std::size_t fds, TimePoint now);

    /// The longest body that the connection may send now.
    std::uint32_t frame_bytes_max(PeerId peer) const;

    /// Whether the connection may send descriptors.
    bool speaks_native(PeerId peer) const { return connections_[peer].native != nullptr; }

    /// Whether it has gone online.
    bool is_online(PeerId peer) const { return connections_[peer].online; }

    /// Ends what is due.
    void advance(TimePoint now);
    /// When to call advance() at the latest; nullopt: nothing is waiting.
    std::optional<TimePoint> next_deadline() const;

    /// Answers every call in flight, and from now on every call that comes, as shutting down.
    void shut_down(TimePoint now);

    // What the supervisor says.

    /// From now on an invoke or send goes to this instance only where no other takes it; connections that it makes
    /// later are included. take_drained() tells when nothing is in flight there, at `deadline` at the latest.
    DrainId drain(const InstanceName& name, TimePoint deadline, TimePoint now);

    /// The end of that: the instance is to be served again, or it has ended and the next of its name is another.
    void undrain(const InstanceName& name, TimePoint now);

    /// The objects that a process is to publish.
    void promise(const std::string& process, std::vector<std::string> objects);

    void heard(InstanceNews news, TimePoint now);

    /// Of calls, publications and subscriptions that come from now on.
    void set_policy(Policy policy, bool strict);

    /// Waits, as by WAIT_FOR, in the name of the connection whose handle `asker` is, which is charged for it: until
    /// somebody takes requests for the selector (valid JSON), at `deadline` at the latest. take_waited() tells the end.
    WaitId wait_for(std::uint32_t asker, std::string_view selector, TimePoint deadline, TimePoint now);

    /// Nobody wants to know any more. Of one that has ended: nothing.
    void stop_waiting(std::uint32_t asker, WaitId id);

    /// The answer to a ChannelWanted.
    void opened(const ChannelWanted& wanted, Fd callers_end, Fd callees_end, TimePoint now);
    void cannot_open(const ChannelWanted& wanted, TimePoint now);

    /// What is kept for take_taps() from now on.
    void tap(Tap what);

    // What there is to do.

    const Outbox& outbox(PeerId peer) const { return connections_[peer].outbox; }

    /// `bytes` of the connection's outbox were taken by its socket.
    void sent(PeerId peer, std::size_t bytes, TimePoint now);

    /// Frames that were queued for anybody, ever: what the edge counts to let others have their turn.
    std::uint64_t frames_queued() const { return connections_.frames_queued(); }

    /// Its socket takes no more of what waits, for now.
    void blocked(PeerId peer, TimePoint now);

    // What there is to do since the last time, by swapping with `into`, whose old content is dropped.

    void take_dirty(std::vector<PeerId>& into) { connections_.take_dirty(into); }

    void take_closures(std::vector<Closure>& into) { connections_.take_closures(into); }

    void take_events(std::vector<ObjectEvent>& into);
    void take_liveness(std::vector<LivenessEvent>& into);
    void take_channels(std::vector<ChannelWanted>& into);
    void take_waited(std::vector<Waited>& into);
    void take_taps(std::vector<TapRecord>& into);

    void take_drained(std::vector<Drained>& into) { drains_.take(into); }

    // What people are shown.

    const Counters& counters() const { return counters_; }

    /// Ends that happen before there is a connection.
    void count(Disconnect reason) { counters_.disconnects.add(reason); }

    /// Descriptors or frames that the edge had to drop.
    void count(Drop reason, std::uint64_t n = 1) { counters_.dropped.add(reason, n); }

    std::size_t connections() const { return connections_.size(); }

    std::size_t objects() const { return objects_; }

    std::size_t calls_in_flight() const { return calls_.size(); }

    std::size_t parked() const { return parking_.size(); }

    std::size_t draining() const { return drains_.size(); }

    std::size_t unresponsive() const { return liveness_.unresponsive(); }

    std::size_t subscriptions() const { return topics_.subscriptions(); }

    std::size_t channels() const { return channels_.size(); }

    /// Calls that went through direct channels, as their callers tell.
    std::uint64_t channel_calls() const { return channels_.calls_total(); }

    std::size_t queued_bytes() const { return connections_.queued_bytes(); }

    /// All that is charged to connections: queues, selectors, half-gathered answers, parked calls, frames begun.
    std::size_t charged_bytes() const { return connections_.charged_bytes(); }

    /// Descriptors that are kept for connections: in queues, of pools, and of frames that have begun.
    std::size_t descriptors() const { return connections_.fds(); }

    /// Whether anybody hears that event of the object, in either dialect.
    bool has_subscribers(std::string_view object, std::string_view event) const;

    /// The events of the object that somebody has subscribed to by name, in both dialects; sorted, each once.
    std::vector<std::string> subscribed_events(std::string_view object) const;

    /// Whose connections of that name are online, each pid once: of the instance's own process, or of descendants.
    std::vector<pid_t> online_pids(const InstanceName& name) const;

    /// Of the connections that have selectors, the one first that came first; one that went offline and
    /// published again counts as new, as in the npm hub's table.
    std::vector<RouteInfo> routes() const;

    std::vector<ClientInfo> clients(TimePoint now) const;

    /// The oldest first.
    std::vector<ChannelInfo> direct_channels(TimePoint now) const;

    const std::deque<CutInfo>& cuts() const { return cuts_; }

private:
    using Choice = std::variant<PeerId, Failure>;

    // router.cpp
    void receive_legacy(PeerId peer, const wire::Frame& frame, TimePoint now);
    void receive_native(PeerId peer, const wire::Frame& frame, std::span<const Fd> fds, TimePoint now);
    void receive_native(PeerId peer, const wire::Frame& frame, const wire::NativeBody& body, std::span<const Fd> fds,
                        TimePoint now);
    void dispatch(const Inbound& in);
    void wrong_dialect(const Inbound& in);
    void malformed(PeerId peer, std::uint32_t packet, TimePoint now);
    void settle(TimePoint now);
    void end_doomed(TimePoint now);
    void detach(PeerId peer, Disconnect reason, TimePoint now);
    void watch_liveness(TimePoint now);
    void mark(const InstanceName& name, bool Peer::*what, bool is);

    // router_registry.cpp
    void online(const Inbound& in);
    void offline(const Inbound& in);
    void publish(const Inbound& in);
    void unpublish(const Inbound& in);
    std::optional<std::string> strict_conflict(const Inbound& in) const;
    std::optional<std::string> go_native(const Inbound& in);
    void lose_legacy_calls(PeerId peer, TimePoint now);
    bool store_selector(const Inbound& in, std::string_view selector);
    std::optional<std::string> may_not_publish(const Peer& peer, std::string_view object);
    std::optional<std::string> may_not_hear(const Peer& peer, std::string_view subscriber);
    void withdrawn(PeerId peer, const std::vector<RouteTable::Stored>& removed);

    // router_legacy.cpp
    void legacy_message(const Inbound& in);
    void legacy_answer(const Inbound& in);
    Message read_legacy(const Inbound& in);
    void route_legacy(Message& message);
    Millis timeout_of(const wire::LegacyBody& body) const;

    // router_native.cpp
    Message read_native(PeerId from, const wire::Frame& frame, const wire::NativeBody& body, std::span<const Fd> fds,
                        TimePoint now);
    void route_native(Message& message);
    void native_answer(PeerId from, const wire::FrameHeader& header, const wire::NativeBody& body,
                       std::span<const Fd> fds, TimePoint now);
    std::optional<Failure> flaw_of(const Message& message) const;
    bool is_selector(std::string_view text) const;
    std::optional<std::string_view> selector_in(const wire::NativeBody& body) const;
    const Target& target_of(const Message& message);
    TimePoint deadline_of(std::uint64_t asked, TimePoint now) const;
    void control_frame(const ControlFrame& in);
    void answer_control(const ControlFrame& in, wire::RoutingBlock block, std::string_view payload,
                        std::span<const Fd> fds);
    void refuse_control(const ControlFrame& in, const Failure& failure);
    void say_ping(PeerId to, TimePoint now);
    void say_goaway(PeerId to, TimePoint now);
    void intern(const ControlFrame& in);
    void cancel(const ControlFrame& in);
    void credit(const ControlFrame& in);
    void grant_parts(LegId leg, std::uint32_t more, TimePoint now);
    void wait_for_asked(const ControlFrame& in);
    void settle_waiters(TimePoint now);
    void wait(PeerId peer, Waiter::Request request, std::string_view selector, TimePoint deadline);
    void stop_waiting(PeerId peer, Waiter::Request request);
    void forget_waiters(PeerId peer);
    std::uint32_t takers_of(const Target& target, TimePoint now);
    void granted(PeerId peer, std::uint32_t credit, TimePoint now);
    void look_for_room(PeerId peer, TimePoint now);
    void tell_waiter(const Waiter& waiter, std::uint32_t clients, TimePoint now);

    // router_messages.cpp
    void route(Message& message);
    bool may_ask(const Message& message);
    bool may_call(const Message& message) const;
    void refuse(const Message& message, const Failure& failure);
    void shout(Message& message);
    void to_one(Message& message);
    void grant_kept(const Message& message, LegId leg);
    void to_all(Message& message);
    Choice choose(const Message& message);
    Choice choose_by_key(const Message& message);
    bool takes(PeerId peer, const Message& message) const;
    void give_all(const Message& message, const std::vector<Found>& to, std::optional<CallId> call);
    void skip(std::optional<CallId> call, PeerId callee, const Failure& failure, TimePoint now);
    CallId open_call(const Message& message, Gathering gathering);
    void begin_batch(const Message& message, Call& call) const;
    bool prepare(const Message& message, PeerId to, Forms& forms);
    NameNumber number_for(wire::NameKind kind, std::string_view text, NameNumber known);
    void share(const Message& message, std::size_t receivers, Forms& forms) const;
    void give(const Message& message, PeerId to, std::uint32_t packet, const Forms& forms);
    void give_native(const Message& message, PeerId to, std::uint32_t packet, const Forms& forms);
    void give_legacy(const Message& message, PeerId to, std::uint32_t packet, const Forms& forms);

    // router_answers.cpp
    void unasked_answer(PeerId from, std::uint32_t packet);
    void answered(LegId leg, Answer& answer);
    void close_answered(LegId leg, const Answer& answer);
    void make_fit(CallId call, Answer& answer);
    bool takes_part(const Call& call) const;
    void refuse_part(CallId id, const Answer& answer);
    void part(CallId call, Answer& answer);
    void pass_on(CallId call, const Answer& answer);
    void pass_on_native(const Call& call, const Answer& answer, bool more);
    void gather(CallId call, const Answer& answer);
    void gather_failure(CallId call, PeerId callee, const Failure& failure, TimePoint now);
    void add_entry(Call& call, std::string_view entry);
    void charge(Call& call, std::size_t bytes);
    void finish_if_complete(CallId call, TimePoint now);
    void finish_batch(CallId call, CallEnd end, TimePoint now);
    void answer_failed(PeerId to, std::uint32_t packet, const Failure& failure, TimePoint now);
    void fail_call(CallId call, const Failure& failure, TimePoint now);
    void close_call(CallId call, CallEnd end, TimePoint now);
    void give_up(LegId leg, CallEnd end, bool tell, TimePoint now);
    void expire(CallId call, TimePoint now);

    // router_waiting.cpp
    std::optional<std::string_view> returning_for(const Message& message) const;
    Failure no_route(const Message& message) const;
    bool wait_worth(const Message& message, const Failure& failure);
    void resume_parked(TimePoint now);
    void resume_all(const std::string& process, TimePoint now);
    void resume(CallId call, std::uint8_t flags, const std::string& body, TimePoint now);
    void lose_leg(LegId leg, const Loss& loss, TimePoint now);
    void retry(CallId call, TimePoint now);
    void mourn(CallId call, const Loss& loss, TimePoint now);
    Failure explained(const Loss& loss) const;
    void end_mourning(TimePoint now);
    void tell_loss(CallId call, TimePoint now);
    void tell_all_losses(TimePoint now);

    // router_events.cpp
    void native_event(Message& message);
    void retain(Occurrence& event);
    void release_retained(PeerId publisher, const std::string& object);
    void recharge(PeerId peer, std::size_t before, std::size_t after);
    EventPtr shared_event(Occurrence& event);
    void offer(SubscriptionId subscription, Occurrence& event);
    bool takes_event(PeerId to, std::size_t bytes, TimePoint now) const;
    void introduce_event(PeerId to, NameNumber dst, NameNumber method, PeerId from, TimePoint now);
    void keep(SubscriptionId subscription, EventPtr event, TimePoint now);
    void tell_overflow(SubscriptionId subscription, std::uint64_t lost, TimePoint now);
    void send_backlog(PeerId to, TimePoint now);
    void send_event(PeerId to, const Event& event, TimePoint now);
    void subscribe(const ControlFrame& in);
    void unsubscribe(const ControlFrame& in);
    std::variant<Subscription, Failure> subscription_of(const ControlFrame& in);
    void send_retained(PeerId to, const TopicFilter& filter, TimePoint now);
    void forget_events(PeerId peer, TimePoint now);

    // router_legacy_events.cpp
    void tell_legacy_subscribers(const Message& message, const std::string& object);
    bool is_legacy_event(const Message& message) const;
    void legacy_event(Message& message);
    void tell_native_subscribers(const Message& message, const std::string& object, const LegacyEvent& event);
    void subscribe_at_legacy_providers(PeerId consumer, const TopicFilter& filter, TimePoint now);
    void subscribe_at(PeerId provider, PeerId consumer, const LegacyTopicView& topic, TimePoint now);
    void unsubscribe_at_legacy_providers(PeerId consumer, const LegacyTopicView& topic, TimePoint now);
    bool remember(PeerId consumer, PeerId provider, const LegacyTopicView& topic);
    void tell_subscription(PeerId provider, std::string_view action, const LegacyTopicView& topic, std::uint32_t count,
                           TimePoint now);
    void note_subscription(const Message& message, PeerId provider);
    void provider_came(PeerId provider, const std::string& object, const Selector& selector, TimePoint now);
    void forget_at_legacy_providers(PeerId peer, TimePoint now);

    // router_channels.cpp
    void open_channel(const ControlFrame& in);
    std::optional<std::string> not_all_allowed(PeerId caller, PeerId callee) const;
    Choice choose_for_channel(const Message& message);
    bool both_there(const ChannelWanted& wanted) const;
    void report(const ControlFrame& in);
    void tell_channel_end(PeerId to, ChannelId channel, wire::Status why, TimePoint now);
    void end_denied_channels(PeerId callee, TimePoint now);
    void forget_channels(PeerId peer, TimePoint now);
    void pool(const ControlFrame& in);
    void refuse_pool(const ControlFrame& in, Drop why);
    void send_pool(PeerId to, PeerId owner, std::uint32_t number, TimePoint now);
    bool has_place(PeerId owner, const wire::SharedPlace& place) const;
    bool lend(const FromFrame& what, PeerId receiver);
    void withdraw_pool(PeerId owner, std::uint32_t number, TimePoint now);
    void release_place(const ControlFrame& in);
    void tell_released(const Pools::Place& place, PeerId by, TimePoint now);

    // router_views.cpp
    TapRecord* new_record(TapRecord::Kind kind, TimePoint now, std::size_t texts);
    TapRecord* record_of(const Message& message, std::string_view object, TapRecord::Kind kind);
    std::string_view tapped(std::string_view payload) const;
    void tap_request(const Message& message, PeerId to, std::optional<CallId> call);
    void tap_event(const Message& message, const std::string& object);
    void tap_failure(const Message& message, const Failure& failure);
    void tap_answer(CallId call, const Answer& answer);
    void tap_call_failure(CallId call, const Failure& failure, TimePoint now);
    std::uint64_t tap_number(CallId call) const;
    void count_for(PeerId callee, CallEnd end);

    wire::Limits limits_;
    std::mt19937_64 random_;
    Counters counters_;
    Names names_;
    RouteTable routes_;
    Targets targets_;
    CallTable calls_;
    Connections connections_;
    Topics topics_;
    LegacySubscriptions legacy_subscriptions_;
    Channels channels_;
    Pools pools_;
    Drains drains_;
    Liveness liveness_;
    Waiters waiters_;
    Expectations expectations_;
    Parking parking_;
    Policy policy_;
    bool strict_ = false;
    bool shutting_down_ = false;
    Tap tap_ = Tap::nothing;
    std::size_t tap_bytes_ = 0;                // of the texts in taps_
    Deadlines call_deadlines_;                 // by CallId
    std::unordered_map<CallId, Loss> mourned_; // calls whose callee has gone, until the supervisor says why
    Deadlines mourning_deadlines_;             // by CallId
    std::vector<Came> came_;
    std::uint64_t last_wait_ = 0;
    std::size_t objects_ = 0;
    std::deque<CutInfo> cuts_;

    // For the edge.
    std::vector<ObjectEvent> events_;
    std::vector<LivenessEvent> liveness_events_;
    std::vector<ChannelWanted> channels_wanted_;
    std::vector<Waited> waited_;
    std::vector<TapRecord> taps_;

    // Scratch, so that routing a message allocates nothing.
    Selector asked_;
    std::vector<PeerId> choices_;
    std::vector<RouteTable::Stored> removed_;
    std::vector<Deadlines::Key> expired_;
    std::vector<SubscriptionId> matching_;
    std::vector<EventPtr> retained_;
    std::vector<PeerId> pings_;
    std::vector<Liveness::Verdict> verdicts_;
    std::string method_, sticky_, unfit_;
};

} // namespace pandora::hub::core
