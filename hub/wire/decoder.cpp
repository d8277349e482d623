#include "hub/wire/decoder.hpp"

#include <algorithm>
#include <cstring>

namespace pandora::hub::wire {

std::span<std::byte> FrameDecoder::space()
{
    if (begin_ == end_) {
        begin_ = end_ = 0;
        // A single huge frame must not pin its size for the life of the connection.
        if (capacity_ > 4 * read_bytes_usual) reallocate(read_bytes_usual);
    }
    if (filled_ && capacity_ < read_bytes_usual) reallocate(2 * capacity_);
    if (capacity_ - end_ < read_bytes_min) make_room();
    return {buffer_.get() + end_, capacity_ - end_};
}

void FrameDecoder::make_room()
{
    const std::size_t held = end_ - begin_;
    if (held <= capacity_ / 2 && capacity_ - held >= read_bytes_min) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, held);
        begin_ = 0;
        end_ = held;
        return;
    }
    // Doubling what has really arrived keeps the copying linear and the buffer below three times the data.
    reallocate(std::max({read_bytes_min, 2 * capacity_, held + read_bytes_min}));
}

void FrameDecoder::reallocate(std::size_t bytes)
{
    const std::size_t held = end_ - begin_;
    std::unique_ptr<std::byte[]> bigger{new std::byte[bytes]}; // uninitialised on purpose: it is written by reads
    if (held > 0) std::memcpy(bigger.get(), buffer_.get() + begin_, held);
    buffer_ = std::move(bigger);
    capacity_ = bytes;
    begin_ = 0;
    end_ = held;
}

Decoded FrameDecoder::next()
{
    const std::span<const std::byte> held{buffer_.get() + begin_, end_ - begin_};
    const auto header = decode_header(held);
    if (!header) return NeedMore{};
    if (header->body_bytes > body_bytes_max_) return Oversized{*header};
    if (held.size() - header_bytes < header->body_bytes) return NeedMore{};

    const auto* body = reinterpret_cast<const char*>(held.data() + header_bytes);
    begin_ += header_bytes + header->body_bytes;
    return Frame{*header, {body, header->body_bytes}};
}

} // namespace pandora::hub::wire
