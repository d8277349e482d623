#include "hub/core/routes.hpp"

#include <algorithm>
#include <cassert>
#include <functional>

namespace pandora::hub::core {

namespace {

using Kind = MatchValue::Kind;

bool indexable(const MatchValue& value) { return value.kind != Kind::falsy && value.kind != Kind::unequal; }

void erase_one(std::vector<PeerId>& from, PeerId peer)
{
    const auto at = std::ranges::find(from, peer);
    assert(at != from.end());
    from.erase(at);
}

/// Only a call for an object by name cares for tags.
unsigned misfit(const Selector& asked, const Selector& stored)
{
    if (asked[Key::object_name].kind == Kind::falsy) return 0;
    if (asked.object_tag == stored.object_tag) return 0;
    return stored.object_tag.kind == Kind::falsy ? 1 : 2;
}

} // namespace

const RouteTable::Entry* RouteTable::entry(PeerId peer) const
{
    if (index_of(peer) >= entries_.size()) return nullptr;
    const Entry& entry = entries_[index_of(peer)];
    return entry.order == 0 ? nullptr : &entry;
}

const std::vector<RouteTable::Stored>& RouteTable::selectors(PeerId peer) const
{
    static const std::vector<Stored> none;
    const Entry* const found = entry(peer);
    return found ? found->selectors : none;
}

bool RouteTable::holds(PeerId peer, std::string_view text) const
{
    const std::size_t hash = std::hash<std::string_view>{}(text);
    return std::ranges::any_of(selectors(peer),
                               [&](const Stored& stored) { return stored.hash == hash && stored.text == text; });
}

bool RouteTable::add(PeerId peer, Reach reach, std::string_view text)
{
    if (index_of(peer) >= entries_.size()) entries_.resize(index_of(peer) + 1);
    Entry& entry = entries_[index_of(peer)];
    if (holds(peer, text)) return false;
    if (entry.order == 0) {
        entry.order = ++order_;
        entry.reach = reach;
        all_.push_back(peer);
    }
    Stored& stored = entry.selectors.emplace_back(Stored{std::string{text}, std::hash<std::string_view>{}(text), {}});
    parse_selector(stored.text, stored.selector);
    index(peer, stored.selector);
    return true;
}

void RouteTable::remove_matching(PeerId peer, const Selector& asked, std::vector<Stored>& removed)
{
    Entry* const found = entry(peer);
    if (!found) return;
    auto& selectors = found->selectors;
    const auto gone = std::stable_partition(selectors.begin(), selectors.end(),
                                            [&](const Stored& stored) { return !matches(asked, stored.selector); });
    for (auto it = gone; it != selectors.end(); ++it) {
        unindex(peer, it->selector);
        removed.push_back(std::move(*it));
    }
    selectors.erase(gone, selectors.end());
    if (!selectors.empty()) return;
    found->order = 0;
    erase_one(all_, peer);
}

void RouteTable::forget(PeerId peer, std::vector<Stored>& removed) { remove_matching(peer, Selector{}, removed); }

void RouteTable::index(PeerId peer, const Selector& selector)
{
    for (std::size_t key = 0; key < key_count; ++key)
        if (indexable(selector.values[key])) indexes_[key][selector.values[key]].push_back(peer);
}

void RouteTable::unindex(PeerId peer, const Selector& selector)
{
    for (std::size_t key = 0; key < key_count; ++key) {
        if (!indexable(selector.values[key])) continue;
        const auto bucket = indexes_[key].find(selector.values[key]);
        assert(bucket != indexes_[key].end());
        erase_one(bucket->second, peer);
        if (bucket->second.empty()) indexes_[key].erase(bucket);
    }
}

const std::vector<PeerId>& RouteTable::candidates(const Selector& asked) const
{
    static const std::vector<PeerId> none;
    const std::vector<PeerId>* fewest = &all_;
    for (std::size_t key = 0; key < key_count; ++key) {
        const MatchValue& value = asked.values[key];
        if (value.kind == Kind::falsy) continue;
        const auto bucket = indexes_[key].find(value); // an unequal value is in no index
        if (bucket == indexes_[key].end()) return none;
        if (bucket->second.size() <= 1) return bucket->second;
        if (bucket->second.size() < fewest->size()) fewest = &bucket->second;
    }
    return *fewest;
}

void RouteTable::select(const Selector& asked, std::vector<Found>& found)
{
    found.clear();
    ++lookups_;
    for (const PeerId peer : candidates(asked)) visit(peer, asked, found);
    // Whoever else claims a built-in object's name gets nothing that was meant for it, before or after it has come.
    const auto builtin = [&](const Found& one) { return entries_[index_of(one.peer)].reach == Reach::builtin; };
    if (std::ranges::any_of(found, builtin)) std::erase_if(found, std::not_fn(builtin));
    std::ranges::sort(found, {}, [&](const Found& one) { return entries_[index_of(one.peer)].order; });
}

void RouteTable::visit(PeerId peer, const Selector& asked, std::vector<Found>& found)
{
    Entry& entry = entries_[index_of(peer)];
    if (entry.seen == lookups_) return; // met before, by another of its selectors
    entry.seen = lookups_;
    if (entry.reach == Reach::builtin && asked[Key::object_name].kind == Kind::falsy) return;

    constexpr unsigned none = 3;
    unsigned best = none;
    for (const Stored& stored : entry.selectors)
        if (matches(asked, stored.selector)) best = std::min(best, misfit(asked, stored.selector));
    if (best != none) found.push_back({peer, best});
}

} // namespace pandora::hub::core
