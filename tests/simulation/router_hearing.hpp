// Which events one client of a simulation may hear, and whether what it hears is in order and without gaps that it was
// not told of. A model of PROTOCOL.md 9.7 from the subscriber's side.
#pragma once

#include "hub/core/event.hpp"
#include "tests/simulation/router_ledger.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

namespace pandora::hub::core::simulation {

/// Stands in the payload of an event: who has told it, and its number among those of its name. "e:3:17:"
struct Mark {
    ClientNumber publisher{};
    std::uint64_t number = 0; // 0 is of an impostor: no native client may ever hear it
};

std::string text_of(const Mark& mark);
std::optional<Mark> mark_in(std::string_view text);

/// Names that begin so are always retained, others never.
constexpr bool is_retained(std::string_view event) { return event.starts_with('r'); }

class Hearing {
public:
    /// The hub has confirmed it.
    void subscribed(const TopicFilter& filter, Overflow overflow);
    void unsubscribed(const TopicFilter& filter);

    /// In the legacy dialect: it has published `<object>@subscriber`; or not any more.
    void listens(const std::string& object, bool listening);

    /// An event has come as an EVENT, or in the legacy dialect.
    void heard_native(const std::string& object, const std::string& event, const Mark& mark);
    void heard_legacy(const std::string& object, const std::string& event, const Mark& mark);

    /// OVERFLOW has come.
    void overflowed(const std::string& object, std::uint64_t lost);

private:
    struct OfEvent {
        std::uint64_t last = 0;
        bool continuous = false; // since then nothing was changed about its subscriptions
    };

    struct OfObject {
        std::map<std::string, Overflow> filters;
        std::map<std::tuple<ClientNumber, std::string>, OfEvent> events;
        std::uint64_t missed = 0, told = 0;
        bool conflates = false; // it has or had a subscription that keeps newest ones only
    };

    void changed(OfObject& object);

    std::map<std::string, OfObject> native_;
    std::map<std::string, std::map<std::tuple<ClientNumber, std::string>, std::uint64_t>> legacy_; // last numbers
    std::set<std::string> listening_;
};

} // namespace pandora::hub::core::simulation
