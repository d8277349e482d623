#include "hub/core/targets.hpp"

#include <algorithm>

namespace pandora::hub::core {

const Target& Targets::of_text(std::string_view text)
{
    if (const NameNumber number = names_.find(wire::NameKind::selector, text)) return of_number(number);
    auto found = by_text_.find(text);
    if (found == by_text_.end()) {
        if (by_text_.size() >= remembered_max) by_text_.clear();
        found = by_text_.emplace(std::string{text}, Entry{}).first;
        parse_selector(text, found->second.target.asked);
    }
    return fresh(found->second);
}

const Target& Targets::of_number(NameNumber number)
{
    if (number >= by_number_.size()) by_number_.resize(number + 1);
    Entry& entry = by_number_[number];
    if (entry.target.number == 0) {
        entry.target.number = number;
        parse_selector(names_.text(number), entry.target.asked);
    }
    return fresh(entry);
}

const Target& Targets::fresh(Entry& entry)
{
    Target& target = entry.target;
    if (entry.generation == routes_.generation()) return target;
    entry.generation = routes_.generation();
    routes_.select(target.asked, target.found);
    // The order of entries stays within equal fit.
    std::ranges::stable_sort(target.found, {}, &Found::misfit);
    const auto worse =
        std::ranges::find_if(target.found, [&](const Found& one) { return one.misfit != target.found.front().misfit; });
    target.fitting = static_cast<std::size_t>(worse - target.found.begin());
    return target;
}

} // namespace pandora::hub::core
