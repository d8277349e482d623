#include "hub/core/glob.hpp"

#include <cstddef>
#include <optional>

namespace pandora::hub::core {

namespace {

constexpr std::size_t nowhere = std::string_view::npos;

/// What of the pattern is left when it has gone along with the whole text; nullopt: no text that begins so fits.
/// Where they part, the last `*` is given one more byte. The ones before it may as well stand for as little as they
/// can.
std::optional<std::string_view> left_after(std::string_view pattern, std::string_view text)
{
    std::size_t in_pattern = 0, in_text = 0;
    std::size_t after_star = nowhere, star_end = 0; // where the last `*` stands, and what it stands for, ends
    while (in_text < text.size()) {
        const char wanted = in_pattern < pattern.size() ? pattern[in_pattern] : '\0';
        if (in_pattern < pattern.size() && wanted == '*') {
            after_star = ++in_pattern;
            star_end = in_text;
        } else if (in_pattern < pattern.size() && (wanted == '?' || wanted == text[in_text])) {
            ++in_pattern;
            ++in_text;
        } else if (after_star != nowhere) {
            in_pattern = after_star;
            in_text = ++star_end;
        } else {
            return std::nullopt;
        }
    }
    return pattern.substr(in_pattern);
}

} // namespace

bool fits(std::string_view pattern, std::string_view text)
{
    const auto left = left_after(pattern, text);
    return left && left->find_first_not_of('*') == nowhere;
}

Overlap overlap(std::string_view pattern, std::string_view prefix)
{
    if (pattern.ends_with('*') && fits(pattern, prefix)) return Overlap::all;
    return left_after(pattern, prefix) ? Overlap::some : Overlap::none;
}

} // namespace pandora::hub::core
