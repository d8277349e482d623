// What `pandora hub replay` sends, and when, and what is to come of it: from the records of a capture. Pure.
#pragma once

#include "supervisor/cli/hub_traffic.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::cli {

/// A request as it was captured.
struct ReplayRequest {
    enum class Way : std::uint8_t { call, send };

    std::chrono::microseconds at{0}; // after the first record of the capture
    Way way = Way::call;
    std::string object;
    std::string method;
    hub::client::Json params;
    std::string outcome; // "ok", "deadline", ...; empty = the capture does not hold its end
};

/// Takes the records in their order, then gives the requests; of a call that went to many, one. Those of pandora's own
/// objects (`pandora.*`, `__PANDORA_*`) are left out unless the filter names objects: to stop a process once more is
/// seldom meant.
class ReplayPlan {
public:
    explicit ReplayPlan(TrafficFilter filter) : filter_{std::move(filter)} {}

    void add(const hub::client::Json& record);

    /// In the order of their records.
    std::vector<ReplayRequest> take() { return std::exchange(requests_, {}); }

    /// Requests that cannot be sent again: captured without their payload, or with bytes that are no JSON.
    std::size_t incomplete() const { return incomplete_; }

private:
    bool is_wanted(const hub::client::Json& record) const;
    void note_outcome(const hub::client::Json& record);

    TrafficFilter filter_;
    std::vector<ReplayRequest> requests_;
    std::map<std::string, std::size_t> open_; // id -> index of the request that waits for its outcome
    double first_at_ = -1;
    std::size_t incomplete_ = 0;
};

/// When a request is due, if the capture runs `speed` times as fast as it was; 0 is as fast as it goes.
std::chrono::microseconds due(const ReplayRequest& request, double speed);

/// "store.get: ok, now no_route: ..."; empty where nothing differs or nothing is known of before.
std::string difference(const ReplayRequest& request, const std::string& outcome, const std::string& text);

} // namespace pandora::supervisor::cli
