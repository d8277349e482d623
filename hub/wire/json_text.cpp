#include "hub/wire/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace pandora::hub::wire {

namespace {

/// Of a digit that is known to be one.
std::uint32_t hex_value(char c)
{
    const int value = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    return static_cast<std::uint32_t>(value);
}

std::uint32_t hex4(std::string_view four)
{
    std::uint32_t value = 0;
    for (const char c : four) value = value << 4 | hex_value(c);
    return value;
}

void append_code_point(std::string& out, std::uint32_t code)
{
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | code >> 6);
        tail(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | code >> 12);
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0 | code >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

void append_escape(std::string& out, std::uint32_t code)
{
    constexpr std::string_view hex = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex[code >> shift & 0xF];
}

/// The code point that the bytes above 0x7f at the start of `text` stand for, a surrogate on its own included, and how
/// many they are; nullopt: none.
struct Sequence {
    std::uint32_t code;
    std::size_t bytes;
};

std::optional<Sequence> read_sequence(std::string_view text)
{
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return std::nullopt;
    std::uint32_t code = first & (0x7FU >> bytes);
    for (const char c : text.substr(1, bytes - 1)) {
        const auto next = static_cast<unsigned char>(c);
        if ((next & 0xC0) != 0x80) return std::nullopt;
        code = code << 6 | (next & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (code < least[bytes] || code > 0x10FFFF) return std::nullopt;
    return Sequence{code, bytes};
}

/// Half a pair, which JSON can escape and UTF-8 cannot hold, becomes an escape again; what is no UTF-8 at all the
/// replacement character. Returns the bytes passed.
std::size_t append_sequence(std::string& out, std::string_view text)
{
    constexpr std::uint32_t replacement = 0xFFFD;
    const auto sequence = read_sequence(text);
    const bool surrogate = sequence && sequence->code >= 0xD800 && sequence->code < 0xE000;
    if (sequence && !surrogate)
        out.append(text, 0, sequence->bytes);
    else
        append_escape(out, surrogate ? sequence->code : replacement);
    return sequence ? sequence->bytes : 1;
}

/// ASCII that stands for itself.
bool is_plain(char letter)
{
    const auto code = static_cast<unsigned char>(letter);
    return code >= ' ' && code < 0x80 && letter != '"' && letter != '\\';
}

/// The letter that stands for a character after a backslash; nullopt: there is none.
std::optional<char> escaped(char letter)
{
    switch (letter) {
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '"':
    case '\\': return letter;
    default: return std::nullopt;
    }
}

/// The first character, which is not plain; returns the bytes passed.
std::size_t append_escaped(std::string& out, std::string_view text)
{
    const auto code = static_cast<unsigned char>(text.front());
    if (code >= 0x80) return append_sequence(out, text);
    if (const auto letter = escaped(text.front()))
        out.append({'\\', *letter});
    else
        append_escape(out, code);
    return 1;
}

/// Reads the XXXX of \uXXXX at `inner[at]`, and the low half of a pair if one follows; returns the bytes
/// passed.
std::size_t append_unicode_escape(std::string_view inner, std::size_t at, std::string& out)
{
    const std::uint32_t high = hex4(inner.substr(at, 4));
    const bool pair_may_follow = high >= 0xD800 && high < 0xDC00 && inner.substr(at + 4, 2) == "\\u";
    const std::uint32_t low = pair_may_follow ? hex4(inner.substr(at + 6, 4)) : 0;
    if (low >= 0xDC00 && low < 0xE000) {
        append_code_point(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
        return 10;
    }
    append_code_point(out, high);
    return 4;
}

char unescaped(char letter)
{
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter; // quote, backslash, slash
    }
}

} // namespace

bool truthy(std::string_view raw)
{
    if (raw.empty() || raw == "null" || raw == "false" || raw == "\"\"") return false;
    const auto number = number_of(raw);
    return !number || *number != 0;
}

std::optional<double> number_of(std::string_view raw)
{
    if (raw.empty() || (raw[0] != '-' && (raw[0] < '0' || raw[0] > '9'))) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (error != std::errc{} || end != raw.data() + raw.size()) return std::nullopt;
    return value;
}

std::string_view plain(std::string_view inner, std::string& scratch)
{
    if (inner.find('\\') == std::string_view::npos) return inner;
    unescape(inner, scratch);
    return scratch;
}

std::string_view text_of(std::string_view raw, std::string& scratch)
{
    return raw.size() < 2 || raw.front() != '"' ? std::string_view{} : plain(raw.substr(1, raw.size() - 2), scratch);
}

void unescape(std::string_view inner, std::string& out)
{
    out.clear();
    for (std::size_t at = 0; at < inner.size();) {
        const std::size_t backslash = std::min(inner.find('\\', at), inner.size());
        out.append(inner, at, backslash - at);
        at = backslash;
        if (at == inner.size()) return;
        const char letter = inner[at + 1];
        at += 2;
        if (letter == 'u')
            at += append_unicode_escape(inner, at, out);
        else
            out += unescaped(letter);
    }
}

void append_json_string(std::string& out, std::string_view text)
{
    out += '"';
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
        out.append(text, 0, plain);
        text.remove_prefix(plain);
        if (!text.empty()) text.remove_prefix(append_escaped(out, text));
    }
    out += '"';
}

} // namespace pandora::hub::wire
