#include "supervisor/logs/line_assembler.hpp"

#include <algorithm>

namespace pandora::supervisor::logs {

namespace {

std::string_view without_carriage_return(std::string_view line)
{
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

/// The largest prefix of at most `limit` bytes that does not cut a UTF-8 sequence in two. Text that is not UTF-8 is cut
/// at the limit: a sequence has at most three continuation bytes (RFC 3629).
std::size_t cut_before_sequence(std::string_view text, std::size_t limit)
{
    auto at = limit;
    for (int back = 0; back < 3 && at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; ++back) --at;
    const bool at_start = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    return at_start && at > 0 ? at : limit;
}

} // namespace

void LineAssembler::feed(std::string_view chunk, const Sink& sink)
{
    while (!chunk.empty()) {
        const auto newline = chunk.find('\n');
        if (newline == std::string_view::npos) return add(chunk, sink);
        const auto line = chunk.substr(0, newline);
        chunk.remove_prefix(newline + 1);
        if (partial_.empty() && line.size() <= line_bytes_max) { // the common case: nothing is copied
            sink(without_carriage_return(line), true);
            continue;
        }
        add(line, sink);
        sink(without_carriage_return(partial_), true);
        partial_.clear();
    }
}

/// Afterwards the unfinished line is at most line_bytes_max long.
void LineAssembler::add(std::string_view text, const Sink& sink)
{
    partial_.append(text);
    std::string_view rest = partial_;
    while (rest.size() > line_bytes_max) {
        const auto cut = cut_before_sequence(rest, line_bytes_max);
        sink(rest.substr(0, cut), false);
        rest.remove_prefix(cut);
    }
    partial_.erase(0, partial_.size() - rest.size());
}

void LineAssembler::flush(const Sink& sink)
{
    if (partial_.empty()) return;
    sink(without_carriage_return(partial_), false);
    partial_.clear();
}

} // namespace pandora::supervisor::logs
