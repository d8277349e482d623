// The event `traffic` of `pandora.hub`: what goes through the hub, as long as somebody listens.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "hub/hub.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace pandora::supervisor::app {

/// Looks once a second whether anybody has subscribed; nobody costs the hub nothing. Lives on the hub's loop.
class HubTraffic {
public:
    /// `hub` and `client`, on which `pandora.hub` is published, must outlive this.
    HubTraffic(boost::asio::io_context& io, hub::Hub& hub, hub::client::Client& client);
    ~HubTraffic();
    HubTraffic(const HubTraffic&) = delete;
    HubTraffic& operator=(const HubTraffic&) = delete;

    /// Looks now.
    void look();

    /// For the next minute the event carries payloads: a monitor that has gone does not leave them visible.
    void show_payloads();

private:
    using Clock = std::chrono::steady_clock;

    /// What a request was about: its answer does not say it again.
    struct Asked {
        std::string object, method;
    };

    void look_again_later();
    void tell(const std::vector<hub::TapRecord>& records);
    bool is_answer_to_nothing(const hub::TapRecord& record) const;
    hub::client::Json described(const hub::TapRecord& record);

    hub::Hub& hub_;
    hub::client::Client& client_;
    boost::asio::steady_timer timer_;
    hub::Tap tapped_ = hub::Tap::nothing;
    Clock::time_point payloads_until_{};
    std::unordered_map<std::uint64_t, Asked> asked_; // by the number of the call
    std::deque<std::uint64_t> asked_order_;          // the oldest first
};

} // namespace pandora::supervisor::app
