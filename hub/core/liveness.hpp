// Which connections do not answer: their process is stopped, hangs, or does nothing but compute. Pure; one object a
// hub.
//
//               silent for ping_period,       silent for ping_patience,
//               if it can be pinged            or its queue unmoved for so long
//     trusted --------------------------> asked ---------------------------> unresponsive
//        ^                                  |                                     |
//        +------------- heard() ------------+------------- heard() --------------+
//
// A connection that is heard all the time costs one look a ping_period: deadlines are not moved when it is heard, but
// when they come.
#pragma once

#include "hub/core/deadlines.hpp"
#include "hub/core/ids.hpp"
#include "hub/wire/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pandora::hub::core {

class Liveness {
public:
    struct Verdict {
        enum class Is : std::uint8_t { unresponsive, responsive };
        PeerId peer{};
        Is is = Is::unresponsive;
        TimePoint since{}; // it has given no sign of life since then; of one that is responsive again, until now
        bool operator==(const Verdict&) const = default;
    };

    Liveness(const wire::Limits& limits, TimePoint now)
        : period_{limits.ping_period}, patience_{limits.ping_patience}, checks_{now}
    {}

    /// `native`: it answers a PING. Said again when a connection turns out to be native.
    void connected(PeerId peer, bool native, TimePoint now);

    /// No more is said of it.
    void gone(PeerId peer);

    /// A frame has come from it. One store.
    void heard(PeerId peer, TimePoint now) { heard_[index_of(peer)] = now; }

    /// Something waits in its queue, which does not move. May be said as often as it is true: the first time after
    /// moved() counts.
    void stalled(PeerId peer, TimePoint now);

    /// Its socket has taken something. If more waits behind that, stalled() follows.
    void moved(PeerId peer, TimePoint now);

    /// Appends the peers to send a PING now, and those of whom there is another opinion from now on. The end of
    /// unresponsiveness is noticed within recheck_period.
    void advance(TimePoint now, std::vector<PeerId>& pings, std::vector<Verdict>& verdicts);

    /// When to call advance() at the latest; nullopt: nobody is watched.
    std::optional<TimePoint> next_deadline() const { return checks_.next_expiry(); }

    bool unresponsive(PeerId peer) const
    {
        return index_of(peer) < peers_.size() && peers_[index_of(peer)].state == State::unresponsive;
    }

    /// How many are.
    std::size_t unresponsive() const { return unresponsive_; }

    /// Choice: soon for people, and for those few connections next to no work.
    static constexpr Millis recheck_period{250};

    /// A queue that waited longer than this was refused by its socket; one that is written in the turn in which it
    /// filled tells nothing of its owner. Choice: many turns of the loop.
    static constexpr Millis refused_min{50};

    /// A look that comes so much too late shows that the hub itself was away, and answers may lie unread in the
    /// sockets. Choice: no turn of a working loop takes so long.
    static constexpr Millis late_max{1000};

private:
    enum class State : std::uint8_t { trusted, asked, unresponsive };

    struct Peer {
        bool native = false;
        State state = State::trusted;
        TimePoint asked{};                      // when the PING went out
        TimePoint silent_since{};               // of one that is unresponsive
        std::optional<TimePoint> stalled_since; // its queue
        TimePoint check_at{};                   // as armed
    };

    void check(PeerId peer, TimePoint now, std::vector<PeerId>& pings, std::vector<Verdict>& verdicts);
    std::optional<TimePoint> unanswered_since(PeerId peer, TimePoint now) const;
    std::optional<TimePoint> next_check(PeerId peer, TimePoint now) const;
    void arm(PeerId peer, TimePoint at);

    Millis period_, patience_;
    std::vector<TimePoint> heard_; // by PeerId
    std::vector<Peer> peers_;      // by PeerId
    Deadlines checks_;             // by PeerId
    std::vector<Deadlines::Key> expired_;
    std::size_t unresponsive_ = 0;
};

} // namespace pandora::hub::core
