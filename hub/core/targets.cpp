#include "hub/core/targets.hpp"

#include <algorithm>

namespace pandora::hub::core {

namespace {

/// What the heap and the map add to a text and its entry.
constexpr std::size_t node_bytes = 64;

} // namespace

const Target& Targets::of_text(std::string_view text)
{
    if (const NameNumber number = names_.find(wire::NameKind::selector, text)) return of_number(number);
    forget_if_too_much();
    auto found = by_text_.find(text);
    if (found == by_text_.end()) {
        found = by_text_.emplace(std::string{text}, Entry{}).first;
        bytes_ += sizeof(*found) + node_bytes + text.size();
        read(text, found->second);
    }
    return fresh(found->second);
}

const Target& Targets::of_number(NameNumber number)
{
    forget_if_too_much();
    if (number >= by_number_.size()) {
        bytes_ += (number + 1 - by_number_.size()) * sizeof(Entry);
        by_number_.resize(number + 1);
    }
    Entry& entry = by_number_[number];
    if (entry.target.number == 0) {
        entry.target.number = number;
        read(names_.text(number), entry);
    }
    return fresh(entry);
}

void Targets::forget_if_too_much()
{
    if (bytes_ <= bytes_max_) return;
    by_text_.clear();
    by_number_ = {};
    bytes_ = 0;
}

void Targets::read(std::string_view text, Entry& entry)
{
    parse_selector(text, entry.target.asked);
    bytes_ += text.size(); // its values are no longer than it
}

const Target& Targets::fresh(Entry& entry)
{
    Target& target = entry.target;
    if (entry.generation == routes_.generation()) return target;
    entry.generation = routes_.generation();
    bytes_ -= target.found.capacity() * sizeof(Found);
    routes_.select(target.asked, target.found);
    bytes_ += target.found.capacity() * sizeof(Found);
    // The order of entries stays within equal fit.
    std::ranges::stable_sort(target.found, {}, &Found::misfit);
    const auto worse =
        std::ranges::find_if(target.found, [&](const Found& one) { return one.misfit != target.found.front().misfit; });
    target.fitting = static_cast<std::size_t>(worse - target.found.begin());
    return target;
}

} // namespace pandora::hub::core
