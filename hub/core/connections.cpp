#include "hub/core/connections.hpp"

#include "hub/wire/json_text.hpp"
#include "hub/wire/legacy_json.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

namespace {

/// A handle is the PeerId's number below, and above how often that was used: 0 is nobody's.
constexpr unsigned handle_slot_bits = 20;
constexpr std::uint32_t handle_slot_mask = (1U << handle_slot_bits) - 1;
constexpr std::uint32_t handle_use_max = (1U << (32 - handle_slot_bits)) - 1;

void append_text_or_null(std::string& out, std::string_view text)
{
    if (text.empty())
        out += "null";
    else
        wire::append_json_string(out, text);
}

std::string source_of(std::string_view client, const Identity& who)
{
    std::string out = R"({"client":)";
    wire::append_json_string(out, client);
    out += R"(,"app":)";
    append_text_or_null(out, who.app);
    out += R"(,"process":)";
    append_text_or_null(out, who.process);
    out += R"(,"instance":)" + std::to_string(who.instance);
    out += R"(,"pid":)" + std::to_string(who.credentials.pid);
    out += R"(,"uid":)" + std::to_string(who.credentials.uid) + '}';
    return out;
}

/// Whether what is still queued for the connection is given up with it: it would not read it anyway.
bool forfeits_queue(Disconnect reason)
{
    return reason == Disconnect::slow_reader || reason == Disconnect::memory_budget;
}

std::size_t bytes_of(const OutFrame& frame)
{
    std::size_t bytes = wire::header_bytes;
    for (const std::string_view piece : frame.pieces) bytes += piece.size();
    return bytes;
}

} // namespace

std::optional<InstanceName> Peer::instance_name() const
{
    if (is_own(reach) || identity.process.empty()) return std::nullopt;
    return InstanceName{identity.process, identity.instance};
}

std::string Peer::title() const
{
    if (identity.process.empty()) return name;
    return name + " (" + identity.process + "#" + std::to_string(identity.instance) + ")";
}

Connections::Connections(const wire::Limits& limits, CallTable& calls, Names& names, Counters& counters, TimePoint now)
    : limits_{limits}, calls_{calls}, names_{names}, counters_{counters}, frame_deadlines_{now}, queue_deadlines_{now}
{}

PeerId Connections::free_slot()
{
    if (free_.empty()) {
        peers_.emplace_back();
        uses_.push_back(0);
        return PeerId{static_cast<std::uint32_t>(peers_.size() - 1)};
    }
    const PeerId id = free_.back();
    free_.pop_back();
    return id;
}

PeerId Connections::add(Identity identity, Reach reach, TimePoint now)
{
    const PeerId id = free_slot();
    std::uint32_t& use = uses_[index_of(id)];
    use = use == handle_use_max ? 1 : use + 1;
    auto peer = std::make_unique<Peer>();
    peer->reach = reach;
    peer->handle = use << handle_slot_bits | static_cast<std::uint32_t>(id);
    peer->serial = ++named_;
    peer->name = "c" + std::to_string(peer->serial);
    peer->source = source_of(peer->name, identity);
    peer->identity = std::move(identity);
    if (!peer->identity.process.empty()) {
        peer->given = &counters_.by_process[peer->identity.process];
        peer->dropped = &counters_.dropped_by_process[peer->identity.process];
    }
    peer->since = now;
    peers_[index_of(id)] = std::move(peer);
    calls_.begin(id);
    ++size_;
    ++counters_.connections_total;
    return id;
}

void Connections::remove(PeerId id)
{
    discard_outbox(id);
    forget_closure(id);
    assert((*this)[id].held_bytes == 0 && (*this)[id].held_fds == 0);
    peers_[index_of(id)].reset();
    free_.push_back(id);
    --size_;
}

std::optional<PeerId> Connections::of_handle(std::uint32_t handle) const
{
    const PeerId id{handle & handle_slot_mask};
    if (!there(id) || (*this)[id].handle != handle || (*this)[id].doomed) return std::nullopt;
    return id;
}

