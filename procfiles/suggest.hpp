// Which known word did the user mean?
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pandora::procfiles {

/// Letters inserted, left out, replaced or swapped with their neighbour to turn one word into the other
/// (Damerau-Levenshtein, each letter changed at most once).
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The word of `known` nearest to `word`, the first of equals; empty where none is near: more than one change
/// for every three letters is another word, not a slip.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// "; did you mean `WORD`?", or nothing for an empty word: the end of a message.
std::string did_you_mean(std::string_view word);

/// Suggestions for names that do not exist in a whole file: for the first 20 of them, since each costs as much as all
/// that do exist, and a hostile file could have any number.
class Suggestions {
public:
    /// What `known` refers to has to outlive this.
    explicit Suggestions(std::vector<std::string_view> known) : known_{std::move(known)} {}

    /// As did_you_mean(), with the nearest of the known names but `self`.
    std::string end_of_message(std::string_view word, std::string_view self = {});

private:
    std::vector<std::string_view> known_;
    std::size_t asked_ = 0;
};

} // namespace pandora::procfiles
