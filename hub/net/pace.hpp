// When the hub does what input asks it to do: at once, or at the end of the loop's turn. Pure.
#pragma once

namespace pandora::hub::net {

/// Gathering until the end of the turn makes one write of all that goes to one connection, whoever it came from; to
/// find the end, the loop looks for more input once more (epoll_wait that does not wait). As long as every turn has
/// input of one connection only, that look finds nothing: then it is taken only now and then, to see whether this is
/// still so. A call alone in the hub costs 4 % less so (`tests/bench/hub.py`).
class Pace {
public:
    /// The input of one connection has been handed over. True: what it asks for is to be done now.
    bool at_once()
    {
        ++inputs_;
        if (inputs_ > 1 || lonely_turns_ < lonely_enough) return false;
        if (++unlooked_ <= unlooked_max) return true;
        unlooked_ = 0;
        return false;
    }

    /// All that was asked for until now has been done.
    void turn_ended()
    {
        if (inputs_ > 1) lonely_turns_ = 0;
        if (inputs_ == 1 && lonely_turns_ < lonely_enough) ++lonely_turns_;
        inputs_ = 0;
    }

private:
    static constexpr unsigned lonely_enough = 16; // choice: what comes in pairs hardly ever looks lonely so long
    static constexpr unsigned unlooked_max = 31;  // choice: a thirty-second of the price

    unsigned inputs_ = 0;       // in this turn
    unsigned lonely_turns_ = 0; // in a row, that had one input each
    unsigned unlooked_ = 0;     // inputs dealt with at once since the last look
};

} // namespace pandora::hub::net