void Connections::send(PeerId to, const OutFrame& frame, TimePoint now)
{
    Peer& peer = (*this)[to];
    if (peer.doomed) {
        drop(to, Drop::receiver_gone);
        return;
    }
    const std::size_t bytes = bytes_of(frame);
    const bool too_many_fds = !frame.fds.empty() && peer.outbox.fds() + frame.fds.size() > limits_.fds_queued_max;
    if (peer.outbox.bytes() + bytes > limits_.queue_bytes_hard || too_many_fds) {
        drop(to, Drop::receiver_gone);
        doom(to, Disconnect::slow_reader);
        return;
    }
    peer.outbox.append(frame, now);
    count_fds(peer, frame.fds.size(), 0);
    ++frames_queued_;
    watch_queue(to, now);
    queued_bytes_ += bytes;
    charged_bytes_ += bytes;
    if (!std::exchange(peer.dirty, true)) dirty_.push_back(to);
}

void Connections::respond(PeerId to, std::uint32_t packet, std::string_view data, TimePoint now)
{
    const wire::PacketDigits digits{packet};
    const wire::BodyPieces body = wire::response(digits, data);
    send(to, OutFrame{.id = calls_.next_packet(to), .pieces = body.pieces()}, now);
}

void Connections::send(PeerId to, const NativeFrame& frame, TimePoint now)
{
    const wire::BlockBytes block = wire::encode_block(frame.block, wire::block_bytes_min + frame.tlv_bytes);
    const std::string_view tail = frame.shared ? std::string_view{*frame.shared} : frame.tail;
    const std::array<std::string_view, 3> pieces{std::string_view{block.data(), block.size()}, tail, frame.payload};
    const auto flags =
        static_cast<std::uint8_t>(frame.flags | wire::flag::native | (frame.fds.empty() ? 0 : wire::flag::fds));
    send(to, OutFrame{.id = frame.id, .pieces = pieces, .shared = frame.shared, .flags = flags, .fds = frame.fds}, now);
}

void Connections::say(PeerId to, wire::ControlVerb verb, NativeFrame frame, TimePoint now)
{
    frame.flags = wire::flag::control | wire::flag::oneway;
    frame.block.verb = static_cast<std::uint8_t>(verb);
    send(to, frame, now);
}

bool Connections::learn_name(PeerId id, NameNumber number)
{
    NativeSide& side = *(*this)[id].native;
    if (number >= side.names.size()) {
        side.names.resize(names_.size() + 1);
        charge_introductions(id);
    }
    if (side.names[number]) return false;
    side.names[number] = true;
    return true;
}

void Connections::introduce_name(PeerId to, NameNumber number, TimePoint now)
{
    if (number == 0 || (*this)[to].doomed || !learn_name(to, number)) return;
    const wire::RoutingBlock block{.dst = number, .act = static_cast<std::uint8_t>(names_.kind(number))};
    say(to, wire::ControlVerb::named, {.block = block, .tail = names_.text(number)}, now);
}

void Connections::introduce_source(PeerId to, PeerId from, TimePoint now)
{
    Peer& peer = (*this)[to];
    if (!peer.wants_source || peer.doomed) return;
    std::vector<std::uint64_t>& known = peer.native->sources;
    if (index_of(from) >= known.size()) {
        known.resize(peers_.size());
        charge_introductions(to);
    }
    const Peer& source = (*this)[from];
    if (std::exchange(known[index_of(from)], source.serial) == source.serial) return;
    say(to, wire::ControlVerb::identity, {.block = {.src = source.handle}, .tail = source.source}, now);
}

void Connections::introduce_handle(PeerId to, std::uint32_t handle, TimePoint now)
{
    const PeerId from{handle & handle_slot_mask};
    if (there(from) && (*this)[from].handle == handle) introduce_source(to, from, now);
}

bool Connections::takes_request(PeerId id, std::size_t body, TimePoint now) const
{
    const Peer& peer = (*this)[id];
    const Outbox& outbox = peer.outbox;
    if (peer.doomed || outbox.congested(limits_, now)) return false;
    if (peer.native && peer.native->window && !peer.native->window->open()) return false;
    const std::size_t bytes = body + wire::rewrap_bytes_max;
    const std::size_t left = limits_.total_bytes_max - std::min(queued_bytes_, limits_.total_bytes_max);
    if (outbox.empty()) return bytes <= left / 2;
    return outbox.bytes() + bytes <= std::min(limits_.queue_bytes_requests, left / limits_.request_share);
}

