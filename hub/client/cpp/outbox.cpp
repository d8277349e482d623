#include "hub/client/cpp/outbox.hpp"

#include "hub/wire/frame.hpp"

#include <algorithm>
#include <utility>

namespace pandora::hub::client {

namespace {

// Up to here, copying a body into the shared chunk is cheaper than one more element of the gathered write. A choice:
// about a socket buffer's worth.
constexpr std::size_t chunk_bytes = 64 * 1024;

} // namespace

void Outbox::push(std::uint32_t id, OutFrame frame)
{
    const auto body_bytes = static_cast<std::uint32_t>(frame.body_bytes());
    const auto header = wire::encode_header({.flags = frame.flags, .id = id, .body_bytes = body_bytes});
    bytes_ += header.size() + body_bytes;
    if (frame.fd || open_.size() >= chunk_bytes) seal();
    if (frame.fd) open_fd_ = std::move(frame.fd);
    if (open_.empty()) open_.reserve(header.size() + std::min<std::size_t>(body_bytes, chunk_bytes)); // at once
    open_.append(reinterpret_cast<const char*>(header.data()), header.size()).append(frame.head);
    if (const std::string_view body = frame.body.text(); body.size() < chunk_bytes) {
        open_.append(body);
    } else {
        seal();
        chunks_.push_back({.bytes = std::move(frame.body)});
    }
}

void Outbox::seal()
{
    if (open_.empty()) return;
    chunks_.push_back({.bytes = std::exchange(open_, {}), .fd = std::exchange(open_fd_, nullptr)});
}

std::vector<Chunk> Outbox::take()
{
    seal();
    taken_bytes_ += std::exchange(bytes_, 0);
    return std::exchange(chunks_, {});
}

void Outbox::clear() { *this = Outbox{}; }

} // namespace pandora::hub::client
