#include "procfiles/yaml_text.hpp"

#include "procfiles/text_check.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pandora::procfiles {

namespace {

constexpr std::size_t step = 2;

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// Of YAML 1.1, which many editors still read, and 1.2.
constexpr std::array<std::string_view, 9> typed_words{"true", "false", "yes", "no", "on", "off", "null", "y", "n"};

bool is_typed_word(std::string_view text)
{
    std::string lower{text};
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return std::ranges::find(typed_words, lower) != typed_words.end();
}

bool looks_numeric(std::string_view text)
{
    return text.find_first_not_of("0123456789+-._:eExXoOabcdfABCDF") == std::string_view::npos &&
           text.find_first_of("0123456789.") != std::string_view::npos;
}

bool is_printable_ascii(char c) { return c >= ' ' && c <= '~'; }

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// What YAML reads as this very text without quotes, in block style, behind a key, as a key, or as an item.
bool is_plain(std::string_view text)
{
    if (text.empty() || !std::ranges::all_of(text, is_printable_ascii)) return false;
    constexpr std::string_view leading = "_./$(";
    if (!is_letter_or_digit(text.front()) && leading.find(text.front()) == std::string_view::npos) return false;
    if (text.back() == ' ' || text.back() == ':') return false;
    if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
    return !is_typed_word(text) && !looks_numeric(text);
}

/// Characters that end a line, or are nothing visible, in one YAML or another: U+0085, U+2028, U+2029, U+FEFF.
bool is_invisible(std::string_view character)
{
    return character == "\xC2\x85" || character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9" ||
           character == "\xEF\xBB\xBF";
}

bool allows_block(std::string_view text)
{
    const std::size_t end = text.ends_with('\n') ? text.size() - 1 : text.size();
    const std::string_view lines = text.substr(0, end);
    if (lines.find('\n') == std::string_view::npos || lines.starts_with(' ') || lines.starts_with('\t')) return false;
    if (lines.starts_with('\n') || lines.ends_with('\n')) return false;
    if (lines.find_first_not_of(" \t", lines.rfind('\n') + 1) == std::string_view::npos) return false;
    for (std::string_view rest = lines; !rest.empty();) {
        const std::size_t bytes = utf8_character_bytes(rest);
        const char c = rest.front();
        if (bytes == 0 || is_invisible(rest.substr(0, bytes))) return false;
        if (bytes == 1 && !is_printable_ascii(c) && c != '\n' && c != '\t') return false;
        rest.remove_prefix(bytes);
    }
    return true;
}

std::string block(std::string_view text, std::size_t indent)
{
    const bool ends_line = text.ends_with('\n');
    if (ends_line) text.remove_suffix(1);
    std::string out = ends_line ? "|" : "|-";
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        out += '\n';
        if (end > at) out.append(indent, ' ').append(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

void append_escaped(std::string& out, char c)
{
    constexpr std::string_view hex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\t': out += "\\t"; return;
    default: break;
    }
    if (is_printable_ascii(c))
        out += c;
    else
        out.append("\\x").append({hex[byte >> 4U], hex[byte & 0xFU]});
}

std::string double_quoted(std::string_view text)
{
    std::string out = "\"";
    while (!text.empty()) {
        const std::size_t bytes = utf8_character_bytes(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(bytes, 1));
        if (bytes == 1)
            append_escaped(out, text.front());
        else if (character == "\xC2\x85")
            out += "\\u0085"; // for the shorter \N yaml-cpp 0.7 makes a byte that is no UTF-8
        else if (character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9")
            out += character.back() == '\xA8' ? "\\L" : "\\P";
        else if (character == "\xEF\xBB\xBF")
            out += "\\uFEFF";
        else
            out += bytes == 0 ? replacement_character : character;
        text.remove_prefix(character.size());
    }
    return out + '"';
}

/// Whether the reader's expansion would change the text; where it does not, a doubled `$` is only noise.
bool would_expand(std::string_view text)
{
    return text.find("${") != std::string_view::npos || text.find("$$") != std::string_view::npos;
}

std::string scalar_text(const YamlScalar& scalar, std::size_t indent)
{
    if (const auto* word = std::get_if<YamlWord>(&scalar)) return word->text;
    return yaml_scalar(std::get<YamlText>(scalar).text, indent);
}

std::string spaces(std::size_t count) { return std::string(count, ' '); }

std::string value_text(const YamlScalar& scalar, std::size_t indent)
{
    return ' ' + scalar_text(scalar, indent + step) + '\n';
}

std::string value_text(const YamlList& list, std::size_t indent)
{
    std::string out = "\n";
    for (const YamlScalar& item : list)
        out += spaces(indent + step) + "- " + scalar_text(item, indent + 2 * step) + '\n';
    return out;
}

std::string value_text(const YamlMap& map, std::size_t indent) { return '\n' + map.str(indent + step); }

std::string value_text(const std::vector<YamlMap>& maps, std::size_t indent)
{
    std::string out = "\n";
    for (const YamlMap& map : maps) {
        std::string item = map.str(indent + 2 * step);
        item[indent + step] = '-'; // in the indentation of its first line
        out += item;
    }
    return out;
}

} // namespace

std::string yaml_scalar(std::string_view text, std::size_t indent)
{
    std::string doubled;
    if (would_expand(text)) {
        for (const char c : text) doubled.append(c == '$' ? 2 : 1, c);
        text = doubled;
    }
    if (is_plain(text)) return std::string{text};
    return allows_block(text) ? block(text, indent) : double_quoted(text);
}

void YamlMap::word(std::string_view key, std::string value)
{
    entries_.push_back({std::string{key}, YamlScalar{YamlWord{std::move(value)}}});
}

void YamlMap::text(std::string_view key, std::string value)
{
    entries_.push_back({std::string{key}, YamlScalar{YamlText{std::move(value)}}});
}

void YamlMap::list(std::string_view key, YamlList items)
{
    if (!items.empty()) entries_.push_back({std::string{key}, std::move(items)});
}

void YamlMap::texts(std::string_view key, const std::vector<std::string>& items)
{
    YamlList scalars;
    for (const std::string& item : items) scalars.emplace_back(YamlText{item});
    list(key, std::move(scalars));
}

void YamlMap::map(std::string_view key, YamlMap entries)
{
    if (!entries.empty()) entries_.push_back({std::string{key}, std::move(entries)});
}

void YamlMap::maps(std::string_view key, std::vector<YamlMap> items)
{
    std::erase_if(items, [](const YamlMap& item) { return item.empty(); });
    if (!items.empty()) entries_.push_back({std::string{key}, std::move(items)});
}

std::string YamlMap::str(std::size_t indent) const
{
    std::string out;
    for (const YamlEntry& entry : entries_) {
        out += spaces(indent) + (is_plain(entry.key) ? entry.key : double_quoted(entry.key)) + ':';
        out += std::visit([&](const auto& value) { return value_text(value, indent); }, entry.value);
    }
    return out;
}

} // namespace pandora::procfiles
