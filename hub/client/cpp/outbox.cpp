#include "hub/client/cpp/outbox.hpp"

#include "hub/wire/frame.hpp"

#include <utility>

namespace pandora::hub::client {

namespace {

// Up to here, copying a body into the shared chunk is cheaper than one more
// element of the gathered write. A choice: about a socket buffer's worth.
constexpr std::size_t chunk_bytes = 64 * 1024;

} // namespace

void Outbox::push(std::uint32_t id, OutFrame frame)
{
    const auto body_bytes = static_cast<std::uint32_t>(frame.body_bytes());
    const auto header = wire::encode_header({.flags = frame.flags, .id = id, .body_bytes = body_bytes});
    bytes_ += header.size() + body_bytes;
    if (chunks_.empty() || chunks_.back().size() >= chunk_bytes) chunks_.emplace_back();
    chunks_.back().append(reinterpret_cast<const char*>(header.data()), header.size()).append(frame.head);
    if (frame.body.size() < chunk_bytes)
        chunks_.back().append(frame.body);
    else
        chunks_.push_back(std::move(frame.body));
}

std::vector<std::string> Outbox::take()
{
    taken_bytes_ += std::exchange(bytes_, 0);
    return std::exchange(chunks_, {});
}

void Outbox::clear() { *this = Outbox{}; }

} // namespace pandora::hub::client
