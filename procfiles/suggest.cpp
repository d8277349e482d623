#include "procfiles/suggest.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace pandora::procfiles {

namespace {

/// Longer words are not slips of a key's or process' name (64 bytes at most), and the distance costs their
/// product.
constexpr std::size_t word_bytes_max = 80;

constexpr std::size_t suggestions_max = 20; // choice: enough to see what is wrong

constexpr std::size_t changes_max(std::string_view word) { return (word.size() + 2) / 3; }

} // namespace

std::size_t edit_distance(std::string_view from, std::string_view to)
{
    std::vector<std::size_t> before(to.size() + 1), previous(to.size() + 1), row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::swap(before, previous);
        std::swap(previous, row);
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = previous[j - 1] + (from[i - 1] == to[j - 1] ? 0U : 1U);
            row[j] = std::min({previous[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[to.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known)
{
    if (word.size() > word_bytes_max) return {};
    std::string_view best;
    std::size_t distance = changes_max(word) + 1;
    for (const std::string_view candidate : known) {
        const std::size_t missing = std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
        if (missing >= distance) continue; // the difference in length alone is too much
        const std::size_t candidate_distance = edit_distance(word, candidate);
        if (candidate_distance >= distance) continue;
        best = candidate;
        distance = candidate_distance;
    }
    return best;
}

std::string did_you_mean(std::string_view word)
{
    if (word.empty()) return {};
    return "; did you mean `" + std::string{word} + "`?";
}

std::string Suggestions::end_of_message(std::string_view word, std::string_view self)
{
    if (++asked_ > suggestions_max) return {};
    std::vector<std::string_view> others;
    std::ranges::remove_copy(known_, std::back_inserter(others), self);
    return did_you_mean(nearest(word, others));
}

} // namespace pandora::procfiles
