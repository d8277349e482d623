#include "hub/core/liveness.hpp"

#include <algorithm>

namespace pandora::hub::core {

void Liveness::connected(PeerId peer, bool native, TimePoint now)
{
    if (index_of(peer) >= peers_.size()) {
        peers_.resize(index_of(peer) + 1);
        heard_.resize(peers_.size());
    }
    peers_[index_of(peer)].native = native;
    heard(peer, now);
    if (unresponsive(peer)) return; // it is being looked at, and will be told to be back
    if (const auto at = next_check(peer, now)) arm(peer, *at);
}

void Liveness::gone(PeerId peer)
{
    if (unresponsive(peer)) --unresponsive_;
    checks_.cancel(static_cast<Deadlines::Key>(peer));
    peers_[index_of(peer)] = {};
}

void Liveness::stalled(PeerId id, TimePoint now)
{
    Peer& peer = peers_[index_of(id)];
    if (peer.stalled_since) return;
    peer.stalled_since = now;
    if (peer.state == State::unresponsive) return;
    const TimePoint at = now + patience_; // nothing that was heard is later than now
    if (!checks_.armed(static_cast<Deadlines::Key>(id)) || at < peer.check_at) arm(id, at);
}

void Liveness::moved(PeerId id, TimePoint now)
{
    Peer& peer = peers_[index_of(id)];
    if (!peer.stalled_since) return;
    if (now - *peer.stalled_since > refused_min) heard(id, now);
    peer.stalled_since.reset();
}

void Liveness::advance(TimePoint now, std::vector<PeerId>& pings, std::vector<Verdict>& verdicts)
{
    expired_.clear();
    checks_.advance(now, expired_);
    for (const Deadlines::Key key : expired_) check(PeerId{key}, now, pings, verdicts);
}

void Liveness::check(PeerId id, TimePoint now, std::vector<PeerId>& pings, std::vector<Verdict>& verdicts)
{
    Peer& peer = peers_[index_of(id)];
    const TimePoint last_heard = heard_[index_of(id)];
    if (peer.state == State::unresponsive) {
        if (last_heard <= peer.silent_since) return arm(id, now + recheck_period);
        verdicts.push_back({id, Verdict::Is::responsive, peer.silent_since});
        peer.state = State::trusted;
        --unresponsive_;
    }
    if (peer.state == State::asked && last_heard >= peer.asked) peer.state = State::trusted;

    if (const auto since = unanswered_since(id, now)) {
        if (now - peer.check_at <= late_max) {
            verdicts.push_back({id, Verdict::Is::unresponsive, *since});
            peer.state = State::unresponsive;
            peer.silent_since = *since;
            ++unresponsive_;
        }
        return arm(id, now + recheck_period);
    }
    if (peer.state == State::trusted && peer.native && now - last_heard >= period_) {
        pings.push_back(id);
        peer.state = State::asked;
        peer.asked = now;
    }
    if (const auto at = next_check(id, now)) arm(id, *at);
}

/// Since when there was no sign of life although there should have been one by now.
std::optional<TimePoint> Liveness::unanswered_since(PeerId id, TimePoint now) const
{
    const Peer& peer = peers_[index_of(id)];
    const TimePoint last_heard = heard_[index_of(id)];
    if (peer.state == State::asked && now - peer.asked >= patience_) return last_heard;
    if (!peer.stalled_since) return std::nullopt;
    const TimePoint since = std::max(*peer.stalled_since, last_heard);
    return now - since >= patience_ ? std::optional{since} : std::nullopt;
}

/// Of one that is not unresponsive: when something may follow. One that was asked is looked at after a period, too: it
/// may have answered, and been silent since.
std::optional<TimePoint> Liveness::next_check(PeerId id, TimePoint now) const
{
    const Peer& peer = peers_[index_of(id)];
    const TimePoint last_heard = heard_[index_of(id)];
    std::optional<TimePoint> next;
    if (peer.state == State::asked)
        next = peer.asked + std::min(patience_, now - peer.asked < period_ ? period_ : patience_);
    else if (peer.native)
        next = last_heard + period_;
    if (peer.stalled_since) {
        const TimePoint unmoved = std::max(*peer.stalled_since, last_heard) + patience_;
        next = std::min(next.value_or(unmoved), unmoved);
    }
    return next;
}

void Liveness::arm(PeerId peer, TimePoint at)
{
    peers_[index_of(peer)].check_at = at;
    checks_.arm(static_cast<Deadlines::Key>(peer), at);
}

} // namespace pandora::hub::core
