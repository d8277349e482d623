#include "hub/core/retained_events.hpp"

#include <utility>

namespace pandora::hub::core {

std::optional<RetainedEvents::Discharged> RetainedEvents::retain(PeerId publisher, EventPtr event)
{
    if (event->clears) return clear(publisher, *event);
    const auto [found, fresh] = objects_[event->object].try_emplace(event->name);
    charge(publisher, *event); // first, so that a publisher that replaces its only value keeps its entries
    const Value before = std::exchange(found->second, {std::move(event), publisher});
    if (fresh) return std::nullopt;
    discharge(before.publisher, *before.event);
    if (before.publisher == publisher) return std::nullopt;
    return Discharged{before.publisher, before.event->bytes()};
}

std::optional<RetainedEvents::Discharged> RetainedEvents::clear(PeerId publisher, const Event& event)
{
    const auto object = objects_.find(event.object);
    if (object == objects_.end()) return std::nullopt;
    const auto found = object->second.find(event.name);
    if (found == object->second.end()) return std::nullopt;
    const Value before = std::move(found->second);
    object->second.erase(found);
    if (object->second.empty()) objects_.erase(object);
    discharge(before.publisher, *before.event);
    if (before.publisher == publisher) return std::nullopt;
    return Discharged{before.publisher, before.event->bytes()};
}

void RetainedEvents::charge(PeerId publisher, const Event& event)
{
    if (index_of(publisher) >= publishers_.size()) publishers_.resize(index_of(publisher) + 1);
    publishers_[index_of(publisher)].bytes += event.bytes();
    ++publishers_[index_of(publisher)].objects[event.object];
}

void RetainedEvents::discharge(PeerId publisher, const Event& event)
{
    Publisher& owner = publishers_[index_of(publisher)];
    owner.bytes -= event.bytes();
    const auto values = owner.objects.find(event.object);
    if (--values->second == 0) owner.objects.erase(values);
}

void RetainedEvents::release(PeerId publisher, std::string_view object)
{
    if (index_of(publisher) >= publishers_.size()) return;
    if (!publishers_[index_of(publisher)].objects.contains(object)) return;
    const auto found = objects_.find(object);
    Values& values = found->second;
    for (auto value = values.begin(); value != values.end();) {
        const bool its_own = value->second.publisher == publisher;
        if (its_own) discharge(publisher, *value->second.event);
        value = its_own ? values.erase(value) : std::next(value);
    }
    if (values.empty()) objects_.erase(found);
}

void RetainedEvents::forget(PeerId publisher)
{
    if (index_of(publisher) >= publishers_.size()) return;
    auto& objects = publishers_[index_of(publisher)].objects;
    while (!objects.empty()) {
        const std::string object = objects.begin()->first; // its entry goes with its last value
        release(publisher, object);
    }
}

void RetainedEvents::find(const TopicFilter& filter, std::vector<EventPtr>& into) const
{
    const auto object = objects_.find(filter.object);
    if (object == objects_.end()) return;
    const Values& values = object->second;
    if (filter.is_exact()) {
        const auto value = values.find(filter.event);
        if (value != values.end()) into.push_back(value->second.event);
        return;
    }
    for (auto value = values.lower_bound(filter.stem()); value != values.end(); ++value) {
        if (!value->first.starts_with(filter.stem())) return;
        into.push_back(value->second.event);
    }
}

std::size_t RetainedEvents::bytes(PeerId publisher) const
{
    return index_of(publisher) < publishers_.size() ? publishers_[index_of(publisher)].bytes : 0;
}

} // namespace pandora::hub::core
