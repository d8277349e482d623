#include "supervisor/probes/first_line.hpp"

#include <algorithm>

namespace pandora::supervisor::probes {

namespace {

constexpr std::string_view blanks{" \t\r\v\f\0", 6};

/// How many bytes the printable character takes that `text` begins with; 0 = it begins with none. The rows are the
/// well-formed sequences of the Unicode standard (table 3-7), less the control characters.
std::size_t printable_bytes(std::string_view text)
{
    struct Row {
        unsigned char first_min, first_max, second_min, second_max;
        std::size_t bytes;
    };

    static constexpr Row rows[] = {
        {0x20, 0x7e, 0x00, 0xff, 1}, {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0; };
    for (const auto& row : rows) {
        if (byte(0) < row.first_min || byte(0) > row.first_max) continue;
        if (byte(1) < row.second_min || byte(1) > row.second_max) continue;
        const auto rest = text.substr(1, row.bytes - 1);
        const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
        return rest.size() == row.bytes - 1 && std::ranges::all_of(rest, continues) ? row.bytes : 0;
    }
    return 0;
}

std::string printable(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const auto bytes = printable_bytes(text);
        const bool control = static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f;
        if (bytes > 0)
            out += text.substr(0, bytes);
        else
            out += control ? ' ' : '?';
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return out;
}

/// `text` was cut after some byte: the character in the middle of which that may have been is left out.
std::string_view whole_characters(std::string_view text)
{
    constexpr std::size_t character_bytes_max = 4;
    for (std::size_t back = 1; back <= std::min(character_bytes_max, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte < 0x80) return text;
        if (byte < 0xc0) continue; // not the first of its character
        const bool whole = printable_bytes(text.substr(text.size() - back)) == back;
        return whole ? text : text.substr(0, text.size() - back);
    }
    return text;
}

} // namespace

void FirstLine::add(std::string_view output)
{
    while (!complete_ && !output.empty()) {
        if (line_.empty()) {
            const auto begin = output.find_first_not_of(std::string{blanks} + '\n');
            if (begin == std::string_view::npos) return;
            output.remove_prefix(begin);
        }
        const auto end = std::min(output.find('\n'), output.size());
        const auto fitting = std::min(end, bytes_max - line_.size());
        line_ += output.substr(0, fitting);
        cut_ = fitting < end;
        complete_ = cut_ || end < output.size();
        output.remove_prefix(fitting);
    }
}

std::string FirstLine::text() const
{
    auto text = printable(cut_ ? whole_characters(line_) : line_);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + (cut_ ? "..." : "");
}

} // namespace pandora::supervisor::probes
