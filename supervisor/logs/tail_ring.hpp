// The last lines of one instance, in memory. Pure.
#pragma once

#include "supervisor/logs/lines.hpp"
#include "supervisor/logs/source.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

namespace pandora::supervisor::logs {

/// Takes blocks as they come and looks for lines only when somebody asks: what floods in costs a copy, what nobody
/// reads nothing more. Its memory grows with what it holds, up to tail_bytes_a_line for each line.
class TailRing {
public:
    explicit TailRing(std::uint32_t lines);

    void add(Block block, Stream stream, WallTime time);

    /// The last `lines` of those at `from` or beyond, oldest first.
    std::vector<TailLine> last(std::size_t lines, std::uint64_t from) const;

    std::size_t bytes() const { return static_cast<std::size_t>(end_ - begin_); }

private:
    /// A part of a block: what was read together has one time.
    struct Segment {
        std::uint64_t begin = 0; // position of its first byte
        std::uint64_t end = 0;
        WallTime time;
        Stream stream = Stream::out;
        bool continues = false;
    };

    void add_segment(Block block, Stream stream, WallTime time);
    void make_room(std::size_t bytes);
    void grow(std::size_t bytes);
    void append(std::string_view text);
    std::string text_of(const Segment& segment) const;
    std::vector<TailLine> lines_of(const Segment& segment) const;

    std::size_t lines_max_;
    std::size_t bytes_max_;
    std::vector<char> bytes_; // a ring: position p is at p % size
    std::uint64_t begin_ = 0; // positions count every byte that was ever added
    std::uint64_t end_ = 0;
    std::deque<Segment> segments_;
};

} // namespace pandora::supervisor::logs
