// A YAML document as a small tree that cannot be changed, cannot refer to itself and is bounded in size and
// depth.
#pragma once

#include "procfiles/problem.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::procfiles {

struct Node;

/// `~`, `null`, or nothing at all behind a key.
struct Nothing {};

struct Scalar {
    std::string text;
    bool plain = true; // not quoted, no block, no tag: YAML may see a number, a bool or nothing in it
};

struct List {
    std::vector<const Node*> items;
};

struct Entry {
    std::string_view key; // lives as long as the document
    Place place;          // of the key
    const Node* value;
    std::size_t layer = 0; // of several maps merged into one: which this comes from; higher ones win
};

/// Keys are unique. Merge keys (`<<`) are applied: what they bring stands behind the map's own entries.
struct Map {
    std::vector<Entry> entries;

    /// nullptr where there is no such key; linear.
    const Entry* find(std::string_view key) const;
};

/// An alias is its anchor's node, with the anchor's place.
struct Node {
    Place place;
    std::variant<Nothing, Scalar, List, Map> content;
};

/// Owns the nodes of one document; they stay where they are when it is moved.
class Document {
public:
    const Node& root() const { return *root_; }

private:
    friend class DocumentBuilder;
    std::deque<Node> nodes_;
    const Node* root_ = nullptr;
};

/// Reads the one YAML document of `text`, whose places tell it is the file number `file`. Adds to `problems`: what is
/// not YAML, aliases that refer to themselves, too many or too deep nodes (each ends the reading: nullopt); keys given
/// twice, keys that are not text, unknown tags, merges of what is not a map (the rest is read on).
std::optional<Document> read_document(std::string_view text, std::vector<Problem>& problems, std::size_t file = 0);

} // namespace pandora::procfiles
