#include "supervisor/core/glob.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

namespace pandora::supervisor::core {

namespace {

// More readings than anybody writes; past them the braces stand for themselves.
constexpr std::size_t readings_max = 256;

/// Takes one UTF-8 character from the front; a byte that begins none counts as one.
char32_t take_character(std::string_view& text)
{
    const auto first = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (first >= 0xf0)
        length = 4;
    else if (first >= 0xe0)
        length = 3;
    else if (first >= 0xc0)
        length = 2;
    length = std::min(length, text.size());
    char32_t value = first;
    for (std::size_t i = 1; i < length; ++i) value = (value << 8U) | static_cast<unsigned char>(text[i]);
    text.remove_prefix(length);
    return value; // not the code point, but ordered as they are
}

char32_t take_literal(std::string_view& pattern)
{
    if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    return take_character(pattern);
}

/// The set after a `[`. Takes it from `pattern`; nullopt, and nothing taken, where no `]` ends it.
std::optional<bool> set_contains(std::string_view& pattern, char32_t wanted)
{
    auto rest = pattern;
    const bool negated = !rest.empty() && (rest.front() == '!' || rest.front() == '^');
    if (negated) rest.remove_prefix(1);
    bool found = false;
    for (bool first = true; !rest.empty(); first = false) {
        if (rest.front() == ']' && !first) {
            pattern = rest.substr(1);
            return found != negated;
        }
        const auto low = take_literal(rest);
        auto high = low;
        if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
            rest.remove_prefix(1);
            high = take_literal(rest);
        }
        found = found || (low <= wanted && wanted <= high);
    }
    return std::nullopt;
}

/// Matches one element that is no star against the front of `name`; takes both if it fits.
bool take_one(std::string_view& pattern, std::string_view& name)
{
    auto rest = pattern;
    auto left = name;
    const auto character = take_character(left);
    if (rest.front() == '?') {
        rest.remove_prefix(1);
    } else if (rest.front() == '[') {
        rest.remove_prefix(1);
        const auto contained = set_contains(rest, character);
        if (!(contained ? *contained : character == U'[')) return false;
    } else if (take_literal(rest) != character) {
        return false;
    }
    pattern = rest;
    name = left;
    return true;
}

/// Where it goes wrong after a star, that star takes one character more. Only the last one has to: whatever an earlier
/// one could give up, the last one can take.
bool name_matches(std::string_view pattern, std::string_view name)
{
    std::optional<std::pair<std::string_view, std::string_view>> star; // the pattern after it; the name it began at
    for (;;) {
        if (!pattern.empty() && pattern.front() == '*') {
            pattern.remove_prefix(1);
            star.emplace(pattern, name);
        } else if (pattern.empty() && name.empty()) {
            return true;
        } else if (pattern.empty() || name.empty() || !take_one(pattern, name)) {
            if (!star || star->second.empty()) return false;
            take_character(star->second);
            std::tie(pattern, name) = *star;
        }
    }
}

/// The same for `**` and the names between slashes.
bool path_matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path)
{
    std::size_t at = 0;
    std::size_t name = 0;
    std::optional<std::pair<std::size_t, std::size_t>> star;
    for (;;) {
        if (at < pattern.size() && pattern[at] == "**") {
            star.emplace(++at, name);
        } else if (at == pattern.size() && name == path.size()) {
            return true;
        } else if (at < pattern.size() && name < path.size() && name_matches(pattern[at], path[name])) {
            ++at;
            ++name;
        } else {
            if (!star || star->second == path.size()) return false;
            ++star->second;
            std::tie(at, name) = *star;
        }
    }
}

std::vector<std::string_view> split(std::string_view text)
{
    std::vector<std::string_view> names;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find('/', begin), text.size());
        if (end > begin) names.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return names;
}

/// The first `{a,b}` of a pattern: where it begins and ends, and the commas of its own.
struct Braces {
    std::size_t open = 0;
    std::vector<std::size_t> separators; // ends with the closing brace
};

std::optional<Braces> find_braces(std::string_view pattern)
{
    Braces found;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\') {
            ++i;
        } else if (c == '{') {
            if (depth++ == 0) found.open = i;
        } else if (c == ',' && depth == 1) {
            found.separators.push_back(i);
        } else if (c == '}' && depth > 0 && --depth == 0) {
            if (!found.separators.empty()) {
                found.separators.push_back(i);
                return found;
            }
        }
    }
    return std::nullopt;
}

std::vector<std::string> expand_braces(std::string_view pattern)
{
    std::vector<std::string> done;
    std::vector<std::string> open{std::string{pattern}};
    while (!open.empty()) {
        const auto text = std::move(open.back());
        open.pop_back();
        const auto braces = find_braces(text);
        if (!braces) {
            done.push_back(text);
            continue;
        }
        if (done.size() + open.size() + braces->separators.size() > readings_max) return {std::string{pattern}};
        const auto tail = text.substr(braces->separators.back() + 1);
        auto begin = braces->open + 1;
        for (const auto end : braces->separators) {
            open.push_back(text.substr(0, braces->open) + text.substr(begin, end - begin) + tail);
            begin = end + 1;
        }
    }
    return done;
}

} // namespace

Glob::Glob(std::string_view pattern)
{
    for (const auto& text : expand_braces(pattern)) {
        Reading reading;
        for (const auto name : split(text)) reading.names.emplace_back(name);
        reading.whole_path = text.find('/') != std::string::npos;
        readings_.push_back(std::move(reading));
    }
}

bool Glob::matches(std::string_view path) const
{
    const auto names = split(path);
    if (names.empty()) return false;
    const std::vector<std::string_view> last{names.back()};
    return std::any_of(readings_.begin(), readings_.end(), [&](const Reading& reading) {
        return path_matches(reading.names, reading.whole_path ? names : last);
    });
}

} // namespace pandora::supervisor::core
