// Direct channels and shared memory: the hub introduces, and watches who is still there (PROTOCOL.md 9.8, 9.9).
#include "hub/core/router.hpp"
#include "hub/wire/json_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pandora::hub::core {

namespace {

using wire::ControlVerb;

/// Choice: a pair needs one, and nobody has a hundred busiest partners.
constexpr std::size_t channels_of_client_max = 64;

ChannelReport read_report(std::string_view json)
{
    ChannelReport report;
    if (!wire::is_json(json) || json.front() != '{') return report;
    wire::JsonReader reader{json};
    std::string_view key;
    reader.open_object();
    while (reader.next_key(key)) {
        const double number = std::clamp(wire::number_of(reader.skip_value()).value_or(0), 0.0, 9e15);
        const auto count = static_cast<std::uint64_t>(number);
        if (key == "calls") report.calls = count;
        if (key == "errors") report.errors = count;
        if (key == "bytes_sent") report.bytes_sent = count;
        if (key == "bytes_received") report.bytes_received = count;
    }
    return report;
}

} // namespace

void Router::open_channel(const ControlFrame& in)
{
    if (!(in.flags & wire::flag::request)) return connections_.drop(in.from, Drop::wrong_shape);
    const wire::Frame frame{{in.flags, in.packet, 0}, {}};
    Message message = read_native(in.from, frame, in.body, {}, in.now);
    const auto refuse_with = [&](const Failure& failure) { refuse_control(in, failure); };
    if (const auto flaw = flaw_of(message)) return refuse_with(*flaw);
    if (!connections_[in.from].native->channels)
        return refuse_with({CallEnd::unsupported, "the client has not named the feature channel"});
    if (channels_.of(in.from) >= channels_of_client_max) return refuse_with({CallEnd::busy, "too many channels"});
    message.target = &target_of(message);
    if (message.object().empty()) return refuse_with({CallEnd::invalid, "a channel is to an object"});
    if (message.target->found.empty()) return refuse_with(no_route(message));
    const auto callee = choose_for_channel(message);
    if (!callee) return refuse_with({CallEnd::unsupported, "no callee has the feature channel"});
    if (const auto denied = not_all_allowed(in.from, *callee))
        return refuse_with({CallEnd::denied, "the app's policy does not allow every call of " + *denied});
    channels_wanted_.push_back({in.from, *callee, connections_[in.from].handle, connections_[*callee].handle, in.packet,
                                std::string{message.object()}});
}

/// Nobody looks at what is called through a channel, so everything that the callee offers must be allowed. An object
/// of it that is not; nullopt: there is none.
std::optional<std::string> Router::not_all_allowed(PeerId caller, PeerId callee) const
{
    const Peer& who = connections_[caller];
    if (is_own(who.reach) || policy_.empty()) return std::nullopt;
    for (const auto& [object, selectors] : connections_[callee].objects)
        if (!policy_.allows_every_call(who.identity, object)) return object;
    return std::nullopt;
}

std::optional<PeerId> Router::choose_for_channel(const Message& message)
{
    choices_.clear();
    const Target& target = *message.target;
    for (std::size_t i = 0; i < target.fitting; ++i) {
        const Peer& peer = connections_[target.found[i].peer];
        const bool able = peer.native && peer.native->channels && !peer.doomed && peer.is_fit();
        if (able && target.found[i].peer != message.from) choices_.push_back(target.found[i].peer);
    }
    if (choices_.empty()) return std::nullopt;
    if (message.sticky.empty()) return choices_[random_() % choices_.size()];
    const Choice chosen = choose_by_key(message);
    const auto* peer = std::get_if<PeerId>(&chosen);
    return peer ? std::optional{*peer} : std::nullopt;
}

bool Router::both_there(const ChannelWanted& wanted) const
{
    return connections_.of_handle(wanted.caller_handle) == wanted.caller &&
           connections_.of_handle(wanted.callee_handle) == wanted.callee;
}

void Router::opened(const ChannelWanted& wanted, Fd callers_end, Fd callees_end, TimePoint now)
{
    const bool taken =
        both_there(wanted) && connections_.takes_fds(wanted.caller, 1) && connections_.takes_fds(wanted.callee, 1);
    if (!taken) return cannot_open(wanted, now);
    const ChannelId id = channels_.open({wanted.caller, wanted.callee, wanted.object, now, {}, {}});
    wire::RoutingBlock block{.nfds = 1, .method = static_cast<std::uint32_t>(id)};
    const auto hand = [&](PeerId to, PeerId other, ControlVerb verb, std::uint8_t flags, std::uint32_t packet,
                          const Fd& end) {
        connections_.introduce_source(to, other, now);
        block.verb = static_cast<std::uint8_t>(verb);
        block.src = connections_[other].handle;
        const std::array<Fd, 1> fds{end};
        connections_.send(to, NativeFrame{.flags = flags, .id = packet, .block = block, .fds = fds}, now);
    };
    hand(wanted.callee, wanted.caller, ControlVerb::channel, wire::flag::control | wire::flag::oneway, 0, callees_end);
    hand(wanted.caller, wanted.callee, ControlVerb::open_channel, wire::flag::control, wanted.packet, callers_end);
    settle(now);
}

