#include "procfiles/text_check.hpp"

#include <array>
#include <cstddef>

namespace pandora::procfiles {

namespace {

/// What the first byte of a character says of the rest: RFC 3629, table 3-7 of the Unicode standard.
struct Lead {
    unsigned char first, last; // range of the first byte
    unsigned char second_low,
        second_high; // range of the second one, which shuts out overlong forms and surrogates
    std::size_t bytes;
};

constexpr std::array leads{
    Lead{0xC2, 0xDF, 0x80, 0xBF, 2}, Lead{0xE0, 0xE0, 0xA0, 0xBF, 3}, Lead{0xE1, 0xEC, 0x80, 0xBF, 3},
    Lead{0xED, 0xED, 0x80, 0x9F, 3}, Lead{0xEE, 0xEF, 0x80, 0xBF, 3}, Lead{0xF0, 0xF0, 0x90, 0xBF, 4},
    Lead{0xF1, 0xF3, 0x80, 0xBF, 4}, Lead{0xF4, 0xF4, 0x80, 0x8F, 4},
};

unsigned char byte_at(std::string_view bytes, std::size_t index) { return static_cast<unsigned char>(bytes[index]); }

bool is_control(unsigned char byte)
{
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

std::string describe(unsigned char byte)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const std::string hex{digits[byte >> 4U], digits[byte & 15U]};
    if (is_control(byte)) return "control character 0x" + hex + "; a procfile is UTF-8 text";
    return "byte 0x" + hex + " is not UTF-8; a procfile is UTF-8 text";
}

} // namespace

std::size_t utf8_character_bytes(std::string_view bytes)
{
    if (bytes.empty()) return 0;
    if (byte_at(bytes, 0) < 0x80) return 1;
    for (const Lead& lead : leads) {
        if (byte_at(bytes, 0) < lead.first || byte_at(bytes, 0) > lead.last) continue;
        if (bytes.size() < lead.bytes) return 0;
        if (byte_at(bytes, 1) < lead.second_low || byte_at(bytes, 1) > lead.second_high) return 0;
        for (std::size_t i = 2; i < lead.bytes; ++i)
            if ((byte_at(bytes, i) & 0xC0U) != 0x80U) return 0;
        return lead.bytes;
    }
    return 0;
}

std::optional<Problem> find_non_text(std::string_view bytes)
{
    Place place{1, 1};
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = utf8_character_bytes(bytes.substr(at));
        if (length == 0 || is_control(byte_at(bytes, at))) return Problem{place, describe(byte_at(bytes, at))};
        place = bytes[at] == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
        at += length;
    }
    return std::nullopt;
}

} // namespace pandora::procfiles
