// The last value of each event that its publisher wants kept for those who subscribe later. Pure; one object a hub.
#pragma once

#include "hub/core/event.hpp"
#include "hub/core/ids.hpp"
#include "hub/core/text_map.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::hub::core {

class RetainedEvents {
public:
    /// What another publisher is not charged for any more, since its value is there no more.
    struct Discharged {
        PeerId publisher{};
        std::size_t bytes = 0;
        bool operator==(const Discharged&) const = default;
    };

    /// The value of (object, name) is now this one, and charged to `publisher`; or none, if the event clears. Tells
    /// where the value before was another publisher's.
    std::optional<Discharged> retain(PeerId publisher, EventPtr event);

    /// Forgets what `publisher` retains of the object, or of all objects.
    void release(PeerId publisher, std::string_view object);
    void forget(PeerId publisher);

    /// Appends the values that `filter` is for, in order of name.
    void find(const TopicFilter& filter, std::vector<EventPtr>& into) const;

    std::size_t bytes(PeerId publisher) const;

private:
    struct Value {
        EventPtr event;
        PeerId publisher{};
    };

    using Values = std::map<std::string, Value, std::less<>>; // by name

    struct Publisher {
        std::size_t bytes = 0;
        TextMap<std::size_t> objects; // that it retains something of, and how much
    };

    void charge(PeerId publisher, const Event& event);
    void discharge(PeerId publisher, const Event& event);
    std::optional<Discharged> clear(PeerId publisher, const Event& event);

    TextMap<Values> objects_;
    std::vector<Publisher> publishers_; // by PeerId
};

} // namespace pandora::hub::core
