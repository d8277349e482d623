// Lines in what a pipe gave. Output travels in blocks, as large as they were read: most of what happens to it needs to
// know only where its lines end. Pure.
#pragma once

#include "supervisor/logs/limits.hpp"

#include <cstddef>
#include <string_view>

namespace pandora::supervisor::logs {

/// What one stream gave: whole lines, of which the last may be a piece that is still going on.
struct Block {
    std::string_view text;
    bool continues = false; // its first line began in the block before
};

/// How much of `text`, which an unfinished line may end, is ready to be handed on: all that ends in a newline, and the
/// pieces of a line longer than line_bytes_max. What is left is at most that long.
std::size_t ready_bytes(std::string_view text);

/// The same, once nothing more is expected for a while: everything but a character that is not complete.
std::size_t ready_bytes_when_idle(std::string_view text);

/// How many newlines.
std::size_t count_lines(std::string_view text);

/// The largest prefix, at most `limit` bytes, that cuts no character; `limit` < text.size().
std::size_t cut_before_character(std::string_view text, std::size_t limit);

/// How much of `text`, which ends in a newline, to write at once so that no line is cut where no more than
/// `limit` bytes are sure to be taken whole. A line that is longer goes alone.
std::size_t whole_lines(std::string_view text, std::size_t limit);

/// Takes the first line off `text`: without its newline and a carriage return before it, and at most line_bytes_max
/// long. `whole` is false for a piece of an overlong line and for a last one without a newline.
struct Line {
    std::string_view text;
    bool whole = false;
};

Line take_line(std::string_view& text);

/// Calls `handle(std::string_view line, bool whole)` for each. The empty end of a line whose beginning has been handed
/// on is no line of its own.
template <class Handle>
void for_each_line(Block block, Handle handle)
{
    for (bool first = true; !block.text.empty(); first = false) {
        const auto line = take_line(block.text);
        if (first && block.continues && line.whole && line.text.empty()) continue;
        handle(line.text, line.whole);
    }
}

} // namespace pandora::supervisor::logs
