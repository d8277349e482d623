#include "hub/wire/json_reader.hpp"

#include <array>
#include <bitset>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace pandora::hub::wire {

namespace {

constexpr std::uint64_t every_byte(std::uint8_t value) { return 0x0101010101010101ULL * value; }

/// Whether one of the eight bytes is a quote, a backslash or a control character.
bool needs_attention(std::uint64_t word)
{
    const auto zero_byte = [](std::uint64_t x) { return (x - every_byte(1)) & ~x & every_byte(0x80); };
    const std::uint64_t below_space = (word - every_byte(0x20)) & ~word & every_byte(0x80);
    return (below_space | zero_byte(word ^ every_byte('"')) | zero_byte(word ^ every_byte('\\'))) != 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::uint32_t hex4(std::string_view four)
{
    std::uint32_t value = 0;
    for (const char c : four) value = value << 4 | static_cast<std::uint32_t>(hex_value(c));
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

bool JsonReader::fail()
{
    failed_ = true;
    at_ = text_.size();
    return false;
}

void JsonReader::skip_space()
{
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
        ++at_;
    }
}

bool JsonReader::at_end()
{
    skip_space();
    return at_ == text_.size();
}

char JsonReader::peek()
{
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonReader::open_object()
{
    if (peek() != '{') return fail();
    ++at_;
    first_key_ = true;
    return true;
}

bool JsonReader::open_array()
{
    if (peek() != '[') return fail();
    ++at_;
    first_element_ = true;
    return true;
}

bool JsonReader::next_element()
{
    const char c = peek();
    if (c == ']') {
        ++at_;
        first_element_ = false;
        return false;
    }
    if (failed_) return false;
    if (!std::exchange(first_element_, false)) {
        if (c != ',') return fail();
        ++at_;
    }
    return true;
}

bool JsonReader::next_key(std::string_view& key)
{
    const char c = peek();
    if (c == '}') {
        ++at_;
        first_key_ = false;
        return false;
    }
    if (!first_key_) {
        if (c != ',') return fail();
        ++at_;
    }
    first_key_ = false;
    return skip_key_and_colon(&key);
}

bool JsonReader::skip_key_and_colon(std::string_view* key)
{
    if (peek() != '"') return fail();
    const std::size_t begin = at_ + 1;
    if (!skip_string()) return false;
    if (key != nullptr) *key = text_.substr(begin, at_ - 1 - begin);
    if (peek() != ':') return fail();
    ++at_;
    return true;
}

std::string_view JsonReader::skip_value()
{
    skip_space();
    const std::size_t begin = at_;
    std::bitset<json_depth_max> is_object; // one bit a container that is open
    std::size_t depth = 0;

    for (;;) {
        // A value is expected here.
        const char opening = peek();
        if (opening == '{' || opening == '[') {
            if (depth == json_depth_max) return fail(), std::string_view{};
            is_object[depth++] = opening == '{';
            ++at_;
            if (peek() != (opening == '{' ? '}' : ']')) {
                if (opening == '{' && !skip_key_and_colon(nullptr)) return {};
                continue;
            }
            ++at_;
            --depth;
        } else if (!skip_scalar()) {
            return {};
        }
        // A value has ended: close what ends with it, up to a comma that announces the next one.
        while (depth > 0 && peek() == (is_object[depth - 1] ? '}' : ']')) {
            ++at_;
            --depth;
        }
        if (depth == 0) return text_.substr(begin, at_ - begin);
        if (peek() != ',') return fail(), std::string_view{};
        ++at_;
        if (is_object[depth - 1] && !skip_key_and_colon(nullptr)) return {};
    }
}

bool JsonReader::skip_scalar()
{
    switch (peek()) {
    case '"': return skip_string();
    case 't': return skip_word("true");
    case 'f': return skip_word("false");
    case 'n': return skip_word("null");
    default: return skip_number();
    }
}

bool JsonReader::skip_word(std::string_view word)
{
    if (text_.substr(at_, word.size()) != word) return fail();
    at_ += word.size();
    return true;
}

bool JsonReader::skip_string()
{
    ++at_; // the opening quote, which the caller has seen
    for (;;) {
        std::uint64_t word = 0;
        while (at_ + sizeof word <= text_.size()) {
            std::memcpy(&word, text_.data() + at_, sizeof word);
            if (needs_attention(word)) break;
            at_ += sizeof word;
        }
        if (at_ == text_.size()) return fail();
        const char c = text_[at_++];
        if (c == '"') return true;
        if (c == '\\' && !skip_escape()) return false;
        if (static_cast<unsigned char>(c) < 0x20) return fail();
    }
}

bool JsonReader::skip_escape()
{
    if (at_ == text_.size()) return fail();
    const char letter = text_[at_++];
    if (letter != 'u') return std::string_view{"\"\\/bfnrt"}.find(letter) != std::string_view::npos || fail();
    if (text_.size() - at_ < 4) return fail();
    for (int i = 0; i < 4; ++i)
        if (hex_value(text_[at_++]) < 0) return fail();
    return true;
}

bool JsonReader::skip_digits()
{
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > begin || fail();
}

bool JsonReader::skip_number()
{
    const auto next_is = [&](std::string_view set) {
        return at_ < text_.size() && set.find(text_[at_]) != std::string_view::npos;
    };
    if (next_is("-")) ++at_;
    if (next_is("0"))
        ++at_; // no digit may follow a leading zero; one that does is no separator either and fails the
               // caller
    else if (!skip_digits())
        return false;
    if (next_is(".")) {
        ++at_;
        if (!skip_digits()) return false;
    }
    if (!next_is("eE")) return true;
    ++at_;
    if (next_is("+-")) ++at_;
    return skip_digits();
}

bool truthy(std::string_view raw)
{
    if (raw.empty() || raw == "null" || raw == "false" || raw == "\"\"") return false;
    const auto number = number_of(raw);
    return !number || *number != 0;
}

std::optional<double> number_of(std::string_view raw)
{
    if (raw.empty() || (raw[0] != '-' && !is_digit(raw[0]))) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (error != std::errc{} || end != raw.data() + raw.size()) return std::nullopt;
    return value;
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
        const auto byte = static_cast<unsigned char>(text.front());
        std::size_t bytes = 1;
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += text.front();
        } else if (byte < 0x20) {
            append_escape(out, byte);
        } else if (byte < 0x80) {
            out += text.front();
        } else {
            bytes = append_sequence(out, text);
        }
        text.remove_prefix(bytes);
    }
    out += '"';
}

} // namespace pandora::hub::wire
