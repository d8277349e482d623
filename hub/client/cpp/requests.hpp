// What is awaited from the hub, or through it from others: who waits, and until when. Pure.
#pragma once

#include "hub/client/cpp/message.hpp"
#include "hub/client/cpp/names.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::hub::client {

enum class RequestId : std::uint64_t {}; // something awaited from the hub or through it

/// A call; `window` is how many parts of the answer may be under way, `untold` how many were taken since the last
/// grant.
struct ForCaller {
    bool takes_bytes = false;
    std::uint16_t window = 0;
    std::uint16_t untold = 0;
};

struct ForGatherer { // a call of all
    bool takes_bytes = false;
};

struct ForPresence { // somebody is waited for; a hub that cannot wait is asked again
    Message message;
};

struct ForChannel {}; // a socket of their own to somebody

struct ForOnline {};

struct ForPublish {
    std::string object;
};

struct ForUnpublish {};

struct ForSubscribe {
    Topic topic;
};

struct ForOffline {};

struct ForNumber {
    Names::Wish wish;
};

using Purpose = std::variant<ForCaller, ForGatherer, ForPresence, ForChannel, ForOnline, ForPublish, ForUnpublish,
                             ForSubscribe, ForOffline, ForNumber>;

/// Whether a user of the client waits for it, and not the client itself.
inline bool is_users(const Purpose& purpose)
{
    return std::holds_alternative<ForCaller>(purpose) || std::holds_alternative<ForGatherer>(purpose) ||
           std::holds_alternative<ForPresence>(purpose) || std::holds_alternative<ForChannel>(purpose);
}

/// Whether who waits can be given Bytes.
bool takes_bytes(const Purpose& purpose);

/// `outcome` as its caller can take it: bytes that were not asked for are an error.
Outcome as_taken(Outcome outcome, bool takes_bytes);

struct Request {
    TimePoint deadline; // of the call
    TimePoint ends;     // here; later than `deadline` where the hub is given time to say so itself
    Millis timeout;     // as it was asked for
    Purpose purpose;
    std::uint32_t packet = 0; // of the frame that carries it; 0 = not sent yet
};

class Requests {
public:
    RequestId next() { return RequestId{++last_}; }

    RequestId open(TimePoint deadline, Millis timeout, Purpose purpose);
    std::optional<Request> close(RequestId id);

    /// nullptr: it has ended, or nobody ever waited for it.
    Request* find(RequestId id);

    void sent(RequestId id, std::uint32_t packet);

    /// It goes on waiting, but not for the frame that was sent.
    void take_back(RequestId id);

    std::optional<RequestId> of_packet(std::uint32_t packet) const;

    bool awaits(std::uint32_t packet) const { return packets_.contains(packet); }

    /// Gives the request until `end`.
    void postpone(RequestId id, TimePoint end);

    /// That which ends next.
    std::optional<std::pair<TimePoint, RequestId>> first() const;

    /// Those that a connection took, in the order of their making.
    std::vector<RequestId> under_way() const;
    std::vector<RequestId> all() const;

    /// The packets of an ended connection answer nothing any more.
    void forget_packets() { packets_.clear(); }

private:
    std::uint64_t last_ = 0;
    std::map<RequestId, Request> requests_;
    std::set<std::pair<TimePoint, RequestId>> ends_;       // one for each request
    std::unordered_map<std::uint32_t, RequestId> packets_; // sent on this connection and not answered
};

} // namespace pandora::hub::client
