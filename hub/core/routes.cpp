#include "hub/core/routes.hpp"

#include <algorithm>
#include <cassert>
#include <functional>

namespace pandora::hub::core {

namespace {

using Kind = MatchValue::Kind;

bool indexable(const MatchValue& value) { return value.kind != Kind::falsy && value.kind != Kind::unequal; }

/// Of a value in an index: the node with its key and bucket, what the heap adds to it, and the connection's two entries
/// in a bucket that is half empty.
constexpr std::size_t indexed_bytes = 192;
/// The node of an object's name in the list of those that the connection publishes.
constexpr std::size_t object_bytes = 96;

/// Only a call for an object by name cares for tags.
unsigned misfit(const Selector& asked, const Selector& stored)
{
    if (asked[Key::object_name].kind == Kind::falsy) return 0;
    if (asked.object_tag == stored.object_tag) return 0;
    return stored.object_tag.kind == Kind::falsy ? 1 : 2;
}

} // namespace

/// The text may be there four times: as it is, as values, in the index, and in the list of objects.
std::size_t RouteTable::Stored::bytes() const
{
    const auto indexed = static_cast<std::size_t>(std::ranges::count_if(selector.values, indexable));
    return sizeof(Stored) + 4 * text.size() + indexed * indexed_bytes + object_bytes;
}

void RouteTable::Bucket::add(PeerId peer)
{
    const auto place = std::ranges::lower_bound(peers, peer);
    const auto its = selectors.begin() + (place - peers.begin());
    if (place != peers.end() && *place == peer) {
        ++*its;
        return;
    }
    selectors.insert(its, 1);
    peers.insert(place, peer);
}

void RouteTable::Bucket::remove(PeerId peer)
{
    const auto place = std::ranges::lower_bound(peers, peer);
    assert(place != peers.end() && *place == peer);
    const auto its = selectors.begin() + (place - peers.begin());
    if (--*its > 0) return;
    selectors.erase(its);
    peers.erase(place);
}

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
    ++generation_;
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
    if (gone != selectors.end()) ++generation_;
    selectors.erase(gone, selectors.end());
    if (!selectors.empty()) return;
    found->order = 0;
    all_.erase(std::ranges::find(all_, peer));
}

void RouteTable::forget(PeerId peer, std::vector<Stored>& removed) { remove_matching(peer, Selector{}, removed); }

void RouteTable::index(PeerId peer, const Selector& selector)
{
    for (std::size_t key = 0; key < key_count; ++key)
        if (indexable(selector.values[key])) indexes_[key][selector.values[key]].add(peer);
}

void RouteTable::unindex(PeerId peer, const Selector& selector)
{
    for (std::size_t key = 0; key < key_count; ++key) {
        if (!indexable(selector.values[key])) continue;
        const auto bucket = indexes_[key].find(selector.values[key]);
        assert(bucket != indexes_[key].end());
        bucket->second.remove(peer);
        if (bucket->second.peers.empty()) indexes_[key].erase(bucket);
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
        if (bucket->second.peers.size() < fewest->size()) fewest = &bucket->second.peers;
        if (fewest->size() <= 1) break;
    }
    return *fewest;
}

void RouteTable::select(const Selector& asked, std::vector<Found>& found) const
{
    found.clear();
    for (const PeerId peer : candidates(asked)) visit(peer, asked, found);
    leave_who_is_meant(asked, found);
    std::ranges::sort(found, {}, [&](const Found& one) { return entries_[index_of(one.peer)].order; });
}

void RouteTable::leave_who_is_meant(const Selector& asked, std::vector<Found>& found) const
{
    const auto is = [this](Reach reach) {
        return [this, reach](const Found& one) { return reach_of(one.peer) == reach; };
    };
    // Whoever else claims a built-in object's name gets nothing that was meant for it, before or after it has come.
    if (std::ranges::any_of(found, is(Reach::builtin))) {
        std::erase_if(found, std::not_fn(is(Reach::builtin)));
    } else if (std::ranges::any_of(found, is(Reach::fallback)) && a_client_has(asked[Key::object_name])) {
        // Also where that client has other labels than those asked for: two providers would disagree unseen.
        std::erase_if(found, is(Reach::fallback));
    }
}

bool RouteTable::knows(const MatchValue& object) const
{
    return indexes_[static_cast<std::size_t>(Key::object_name)].contains(object);
}

bool RouteTable::a_client_has(const MatchValue& object) const
{
    const auto& named = indexes_[static_cast<std::size_t>(Key::object_name)];
    const auto bucket = named.find(object);
    return bucket != named.end() &&
           std::ranges::any_of(bucket->second.peers, [this](PeerId peer) { return reach_of(peer) == Reach::ordinary; });
}

void RouteTable::visit(PeerId peer, const Selector& asked, std::vector<Found>& found) const
{
    const Entry& entry = entries_[index_of(peer)];
    if (is_own(entry.reach) && asked[Key::object_name].kind == Kind::falsy) return;

    constexpr unsigned none = 3;
    unsigned best = none;
    for (const Stored& stored : entry.selectors)
        if (matches(asked, stored.selector)) best = std::min(best, misfit(asked, stored.selector));
    if (best != none) found.push_back({peer, best});
}

} // namespace pandora::hub::core
