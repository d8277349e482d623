// A legacy client's messages and answers, as the router sees them.
#include "hub/core/router.hpp"
#include "hub/core/translation.hpp"
#include "hub/wire/json_text.hpp"

#include <algorithm>
#include <cmath>

namespace pandora::hub::core {

Millis Router::timeout_of(const wire::LegacyBody& body) const
{
    const auto asked = wire::number_of(body.timeout);
    if (!asked || *asked == 0) return limits_.call_timeout;
    const double bounded = std::clamp(*asked, static_cast<double>(limits_.call_timeout_min.count()),
                                      static_cast<double>(limits_.call_timeout_max.count()));
    return Millis{static_cast<Millis::rep>(bounded)};
}

void Router::legacy_message(const Inbound& in)
{
    if (!in.body.data_is_object()) {
        connections_.drop(in.from, Drop::wrong_shape);
        return;
    }
    Message message = read_legacy(in);
    route_legacy(message);
}

Message Router::read_legacy(const Inbound& in)
{
    const wire::LegacyBody& body = in.body;
    Message message;
    message.from = in.from;
    message.packet = in.packet;
    message.now = in.now;
    message.form = &in.body;
    message.body = in.frame.body;
    message.wants_answer = wire::truthy(body.need_reply);
    message.to_all = wire::truthy(body.broadcast);
    message.idempotent = wire::truthy(body.idempotent);
    message.waits = wire::truthy(body.wait);
    message.deadline = in.now + timeout_of(body);
    message.sticky = wire::text_of(body.sticky, sticky_).substr(0, wire::sticky_bytes_max);
    message.remote = body.remote;
    message.act = act_named(wire::text_of(body.asked, method_));
    const bool about_event = message.act == wire::Act::subscribe || message.act == wire::Act::unsubscribe;
    const std::string_view name = about_event ? body.event : body.property;
    message.method = wire::text_of(name, method_);
    message.is_unjudgeable = message.act != wire::Act::raw && wire::truthy(name) && name.front() != '"';
    message.payload = body.payload;
    return message;
}

void Router::route_legacy(Message& message)
{
    if (shutting_down_) return refuse(message, {CallEnd::shutting_down, "the hub is shutting down"});
    const std::string_view remote = message.remote;
    if (message.to_all && !wire::truthy(remote)) return shout(message);
    if (remote.empty() || remote == "null")
        return refuse(message, {CallEnd::invalid, "Cannot read properties of " +
                                                      std::string{remote.empty() ? "undefined" : "null"} +
                                                      " (reading 'clientId')"});
    if (remote.size() > limits_.selector_bytes_max)
        return refuse(message, {CallEnd::too_large,
                                "a selector is at most " + std::to_string(limits_.selector_bytes_max) + " bytes long"});
    message.target = &targets_.of_text(remote);
    if (message.to_all && is_legacy_event(message)) return legacy_event(message);
    route(message);
}

void Router::legacy_answer(const Inbound& in)
{
    const auto leg = calls_.find(in.from, in.body.answers);
    if (!leg) return unasked_answer(in.from, in.body.answers);
    const bool failed = in.body.data_is_object() && !wire::truthy(in.body.success);
    Answer answer;
    answer.from = in.from;
    answer.now = in.now;
    answer.form = &in.body;
    answer.end = failed ? CallEnd::app_error : CallEnd::ok;
    answer.payload = failed ? in.body.error : in.body.payload;
    answered(*leg, answer);
}

} // namespace pandora::hub::core
