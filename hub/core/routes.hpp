// The route table: which connection answers to which selectors, indexed so that a lookup reads only those
// that share the rarest thing asked for. Pure; one object a hub.
#pragma once

#include "hub/core/ids.hpp"
#include "hub/core/selector.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pandora::hub::core {

/// A connection that a selector reaches, and how well its object's tag fits: 0 the tag asked for, 1 untagged,
/// 2 other.
struct Found {
    PeerId peer;
    unsigned misfit = 0;
    bool operator==(const Found&) const = default;
};

/// Whom selectors find. Connections of the hub's own process and of the supervisor are reached only by selectors that
/// name one of their objects, and
enum class Reach : std::uint8_t {
    ordinary, // a client: found by whatever it is called
    builtin,  // such selectors reach nobody else
    fallback, // they reach it only as long as no client has an object of that name
};

/// Whether the connection belongs to pandora itself: no selector without an object's name finds it, and what bounds
/// clients does not end it.
constexpr bool is_own(Reach reach) { return reach != Reach::ordinary; }

class RouteTable {
public:
    struct Stored {
        std::string text; // the JSON that the client sent
        std::size_t hash; // of text: a thousand long ones that differ in their last byte are told apart by it
        Selector selector;

        /// What the hub keeps for it, the index and the list of the connection's objects included.
        std::size_t bytes() const;
    };

    /// Stores a selector; the first one makes the connection's entry. False if the same one is stored
    /// already.
    bool add(PeerId peer, Reach reach, std::string_view text);

    /// Removes the connection's selectors that `asked` matches. An entry without selectors disappears.
    /// The selectors removed are appended to `removed`.
    void remove_matching(PeerId peer, const Selector& asked, std::vector<Stored>& removed);

    /// Removes the whole entry.
    void forget(PeerId peer, std::vector<Stored>& removed);

    bool has_entry(PeerId peer) const { return entry(peer) != nullptr; }

    /// The connections that have an entry, in the order in which their entries were made.
    const std::vector<PeerId>& peers() const { return all_; }

    bool holds(PeerId peer, std::string_view text) const;
    const std::vector<Stored>& selectors(PeerId peer) const;

    /// Every connection that has a selector which `asked` matches, once, in the order in which their entries
    /// were made.
    void select(const Selector& asked, std::vector<Found>& found) const;

    /// Whether any connection has a selector with that object's name.
    bool knows(const MatchValue& object) const;

    /// Grows whenever an answer of select() may have become another one; never 0.
    std::uint64_t generation() const { return generation_; }

private:
    struct Entry {
        Reach reach = Reach::ordinary;
        std::uint64_t order = 0; // of its making; 0 = no entry
        std::vector<Stored> selectors;
    };

    const Entry* entry(PeerId peer) const;

    Entry* entry(PeerId peer) { return const_cast<Entry*>(std::as_const(*this).entry(peer)); }

    void index(PeerId peer, const Selector& selector);
    void unindex(PeerId peer, const Selector& selector);
    void visit(PeerId peer, const Selector& asked, std::vector<Found>& found) const;
    void leave_who_is_meant(const Selector& asked, std::vector<Found>& found) const;
    bool a_client_has(const MatchValue& object) const;

    Reach reach_of(PeerId peer) const { return entries_[index_of(peer)].reach; }

    const std::vector<PeerId>& candidates(const Selector& asked) const;

    struct Hash {
        std::size_t operator()(const MatchValue& value) const
        {
            return std::hash<std::string_view>{}(value.text) ^ static_cast<std::size_t>(value.kind);
        }
    };

    /// Who has a value. Each connection stands there once, however many of its selectors have it, and in the order of
    /// its number: one that leaves with a thousand selectors finds itself a thousand times.
    struct Bucket {
        std::vector<PeerId> peers;
        std::vector<std::uint32_t> selectors; // of each, those that have the value

        void add(PeerId peer);
        void remove(PeerId peer);
    };

    using Index = std::unordered_map<MatchValue, Bucket, Hash>;

    std::vector<Entry> entries_; // by PeerId
    std::vector<PeerId> all_;    // those with an entry, the oldest entry first
    std::array<Index, key_count> indexes_;
    std::uint64_t order_ = 0;
    std::uint64_t generation_ = 1;
};

} // namespace pandora::hub::core
