#include "supervisor/logs/tail_ring.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t first_bytes = 1024;      // most workers say little
constexpr std::size_t segments_of_a_ring = 16; // forgotten one by one: so much of it is always full

/// The first line end at or after `at`, or all of the text.
std::size_t end_of_line(std::string_view text, std::size_t at)
{
    const auto newline = at >= text.size() ? std::string_view::npos : text.find('\n', at);
    return newline == std::string_view::npos ? text.size() : newline + 1;
}

} // namespace

TailRing::TailRing(std::uint32_t lines)
    : lines_max_{lines}, bytes_max_{std::clamp(lines * tail_bytes_a_line, tail_bytes_min, tail_bytes_max)}
{}

void TailRing::add(Block block, Stream stream, WallTime time)
{
    if (lines_max_ == 0) return;
    if (block.text.size() > bytes_max_) { // only its end will be left
        const auto skipped = end_of_line(block.text, block.text.size() - bytes_max_);
        end_ += skipped;
        begin_ = end_;
        segments_.clear();
        block = {block.text.substr(skipped), false};
    }
    const auto segment_bytes = bytes_max_ / segments_of_a_ring;
    while (!block.text.empty()) {
        const auto length = end_of_line(block.text, segment_bytes);
        add_segment({block.text.substr(0, length), block.continues}, stream, time);
        block = {block.text.substr(length), false};
    }
}

/// A line without end is cut to what fits, at its beginning.
void TailRing::add_segment(Block block, Stream stream, WallTime time)
{
    if (block.text.size() > bytes_max_) {
        end_ += block.text.size() - bytes_max_;
        block.text.remove_prefix(block.text.size() - bytes_max_);
    }
    make_room(block.text.size());
    segments_.push_back({end_, end_ + block.text.size(), time, stream, block.continues});
    append(block.text);
}

void TailRing::make_room(std::size_t bytes)
{
    while (!segments_.empty() &&
           (segments_.size() >= lines_max_ || end_ + bytes - segments_.front().begin > bytes_max_))
        segments_.pop_front();
    begin_ = segments_.empty() ? end_ : segments_.front().begin;
    grow(this->bytes() + bytes);
}

/// To the next power of two, so that each byte is moved a few times at most.
void TailRing::grow(std::size_t bytes)
{
    if (bytes <= bytes_.size()) return;
    auto size = std::max(bytes_.size(), first_bytes);
    while (size < bytes) size *= 2;
    std::vector<char> larger(std::min(size, bytes_max_));
    for (auto at = begin_; at < end_; ++at) larger[at % larger.size()] = bytes_[at % bytes_.size()];
    bytes_ = std::move(larger);
}

void TailRing::append(std::string_view text)
{
    while (!text.empty()) {
        const auto at = static_cast<std::size_t>(end_ % bytes_.size());
        const auto part = text.substr(0, bytes_.size() - at);
        std::memcpy(bytes_.data() + at, part.data(), part.size());
        end_ += part.size();
        text.remove_prefix(part.size());
    }
}

std::string TailRing::text_of(const Segment& segment) const
{
    std::string text;
    text.reserve(static_cast<std::size_t>(segment.end - segment.begin));
    for (auto position = segment.begin; position < segment.end;) {
        const auto at = static_cast<std::size_t>(position % bytes_.size());
        const auto length = std::min<std::uint64_t>(segment.end - position, bytes_.size() - at);
        text.append(bytes_.data() + at, static_cast<std::size_t>(length));
        position += length;
    }
    return text;
}

std::vector<TailLine> TailRing::lines_of(const Segment& segment) const
{
    std::vector<TailLine> lines;
    const auto text = text_of(segment);
    for_each_line({text, segment.continues}, [&](std::string_view line, bool) {
        const auto at = static_cast<std::uint64_t>(line.data() - text.data());
        lines.push_back({segment.time, segment.stream, std::string{line}, segment.begin + at});
    });
    return lines;
}

std::vector<TailLine> TailRing::last(std::size_t lines, std::uint64_t from) const
{
    const auto wanted = std::min(lines, lines_max_);
    std::vector<std::vector<TailLine>> newest_first;
    std::size_t count = 0;
    for (auto segment = segments_.rbegin(); segment != segments_.rend() && count < wanted; ++segment) {
        if (segment->end <= from) break;
        newest_first.push_back(lines_of(*segment));
        std::erase_if(newest_first.back(), [&](const TailLine& line) { return line.position < from; });
        count += newest_first.back().size();
    }
    std::vector<TailLine> result;
    result.reserve(count);
    for (auto part = newest_first.rbegin(); part != newest_first.rend(); ++part)
        std::ranges::move(*part, std::back_inserter(result));
    if (count > wanted) result.erase(result.begin(), result.end() - static_cast<std::ptrdiff_t>(wanted));
    return result;
}

} // namespace pandora::supervisor::logs