void Connections::spend(PeerId id, std::size_t body)
{
    NativeSide* const side = (*this)[id].native.get();
    if (!side || !side->window) return;
    --side->window->messages;
    side->window->bytes -= static_cast<std::int64_t>(body);
}

void Connections::grant(PeerId id, std::uint32_t credit)
{
    NativeSide* const side = (*this)[id].native.get();
    if (!side || !side->window) return;
    side->window->messages += wire::messages_of(credit);
    side->window->bytes += std::int64_t{wire::kib_of(credit)} * std::int64_t{wire::kibibyte};
}

void Connections::sent(PeerId id, std::size_t bytes, TimePoint now)
{
    Peer& peer = (*this)[id];
    const std::size_t fds = peer.outbox.fds();
    counters_.frames_sent += peer.outbox.consume(bytes, now);
    counters_.bytes_sent += bytes;
    count_fds(peer, 0, fds - peer.outbox.fds());
    queued_bytes_ -= bytes;
    charged_bytes_ -= bytes;
    watch_queue(id, now);
}

void Connections::hold(PeerId id, std::size_t bytes)
{
    (*this)[id].held_bytes += bytes;
    charged_bytes_ += bytes;
}

void Connections::release(PeerId id, std::size_t bytes)
{
    assert((*this)[id].held_bytes >= bytes);
    (*this)[id].held_bytes -= bytes;
    charged_bytes_ -= bytes;
}

/// What it has been told of names and sources; neither shrinks.
void Connections::charge_introductions(PeerId id)
{
    NativeSide& side = *(*this)[id].native;
    const std::size_t bytes = side.bytes();
    hold(id, bytes - std::exchange(side.charged, bytes));
}

void Connections::forget_introductions(PeerId id)
{
    NativeSide* const side = (*this)[id].native.get();
    if (!side) return;
    release(id, std::exchange(side->charged, 0));
    side->names = {};
    side->sources = {};
}

bool Connections::keeps_fds(PeerId id, std::size_t count) const
{
    const auto its = fds_of_users_.find((*this)[id].identity.credentials.uid);
    const std::size_t had = its == fds_of_users_.end() ? 0 : its->second;
    return fds_ + count <= limits_.fds_max && had + count <= limits_.fds_max - fds_;
}

void Connections::count_fds(const Peer& whose, std::size_t more, std::size_t fewer)
{
    if (more == fewer) return; // nearly always: none
    fds_ += more - fewer;
    const uid_t uid = whose.identity.credentials.uid;
    if ((fds_of_users_[uid] += more - fewer) == 0) fds_of_users_.erase(uid);
}

void Connections::hold_fds(PeerId id, std::size_t count)
{
    (*this)[id].held_fds += count;
    count_fds((*this)[id], count, 0);
}

void Connections::release_fds(PeerId id, std::size_t count)
{
    assert((*this)[id].held_fds >= count);
    (*this)[id].held_fds -= count;
    count_fds((*this)[id], 0, count);
}

void Connections::drop(PeerId whose, Drop reason, std::uint64_t n)
{
    counters_.dropped.add(reason, n);
    if (Drops* const dropped = (*this)[whose].dropped) dropped->add(reason, n);
}

void Connections::doom(PeerId id, Disconnect reason)
{
    Peer& peer = (*this)[id];
    if (peer.doomed) return;
    peer.doomed = true;
    counters_.disconnects.add(reason);
    doomed_.push_back({id, reason});
}

std::optional<Closure> Connections::next_doomed()
{
    if (doomed_.empty() && charged_bytes_ > limits_.total_bytes_max)
        if (const auto owner = largest()) doom(*owner, Disconnect::memory_budget);
    if (doomed_.empty()) return std::nullopt;
    const Closure next = doomed_.back();
    doomed_.pop_back();
    if (forfeits_queue(next.reason)) discard_outbox(next.peer);
    closures_.push_back(next);
    return next;
}

bool Connections::has_doomed() const
{
    return !doomed_.empty() || (charged_bytes_ > limits_.total_bytes_max && largest());
}

bool Connections::may_be_cut(const Peer& peer) const { return !peer.doomed && peer.reach == Reach::ordinary; }