void Router::cannot_open(const ChannelWanted& wanted, TimePoint now)
{
    if (connections_.of_handle(wanted.caller_handle) != wanted.caller) return;
    const Failure failure{CallEnd::busy, "the hub cannot make a channel now"};
    const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(ControlVerb::open_channel),
                                   .status = static_cast<std::uint8_t>(status_of(failure.end))};
    const std::string error = error_json(failure);
    connections_.send(wanted.caller,
                      NativeFrame{.flags = wire::flag::control, .id = wanted.packet, .block = block, .payload = error},
                      now);
    settle(now);
}

void Router::report(const ControlFrame& in)
{
    const ChannelId id{in.body.block.method};
    if (!channels_.report(id, in.from, read_report(in.body.payload))) connections_.drop(in.from, Drop::wrong_shape);
}

void Router::forget_channels(PeerId peer, TimePoint now)
{
    for (const Channels::Notice& notice : channels_.gone(peer)) {
        const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(ControlVerb::channel),
                                       .status = static_cast<std::uint8_t>(wire::Status::peer_gone),
                                       .method = static_cast<std::uint32_t>(notice.id)};
        connections_.send(notice.to, NativeFrame{.flags = wire::flag::control | wire::flag::oneway, .block = block},
                          now);
    }
    for (const std::uint32_t number : pools_.of(peer))
        for (const PeerId knower : pools_.withdraw(peer, number)) send_pool(knower, peer, number, now);
    for (const Pools::Place& place : pools_.gone(peer)) tell_released(place, peer, now);
}

/// The control frame POOL.
void Router::pool(const ControlFrame& in)
{
    const wire::RoutingBlock& block = in.body.block;
    if (block.deadline == 0) {
        for (const PeerId knower : pools_.withdraw(in.from, block.dst)) send_pool(knower, in.from, block.dst, in.now);
        return;
    }
    const bool able = connections_[in.from].native->pools && in.fds.size() == 1;
    if (!able || !pools_.announce(in.from, block.dst, in.fds.front(), block.deadline))
        connections_.drop(in.from, Drop::wrong_shape);
}

/// Tells a client of another's pool, or that it is no more.
void Router::send_pool(PeerId to, PeerId owner, std::uint32_t number, TimePoint now)
{
    const Pools::Pool* const pool = pools_.find(owner, number);
    const std::array<Fd, 1> fds{pool ? pool->fd : nullptr};
    const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(ControlVerb::pool),
                                   .nfds = static_cast<std::uint8_t>(pool ? 1 : 0),
                                   .dst = number,
                                   .src = connections_[owner].handle,
                                   .deadline = pool ? pool->bytes : 0};
    connections_.introduce_source(to, owner, now);
    connections_.send(to,
                      NativeFrame{.flags = wire::flag::control | wire::flag::oneway,
                                  .block = block,
                                  .fds = pool ? std::span<const Fd>{fds} : std::span<const Fd>{}},
                      now);
}

/// Before `receiver` is sent something that stands in shared memory of `owner`'s: false, if it cannot have it.
bool Router::lend(PeerId owner, const wire::SharedPlace& place, PeerId receiver, TimePoint now)
{
    const Pools::Pool* const pool = pools_.find(owner, place.pool);
    const NativeSide* const side = connections_[receiver].native.get();
    if (!pool || !side || !side->pools) return false;
    if (place.offset > pool->bytes || place.length > pool->bytes - place.offset) return false;
    if (!connections_.takes_fds(receiver, 1)) return false; // it may have to be told of the pool
    if (!pools_.lend({owner, place.pool, place.offset}, receiver)) return false;
    if (pools_.introduce(owner, place.pool, receiver)) send_pool(receiver, owner, place.pool, now);
    return true;
}

bool Router::lend_place(const Message& message, PeerId to)
{
    return lend(message.from, *message.native()->tlvs.shared, to, message.now);
}

bool Router::lend_to_caller(PeerId caller, const Answer& answer)
{
    return lend(answer.from, *answer.native()->tlvs.shared, caller, answer.now);
}

void Router::release_place(const ControlFrame& in)
{
    const wire::RoutingBlock& block = in.body.block;
    const auto owner = connections_.of_handle(block.src);
    if (!owner) return; // gone, and its memory with it
    const Pools::Place place{*owner, block.dst, block.method};
    if (!pools_.give_back(place, in.from)) return connections_.drop(in.from, Drop::wrong_shape);
    tell_released(place, in.from, in.now);
}

/// To the owner; `src` says who has released it.
void Router::tell_released(const Pools::Place& place, PeerId by, TimePoint now)
{
    if (!connections_.there(place.owner) || connections_[place.owner].doomed) return;
    connections_.introduce_source(place.owner, by, now);
    const wire::RoutingBlock block{.verb = static_cast<std::uint8_t>(ControlVerb::release),
                                   .dst = place.pool,
                                   .src = connections_[by].handle,
                                   .method = place.offset};
    connections_.send(place.owner, NativeFrame{.flags = wire::flag::control | wire::flag::oneway, .block = block}, now);
}

} // namespace pandora::hub::core
