#include "supervisor/core/rollout.hpp"

#include <algorithm>

namespace pandora::supervisor::core {

namespace {

/// It has come to an end that nobody ordered, or cannot be started.
bool has_failed(State state) { return state == State::backoff || is_down(state) || state == State::disabled; }

} // namespace

Rollout::Rollout(const procfiles::Rollout& rule, const std::vector<Slot>& slots, Millis patience)
    : surge_{std::min<std::uint32_t>(rule.max_surge, static_cast<std::uint32_t>(slots.size()))},
      unavailable_{rule.max_unavailable}, patience_{patience}
{
    for (const auto& slot : slots) places_.push_back({slot.run, {}});
}

void Rollout::note_what_is_ready(const std::vector<Slot>& slots)
{
    for (std::size_t n = 0; n < places_.size(); ++n) {
        auto& place = places_[n];
        place.renewed = place.renewed || (place.ordered && slots[n].run != place.old && slots[n].state == State::ready);
    }
    const auto ready = [](const Slot& slot) { return slot.state == State::ready; };
    surge_ready_ = surge_ready_ || (slots.size() == places_.size() + surge_ &&
                                    std::all_of(slots.end() - static_cast<std::ptrdiff_t>(surge_), slots.end(), ready));
}

/// How many that are ready may be taken away now.
std::ptrdiff_t Rollout::allowance(const std::vector<Slot>& slots) const
{
    std::ptrdiff_t serving = 0; // and not asked to end
    for (std::size_t n = 0; n < slots.size(); ++n) {
        const bool leaves = n < places_.size() && places_[n].ordered && !places_[n].renewed;
        serving += slots[n].state == State::ready && !leaves ? 1 : 0;
    }
    return serving + static_cast<std::ptrdiff_t>(unavailable_) - static_cast<std::ptrdiff_t>(places_.size());
}

std::optional<std::string> Rollout::failure(const std::vector<Slot>& slots, TimePoint now) const
{
    for (std::size_t n = 0; n < slots.size(); ++n) {
        const bool is_surge = n >= places_.size();
        const auto since = is_surge ? surged_ : places_[n].ordered;
        if (!since) continue;
        const bool is_new = is_surge || slots[n].run != places_[n].old;
        if (is_new && has_failed(slots[n].state)) return "its new instance " + std::to_string(n) + " failed";
        const bool was_ready = is_surge ? surge_ready_ : places_[n].renewed;
        if (!was_ready && now >= *since + patience_ && slots[n].state != State::ready)
            return "its new instance " + std::to_string(n) + " was not ready within " +
                   std::to_string(patience_.count() / 1000) + " s";
    }
    return std::nullopt;
}

std::vector<RolloutOrder> Rollout::next(const std::vector<Slot>& slots, TimePoint now)
{
    note_what_is_ready(slots);
    if (auto why = failure(slots, now)) return {Resize{replicas()}, RolledBack{*std::move(why)}};
    if (std::ranges::all_of(places_, &Place::renewed)) {
        if (slots.size() == places_.size()) return {RolledOut{}};
        return {Resize{replicas()}, RolledOut{}};
    }
    std::vector<RolloutOrder> orders;
    if (!surged_ && surge_ > 0) {
        surged_ = now;
        orders.emplace_back(Resize{replicas() + surge_});
    }
    replace(slots, now, orders);
    return orders;
}

void Rollout::replace(const std::vector<Slot>& slots, TimePoint now, std::vector<RolloutOrder>& orders)
{
    auto allowed = allowance(slots);
    for (std::uint32_t n = 0; n < places_.size(); ++n) {
        const bool serves = slots[n].state == State::ready;
        if (places_[n].ordered || (serves && allowed <= 0)) continue;
        if (serves) --allowed;
        places_[n].ordered = now;
        orders.emplace_back(Replace{n});
    }
}

std::optional<TimePoint> Rollout::deadline() const
{
    std::optional<TimePoint> first;
    const auto consider = [&first](std::optional<TimePoint> at) {
        if (at && (!first || *at < *first)) first = at;
    };
    if (!surge_ready_) consider(surged_);
    for (const auto& place : places_)
        if (!place.renewed) consider(place.ordered);
    return first ? std::optional{*first + patience_} : std::nullopt;
}

} // namespace pandora::supervisor::core
