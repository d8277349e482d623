#include "metrics/label_text.hpp"

namespace pandora::metrics {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

constexpr bool within(unsigned byte, unsigned low, unsigned high) { return low <= byte && byte <= high; }

/// Length of the valid sequence that `text` starts with, 0 if it starts with none. Table 3-7 of the Unicode
/// standard: the second byte's bounds keep out overlong forms, surrogates and what lies beyond U+10FFFF.
std::size_t sequence_bytes(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto tail = [&](std::size_t i) { return within(byte(i), 0x80, 0xBF); };

    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (within(lead, 0xC2, 0xDF)) return tail(1) ? 2 : 0;
    if (within(lead, 0xE0, 0xEF)) {
        const bool second = within(byte(1), lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
        return second && tail(2) ? 3 : 0;
    }
    if (within(lead, 0xF0, 0xF4)) {
        const bool second = within(byte(1), lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
        return second && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

} // namespace

std::string label_text(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t bytes = sequence_bytes(text);
        result += bytes == 0 ? replacement : text.substr(0, bytes);
        text.remove_prefix(bytes == 0 ? 1 : bytes);
    }
    return result;
}

} // namespace pandora::metrics
