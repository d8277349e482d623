#include "supervisor/logs/lines.hpp"

#include "supervisor/logs/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace pandora::supervisor::logs {

namespace {

// A vector of the size that every 64-bit machine has: the compilers turn it into SSE2 or NEON.
constexpr std::size_t lanes = 16;
using Lanes __attribute__((vector_size(lanes))) = std::uint8_t;

/// A lane holds at most 255: so many vectors may be added before the lanes are.
constexpr std::size_t vectors_max = 255;

std::size_t sum(const Lanes& counts)
{
    std::size_t total = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) total += counts[lane];
    return total;
}

} // namespace

std::size_t count_lines(std::string_view text)
{
    const Lanes newline = Lanes{} + static_cast<std::uint8_t>('\n');
    std::size_t total = 0;
    while (text.size() >= lanes) {
        Lanes counts{};
        const auto vectors = std::min(text.size() / lanes, vectors_max);
        for (std::size_t n = 0; n < vectors; ++n) {
            Lanes bytes;
            std::memcpy(&bytes, text.data() + n * lanes, lanes);
            counts -= reinterpret_cast<Lanes>(bytes == newline); // a lane that is true is -1
        }
        total += sum(counts);
        text.remove_prefix(vectors * lanes);
    }
    return total + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::size_t cut_before_character(std::string_view text, std::size_t limit)
{
    const auto cut = limit - unfinished_length(text.substr(0, limit));
    return cut > 0 ? cut : limit;
}

std::size_t ready_bytes(std::string_view text)
{
    const auto* last = static_cast<const char*>(::memrchr(text.data(), '\n', text.size()));
    std::size_t ready = last ? static_cast<std::size_t>(last - text.data()) + 1 : 0;
    while (text.size() - ready > line_bytes_max) ready += cut_before_character(text.substr(ready), line_bytes_max);
    return ready;
}

std::size_t ready_bytes_when_idle(std::string_view text) { return text.size() - unfinished_length(text); }

std::size_t whole_lines(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit) return text.size();
    if (const auto last = text.substr(0, limit).rfind('\n'); last != std::string_view::npos) return last + 1;
    const auto first = text.find('\n', limit);
    return first == std::string_view::npos ? text.size() : first + 1;
}

Line take_line(std::string_view& text)
{
    const auto newline = text.substr(0, line_bytes_max + 1).find('\n');
    if (newline != std::string_view::npos) {
        auto line = text.substr(0, newline);
        text.remove_prefix(newline + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return {line, true};
    }
    const auto length = text.size() > line_bytes_max ? cut_before_character(text, line_bytes_max) : text.size();
    const auto piece = text.substr(0, length);
    text.remove_prefix(length);
    return {piece, false};
}

} // namespace pandora::supervisor::logs