/// Of the user who holds most the connection that does: whoever spreads over many does not get others cut.
std::optional<PeerId> Connections::largest() const
{
    std::unordered_map<uid_t, std::size_t> users;
    each([&](PeerId, const Peer& peer) {
        if (may_be_cut(peer)) users[peer.identity.credentials.uid] += peer.charged_bytes();
    });
    const auto user = std::ranges::max_element(users, {}, [](const auto& one) { return one.second; });
    std::size_t most = 0;
    std::optional<PeerId> owner;
    each([&](PeerId id, const Peer& peer) {
        if (!may_be_cut(peer) || peer.identity.credentials.uid != user->first || peer.charged_bytes() <= most) return;
        most = peer.charged_bytes();
        owner = id;
    });
    return owner;
}

void Connections::discard_outbox(PeerId id)
{
    Outbox& outbox = (*this)[id].outbox;
    drop(id, Drop::receiver_gone, outbox.frames());
    queued_bytes_ -= outbox.bytes();
    charged_bytes_ -= outbox.bytes();
    count_fds((*this)[id], 0, outbox.fds());
    outbox.clear();
    queue_deadlines_.cancel(static_cast<Deadlines::Key>(id));
}

void Connections::note_input(PeerId id, bool completed, std::size_t partial_bytes, TimePoint now)
{
    const auto key = static_cast<Deadlines::Key>(id);
    if (partial_bytes == 0)
        frame_deadlines_.cancel(key);
    else if (completed || !frame_deadlines_.armed(key))
        frame_deadlines_.arm(key, now + limits_.frame_completion_max);
    release(id, std::exchange((*this)[id].input_bytes, partial_bytes));
    hold(id, partial_bytes);
}

void Connections::note_input_fds(PeerId id, std::size_t waiting)
{
    const std::size_t before = (*this)[id].input_fds;
    if (waiting > before && !keeps_fds(id, waiting - before)) return doom(id, Disconnect::out_of_descriptors);
    release_fds(id, before);
    hold_fds(id, (*this)[id].input_fds = waiting);
}

void Connections::forget_input(PeerId id)
{
    release_fds(id, std::exchange((*this)[id].input_fds, 0));
    frame_deadlines_.cancel(static_cast<Deadlines::Key>(id));
    release(id, std::exchange((*this)[id].input_bytes, 0));
}

/// To be called whenever the queue has grown or moved. The deadline is set once and looked at again when it
/// comes (end_patience): queues move more often than patience ends.
void Connections::watch_queue(PeerId id, TimePoint now)
{
    Outbox& outbox = (*this)[id].outbox;
    outbox.watch(limits_, now);
    const auto key = static_cast<Deadlines::Key>(id);
    const auto end = outbox.patience_ends(limits_);
    if (!end)
        queue_deadlines_.cancel(key);
    else if (!queue_deadlines_.armed(key))
        queue_deadlines_.arm(key, *end);
}

void Connections::end_patience(PeerId id, TimePoint now)
{
    const auto end = (*this)[id].outbox.patience_ends(limits_);
    if (!end) return;
    if (*end <= now) return doom(id, Disconnect::slow_reader);
    queue_deadlines_.arm(static_cast<Deadlines::Key>(id), *end);
}

void Connections::advance(TimePoint now)
{
    expired_.clear();
    frame_deadlines_.advance(now, expired_);
    for (const Deadlines::Key key : expired_) doom(PeerId{key}, Disconnect::frame_timeout);
    expired_.clear();
    queue_deadlines_.advance(now, expired_);
    for (const Deadlines::Key key : expired_) end_patience(PeerId{key}, now);
}

std::optional<TimePoint> Connections::next_deadline() const
{
    const auto frame = frame_deadlines_.next_expiry();
    const auto queue = queue_deadlines_.next_expiry();
    return frame && queue ? std::min(frame, queue) : frame ? frame : queue;
}

void Connections::take_dirty(std::vector<PeerId>& into)
{
    into.clear();
    into.swap(dirty_);
    std::erase_if(into, [&](PeerId id) { return !there(id) || !std::exchange((*this)[id].dirty, false); });
}

void Connections::take_closures(std::vector<Closure>& into)
{
    into.clear();
    into.swap(closures_);
}

void Connections::forget_closure(PeerId id)
{
    std::erase_if(closures_, [&](const Closure& closure) { return closure.peer == id; });
}

} // namespace pandora::hub::core
