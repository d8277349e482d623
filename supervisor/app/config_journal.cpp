#include "supervisor/app/config_journal.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace pandora::supervisor::app {

namespace {

// Below it a journal is not worth making anew; above, it may be so many times as long as what it amounts to. Choice:
// then a change costs as much as it would if each were written three times.
constexpr std::size_t small_bytes = 64 * 1024;
constexpr std::size_t growth_max = 2;

std::vector<control::ConfigPiece> pieces_of(std::string_view whole)
{
    std::vector<control::ConfigPiece> pieces;
    for (std::size_t offset = 0; offset < whole.size();) {
        const auto lines = lines_from(whole, offset);
        pieces.push_back({std::string{lines}});
        offset += lines.size();
    }
    if (pieces.empty()) pieces.emplace_back();
    pieces.front().begins = true;
    pieces.back().ends = true;
    return pieces;
}

} // namespace

std::string_view lines_from(std::string_view journal, std::size_t offset)
{
    const auto rest = journal.substr(std::min(offset, journal.size()));
    if (rest.size() <= control::config_piece_bytes) return rest;
    auto end = rest.rfind('\n', control::config_piece_bytes - 1);
    if (end == std::string_view::npos) end = rest.find('\n');
    return rest.substr(0, end == std::string_view::npos ? end : end + 1);
}

std::vector<control::ConfigPiece> ConfigJournal::changed(const hub::config::Change& change,
                                                         const hub::config::ConfigStore& store)
{
    auto line = hub::config::to_line(change);
    kept_bytes_ += line.size();
    if (kept_bytes_ <= std::max(small_bytes, growth_max * store.bytes())) return {{std::move(line)}};
    const auto whole = hub::config::snapshot(store);
    kept_bytes_ = whole.size();
    return pieces_of(whole);
}

} // namespace pandora::supervisor::app
