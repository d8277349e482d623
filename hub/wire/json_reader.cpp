#include "hub/wire/json_reader.hpp"

#include <bitset>
#include <cstdint>
#include <cstring>
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

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

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
        if (!is_hex(text_[at_++])) return fail();
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

} // namespace pandora::hub::wire
