// Direct channels and shared memory: the hub introduces, and watches who is still there (PROTOCOL.md 9.8, 9.9).
#include "hub/core/router.hpp"
#include "hub/wire/json_reader.hpp"
#include "hub/wire/json_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pandora::hub::core {

namespace {

using wire::ControlVerb;

constexpr double count_max = 9e15; // JSON's numbers are exact up to 2^53

/// What it does not tell, or not as a number, stays as it was told before.
void read_report(std::string_view json, ChannelReport& report)
{
    if (!wire::is_json(json) || json.front() != '{') return;
    wire::JsonReader reader{json};
    std::string_view key;
    reader.open_object();
    while (reader.next_key(key)) {
        const auto number = wire::number_of(reader.skip_value());
        if (!number) continue;
        const auto count = static_cast<std::uint64_t>(std::clamp(*number, 0.0, count_max));
        if (key == "calls") report.calls = count;
        if (key == "errors") report.errors = count;
        if (key == "bytes_sent") report.bytes_sent = count;
        if (key == "bytes_received") report.bytes_received = count;
    }
}

/// What of a name is kept, whole characters.
std::string_view shortened(std::string_view name)
{
    if (name.size() <= wire::channel_object_bytes_max) return name;
    std::size_t bytes = wire::channel_object_bytes_max;
    while (bytes > 0 && (name[bytes] & 0xC0) == 0x80) --bytes; // inside a character of UTF-8
    return name.substr(0, bytes);
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
    if (channels_.of(in.from) >= wire::channels_of_client_max) return refuse_with({CallEnd::busy, "too many channels"});
    message.target = &target_of(message);
    if (message.object().empty()) return refuse_with({CallEnd::invalid, "a channel is to an object"});
    if (message.target->found.empty()) return refuse_with(no_route(message));
    const Choice choice = choose_for_channel(message);
    if (const auto* failure = std::get_if<Failure>(&choice)) return refuse_with(*failure);
    const PeerId callee = std::get<PeerId>(choice);
    if (const auto denied = not_all_allowed(in.from, callee))
        return refuse_with({CallEnd::denied, "the app's policy does not allow every call of " + *denied});
    const NameNumber dst = in.body.block.dst;
    channels_wanted_.push_back({in.from, callee, connections_[in.from].handle, connections_[callee].handle, in.packet,
                                dst, std::string{dst == 0 ? message.remote : std::string_view{}}});
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

Router::Choice Router::choose_for_channel(const Message& message)
{
    choices_.clear();
    const Target& target = *message.target;
    for (std::size_t i = 0; i < target.fitting; ++i) {
        const Peer& peer = connections_[target.found[i].peer];
        const bool able = peer.native && peer.native->channels && !peer.doomed && peer.is_fit();
        if (able && target.found[i].peer != message.from) choices_.push_back(target.found[i].peer);
    }
    if (choices_.empty()) return Failure{CallEnd::unsupported, "no callee has the feature channel"};
    if (message.sticky.empty()) return choices_[random_() % choices_.size()];
    return choose_by_key(message);
}

bool Router::both_there(const ChannelWanted& wanted) const
{
    return connections_.of_handle(wanted.caller_handle) == wanted.caller &&
           connections_.of_handle(wanted.callee_handle) == wanted.callee;
}

void Router::opened(const ChannelWanted& wanted, Fd callers_end, Fd callees_end, TimePoint now)
{
    // Of many that were wanted at once the earlier ones count by now.
    const bool taken = both_there(wanted) && channels_.of(wanted.caller) < wire::channels_of_client_max &&
                       connections_.takes_fds(wanted.caller, 1) && connections_.takes_fds(wanted.callee, 1) &&
                       connections_.keeps_fds(wanted.caller, 2);
    if (!taken) return cannot_open(wanted, now);
    const bool numbered = names_.is(wire::NameKind::selector, wanted.dst);
    parse_selector(numbered ? names_.text(wanted.dst) : std::string_view{wanted.selector}, asked_);
    const ChannelId id =
        channels_.open({wanted.caller, wanted.callee, std::string{shortened(object_named(asked_))}, now});
    const auto hand = [&](PeerId to, PeerId other, NativeFrame frame, const Fd& end) {
        connections_.introduce_source(to, other, now);
        const std::array<Fd, 1> fds{end};
        frame.block.nfds = 1;
        frame.block.src = connections_[other].handle;
        frame.block.method = static_cast<std::uint32_t>(id);
        frame.fds = fds;
        connections_.send(to, frame, now);
    };
    // The callee is told for which object it is as the caller has named it, as with every message.
    const std::string selector = *wire::encode_tlvs({.selector = wanted.selector}); // it came in such a TLV
    connections_.introduce_name(wanted.callee, wanted.dst, now);
    hand(wanted.callee, wanted.caller,
         {.flags = wire::flag::control | wire::flag::oneway,
          .block = {.verb = static_cast<std::uint8_t>(ControlVerb::channel), .dst = wanted.dst},
          .tail = selector,
          .tlv_bytes = selector.size()},
         callees_end);
    hand(wanted.caller, wanted.callee,
         {.flags = wire::flag::control,
          .id = wanted.packet,
          .block = {.verb = static_cast<std::uint8_t>(ControlVerb::open_channel)}},
         callers_end);
    end_denied_channels(wanted.callee, now); // what it has published since the question was judged
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
    const auto read = [&](ChannelReport& told) { read_report(in.body.payload, told); };
    if (!channels_.report(id, in.from, read)) return connections_.drop(in.from, Drop::wrong_shape);
    if (in.body.block.status == 0) return;
    if (const auto other = channels_.end(id, in.from)) tell_channel_end(*other, id, wire::Status::peer_gone, in.now);
}

void Router::tell_channel_end(PeerId to, ChannelId id, wire::Status why, TimePoint now)
{
    const wire::RoutingBlock block{.status = static_cast<std::uint8_t>(why), .method = static_cast<std::uint32_t>(id)};
    connections_.say(to, ControlVerb::channel, {.block = block}, now);
}

/// What the callee publishes now goes through the channels that it has, too.
void Router::end_denied_channels(PeerId callee, TimePoint now)
{
    std::vector<ChannelId> denied;
    channels_.each([&](ChannelId id, const Channel& channel) {
        if (channel.callee == callee && not_all_allowed(channel.caller, callee)) denied.push_back(id);
    });
    for (const ChannelId id : denied) {
        tell_channel_end(callee, id, wire::Status::denied, now);
        tell_channel_end(*channels_.end(id, callee), id, wire::Status::denied, now);
    }
}

void Router::forget_channels(PeerId peer, TimePoint now)
{
    for (const Channels::Notice& notice : channels_.gone(peer))
        tell_channel_end(notice.to, notice.id, wire::Status::peer_gone, now);
    for (const std::uint32_t number : pools_.of(peer)) withdraw_pool(peer, number, now);
    connections_.release(peer, pools_.bytes(peer)); // what is left: places that others hold
    for (const Pools::Place& place : pools_.gone(peer)) {
        connections_.release(place.owner, Pools::place_bytes);
        tell_released(place, peer, now);
    }
}

/// The control frame POOL.
void Router::pool(const ControlFrame& in)
{
    const wire::RoutingBlock& block = in.body.block;
    if (block.deadline == 0) return withdraw_pool(in.from, block.dst, in.now);
    // The edge hands over nothing where the descriptor is not the memory that it is said to be.
    const bool able = connections_[in.from].native->pools && in.fds.size() == 1 && in.fds.front();
    if (!able) return refuse_pool(in, Drop::wrong_shape);
    if (!connections_.keeps_fds(in.from, 1)) return refuse_pool(in, Drop::descriptors);
    const std::size_t before = pools_.bytes(in.from);
    if (!pools_.announce(in.from, block.dst, in.fds.front(), block.deadline)) return refuse_pool(in, Drop::wrong_shape);
    connections_.hold_fds(in.from, 1);
    recharge(in.from, before, pools_.bytes(in.from));
}

/// Its owner is told at once: an answer that it puts there would be lost.
void Router::refuse_pool(const ControlFrame& in, Drop why)
{
    connections_.drop(in.from, why);
    const std::uint32_t number = in.body.block.dst;
    if (!pools_.find(in.from, number)) send_pool(in.from, in.from, number, in.now); // else there is one of that number
}

void Router::withdraw_pool(PeerId owner, std::uint32_t number, TimePoint now)
{
    if (!pools_.find(owner, number)) return;
    const std::size_t before = pools_.bytes(owner);
    for (const PeerId knower : pools_.withdraw(owner, number)) send_pool(knower, owner, number, now);
    connections_.release_fds(owner, 1);
    recharge(owner, before, pools_.bytes(owner));
}

/// Tells a client of a pool, or that there is none.
void Router::send_pool(PeerId to, PeerId owner, std::uint32_t number, TimePoint now)
{
    const Pools::Pool* const pool = pools_.find(owner, number);
    const std::array<Fd, 1> fds{pool ? pool->fd : nullptr};
    const wire::RoutingBlock block{.nfds = static_cast<std::uint8_t>(pool ? 1 : 0),
                                   .dst = number,
                                   .src = connections_[owner].handle,
                                   .deadline = pool ? pool->bytes : 0};
    connections_.introduce_source(to, owner, now);
    connections_.say(to, ControlVerb::pool,
                     {.block = block, .fds = pool ? std::span<const Fd>{fds} : std::span<const Fd>{}}, now);
}

/// Whether the place is in memory that `owner` has announced.
bool Router::has_place(PeerId owner, const wire::SharedPlace& place) const
{
    const Pools::Pool* const pool = pools_.find(owner, place.pool);
    return pool && place.offset <= pool->bytes && place.length <= pool->bytes - place.offset;
}

/// Before `receiver` is sent what stands in such a place of its sender's: false, if it cannot have it.
bool Router::lend(const FromFrame& what, PeerId receiver)
{
    const PeerId owner = what.from;
    const wire::SharedPlace& place = *what.native()->tlvs.shared;
    const NativeSide* const side = connections_[receiver].native.get();
    if (!side || !side->pools || !has_place(owner, place)) return false;
    // It may have to be told of the pool, before it gets the descriptors that come along.
    const std::size_t news = pools_.is_known(owner, place.pool, receiver) ? 0 : 1;
    if (!connections_.takes_fds(receiver, news + what.fds.size())) return false;
    if (!pools_.lend({owner, place.pool, place.offset}, receiver)) return false;
    const std::size_t before = pools_.bytes(owner);
    const bool is_news = pools_.introduce(owner, place.pool, receiver);
    connections_.hold(owner, Pools::place_bytes + pools_.bytes(owner) - before);
    if (is_news) send_pool(receiver, owner, place.pool, what.now);
    return true;
}

void Router::release_place(const ControlFrame& in)
{
    const wire::RoutingBlock& block = in.body.block;
    const auto owner = connections_.of_handle(block.src);
    if (!owner) return; // gone, and its memory with it
    const Pools::Place place{*owner, block.dst, block.method};
    if (!pools_.give_back(place, in.from)) return connections_.drop(in.from, Drop::wrong_shape);
    connections_.release(place.owner, Pools::place_bytes);
    tell_released(place, in.from, in.now);
}

/// To the owner; `src` says who has released it.
void Router::tell_released(const Pools::Place& place, PeerId by, TimePoint now)
{
    if (!connections_.there(place.owner) || connections_[place.owner].doomed) return;
    connections_.introduce_source(place.owner, by, now);
    const wire::RoutingBlock block{.dst = place.pool, .src = connections_[by].handle, .method = place.offset};
    connections_.say(place.owner, ControlVerb::release, {.block = block}, now);
}

} // namespace pandora::hub::core
