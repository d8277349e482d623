#include "tests/simulation/router_hearing.hpp"

#include <algorithm>
#include <charconv>

namespace pandora::hub::core::simulation {

namespace {

bool lets_through(const std::string& filter, const std::string& event)
{
    const TopicFilter topic{{}, filter};
    return topic.is_exact() ? filter == event : event.starts_with(topic.stem());
}

std::optional<std::uint64_t> number_before_colon(std::string_view text, std::size_t& at)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    at = static_cast<std::size_t>(end - text.data()) + 1;
    if (error != std::errc{} || at > text.size() || text[at - 1] != ':') return std::nullopt;
    return number;
}

} // namespace

std::string text_of(const Mark& mark)
{
    return "e:" + std::to_string(static_cast<std::uint32_t>(mark.publisher)) + ":" + std::to_string(mark.number) + ":";
}

std::optional<Mark> mark_in(std::string_view text)
{
    for (std::size_t at = text.find("e:"); at != std::string_view::npos; at = text.find("e:", at)) {
        at += 2;
        const auto publisher = number_before_colon(text, at);
        if (!publisher) continue;
        if (const auto number = number_before_colon(text, at))
            return Mark{ClientNumber{static_cast<std::uint32_t>(*publisher)}, *number};
    }
    return std::nullopt;
}

void Hearing::changed(OfObject& object)
{
    for (auto& [event, seen] : object.events) seen.continuous = false;
}

void Hearing::subscribed(const TopicFilter& filter, Overflow overflow)
{
    OfObject& object = native_[filter.object];
    object.filters[filter.event] = overflow;
    object.conflates = object.conflates || overflow == Overflow::last_value;
    changed(object);
}

void Hearing::unsubscribed(const TopicFilter& filter)
{
    OfObject& object = native_[filter.object];
    object.filters.erase(filter.event);
    changed(object);
}

void Hearing::listens(const std::string& object, bool listening)
{
    if (listening)
        listening_.insert(object);
    else
        listening_.erase(object);
}

void Hearing::heard_native(const std::string& name, const std::string& event, const Mark& mark)
{
    OfObject& object = native_[name];
    const auto lets = [&](const auto& filter) { return lets_through(filter.first, event); };
    const std::string evidence = name + "." + event + " " + text_of(mark);
    require(mark.number != 0, "an event of somebody who does not publish the object was told", evidence);
    require(std::ranges::any_of(object.filters, lets), "an event came to a client that has not subscribed", evidence);
    OfEvent& seen = object.events[{mark.publisher, event}];
    // A last value is told again to whoever subscribes again.
    require(mark.number > seen.last || (is_retained(event) && mark.number == seen.last), "events are out of order",
            evidence + " after " + std::to_string(seen.last));
    if (seen.continuous && mark.number > seen.last) object.missed += mark.number - seen.last - 1;
    seen = {mark.number, true};
    require(object.conflates || object.missed <= object.told, "events are missing that nobody has told of", evidence);
}

void Hearing::heard_legacy(const std::string& object, const std::string& event, const Mark& mark)
{
    const std::string evidence = object + "." + event + " " + text_of(mark);
    require(listening_.contains(object), "an event came to a legacy client that does not listen", evidence);
    if (mark.number == 0) return; // among npm clients anybody may tell
    std::uint64_t& last = legacy_[object][{mark.publisher, event}];
    require(mark.number > last, "events are out of order", evidence + " after " + std::to_string(last));
    last = mark.number;
}

void Hearing::overflowed(const std::string& object, std::uint64_t lost) { native_[object].told += lost; }

} // namespace pandora::hub::core::simulation
