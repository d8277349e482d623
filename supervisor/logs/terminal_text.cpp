#include "supervisor/logs/terminal_text.hpp"

#include "supervisor/logs/utf8.hpp"

#include <algorithm>

namespace pandora::supervisor::logs {

namespace {

constexpr std::string_view hex = "0123456789abcdef";
constexpr std::string_view colours_off = "\x1b[0m";
constexpr std::size_t colour_bytes_max = 64; // foreground and background in 24-bit colours take 40

bool is_plain(char c) { return (c >= 0x20 && c != 0x7F) || c == '\t'; }

/// The length of the SGR sequence that `text` begins with, or 0. ECMA-48: ESC [ parameters m.
std::size_t colour_length(std::string_view text)
{
    if (!text.starts_with("\x1b[")) return 0;
    const auto end = text.substr(0, colour_bytes_max).find_first_not_of("0123456789;:", 2);
    return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

void append_visibly(std::string& out, std::string_view bytes)
{
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.append("\\x").append({hex[byte >> 4U], hex[byte & 0xFU]});
    }
}

/// U+0080 to U+009F: some terminals take them for the two-byte sequences that begin with ESC.
bool is_control(std::string_view sequence)
{
    return sequence.size() == 2 && sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

} // namespace

void append_for_terminal(std::string& out, std::string_view text)
{
    bool coloured = false;
    while (!text.empty()) {
        const auto plain = std::find_if_not(text.begin(), text.end(), is_plain);
        const auto before = static_cast<std::size_t>(plain - text.begin());
        out.append(text.substr(0, before));
        text.remove_prefix(before);
        if (text.empty()) break;
        const auto colour = colour_length(text);
        const auto length = colour > 0 ? colour : std::max<std::size_t>(sequence_length(text), 1);
        const auto part = text.substr(0, length);
        text.remove_prefix(length);
        coloured = coloured || colour > 0;
        if (colour > 0 || (length > 1 && !is_control(part)))
            out.append(part);
        else
            append_visibly(out, part);
    }
    if (coloured) out.append(colours_off);
}

} // namespace pandora::supervisor::logs
