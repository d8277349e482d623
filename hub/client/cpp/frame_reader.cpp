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

bool nests_deeper_than(std::string_view json, std::size_t depth_max)
{
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (in_string) {
            if (c == '\\')
                ++at;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > depth_max) return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

} // namespace pandora::hub::client
