#include "hub/client/cpp/frame_reader.hpp"

namespace pandora::hub::client {

void FrameReader::append(std::span<const std::byte> bytes)
{
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::optional<Frame> FrameReader::next()
{
    if (oversized_) return std::nullopt;
    const auto rest = std::string_view{buffer_}.substr(consumed_);
    const auto header = wire::decode_header(std::as_bytes(std::span{rest}));
    if (!header) return std::nullopt;
    if (header->body_bytes > body_bytes_max_) {
        oversized_ = header->body_bytes;
        return std::nullopt;
    }
    if (rest.size() - wire::header_bytes < header->body_bytes) return std::nullopt;
    consumed_ += wire::header_bytes + header->body_bytes;
    return Frame{header->id, rest.substr(wire::header_bytes, header->body_bytes)};
}

void FrameReader::reset()
{
    buffer_.clear();
    consumed_ = 0;
    oversized_.reset();
}

} // namespace pandora::hub::client
