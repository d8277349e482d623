#include "supervisor/app/hub_traffic.hpp"

#include "supervisor/app/hub_views.hpp"
#include "supervisor/control/messages.hpp"

#include <functional>
#include <utility>

namespace pandora::supervisor::app {

using hub::client::Json;

namespace {

using control::hub_object_name;

constexpr const char* traffic_event_name = "traffic";

constexpr std::chrono::seconds look_period{1};
constexpr std::chrono::seconds payloads_shown_for{60};

// Of one event, in payload bytes: far below the largest frame, also where each byte is escaped. Choice.
constexpr std::size_t event_bytes_max = 1024 * 1024;

// Of all clients: an answer that comes after so many newer requests is shown without its names. Choice: sixteen times
// what one client may have in flight.
constexpr std::size_t asked_max = 64 * 1024;

/// What is told of traffic is traffic, too: to tell of that would never end. Legacy subscribers get it by a broadcast
/// to an object of that name.
bool is_own(const hub::TapRecord& record)
{
    return (record.object == hub_object_name && record.method == traffic_event_name) ||
           record.object == "pandora.hub@subscriber";
}

} // namespace

HubTraffic::HubTraffic(boost::asio::io_context& io, hub::Hub& hub, hub::client::Client& client)
    : hub_{hub}, client_{client}, timer_{io}
{
    look_again_later();
}

HubTraffic::~HubTraffic()
{
    if (tapped_ != hub::Tap::nothing) hub_.monitor(hub::Tap::nothing, nullptr);
}

void HubTraffic::look()
{
    const auto wanted = !hub_.has_subscribers(hub_object_name, traffic_event_name) ? hub::Tap::nothing
                        : Clock::now() < payloads_until_                           ? hub::Tap::payloads
                                                                                   : hub::Tap::heads;
    if (std::exchange(tapped_, wanted) == wanted) return;
    hub_.monitor(wanted, [this](const std::vector<hub::TapRecord>& records) { tell(records); });
}

void HubTraffic::look_again_later()
{
    timer_.expires_after(look_period);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        look();
        look_again_later();
    });
}

void HubTraffic::show_payloads() { payloads_until_ = Clock::now() + payloads_shown_for; }

Json HubTraffic::described(const hub::TapRecord& record)
{
    auto json = to_json(record);
    if (record.call == 0) return json;
    if (record.kind == hub::TapRecord::Kind::request) {
        if (asked_.emplace(record.call, Asked{json["object"], json["method"]}).second)
            asked_order_.push_back(record.call);
        if (asked_order_.size() > asked_max) {
            asked_.erase(asked_order_.front());
            asked_order_.pop_front();
        }
    } else if (const auto asked = asked_.find(record.call); record.object.empty() && asked != asked_.end()) {
        json["object"] = asked->second.object;
        json["method"] = asked->second.method;
    }
    return json;
}

/// That of the request which began all this, before it was seen, and of others of that moment that the hub itself
/// answers.
bool HubTraffic::is_answer_to_nothing(const hub::TapRecord& record) const
{
    return record.kind == hub::TapRecord::Kind::answer && record.from.process == control::hub_process_name &&
           !asked_.contains(record.call);
}

void HubTraffic::tell(const std::vector<hub::TapRecord>& records)
{
    Json told = Json::array();
    std::size_t bytes = 0;
    const auto send = [&] {
        if (!told.empty()) client_.emit(hub_object_name, traffic_event_name, std::exchange(told, Json::array()));
        bytes = 0;
    };
    for (const auto& record : records) {
        if (is_own(record) || is_answer_to_nothing(record)) continue;
        told.push_back(described(record));
        bytes += record.payload ? record.payload->size() : 0;
        if (bytes > event_bytes_max) send();
    }
    send();
}

} // namespace pandora::supervisor::app
