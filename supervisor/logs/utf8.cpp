#include "supervisor/logs/utf8.hpp"

#include <algorithm>

namespace pandora::supervisor::logs {

namespace {

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

/// What the first byte promises; 0 for one that begins nothing.
std::size_t promised_length(unsigned first)
{
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

/// The second byte's range shuts out overlong forms, surrogates, and what lies beyond U+10FFFF.
bool second_fits(unsigned first, unsigned second)
{
    switch (first) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;
    case 0xED: return second >= 0x80 && second <= 0x9F;
    case 0xF0: return second >= 0x90 && second <= 0xBF;
    case 0xF4: return second >= 0x80 && second <= 0x8F;
    default: return second >= 0x80 && second <= 0xBF;
    }
}

/// How many bytes of `text`, at most `length`, are as a sequence of that length has them.
std::size_t matching_bytes(std::string_view text, std::size_t length)
{
    const auto here = std::min(length, text.size());
    for (std::size_t at = 1; at < here; ++at) {
        const auto byte = byte_at(text, at);
        const bool fits = at == 1 ? second_fits(byte_at(text, 0), byte) : (byte & 0xC0U) == 0x80U;
        if (!fits) return at;
    }
    return here;
}

} // namespace

std::size_t sequence_length(std::string_view text)
{
    if (text.empty()) return 0;
    const auto length = promised_length(byte_at(text, 0));
    return length != 0 && matching_bytes(text, length) == length ? length : 0;
}

std::size_t unfinished_length(std::string_view text)
{
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto end = text.substr(text.size() - back);
        const auto length = promised_length(byte_at(end, 0));
        if (length == 0) continue; // a continuation byte: its sequence begins further ahead
        return length > back && matching_bytes(end, length) == back ? back : 0;
    }
    return 0;
}

} // namespace pandora::supervisor::logs
