// What the native dialect does with shared memory: where payloads of ours stand, and where those of others do.
#include "hub/client/cpp/native_dialect.hpp"
#include "hub/wire/limits.hpp"

#include <utility>

namespace pandora::hub::client {

std::optional<NativeDialect::Pools> NativeDialect::pools_of(std::optional<Pooling> pooling)
{
    if (!pooling || !pooling->source) return std::nullopt;
    return Pools{pooling->from, OwnPools{pooling->source}, PeerPools{pooling->source, std::move(pooling->wake)}};
}

bool NativeDialect::is_poolable(const Content& content, std::size_t from)
{
    const std::size_t bytes = content.text().size();
    return bytes >= from && bytes <= (content.binary() ? wire::pool_bytes_max : json_bytes_max);
}

bool NativeDialect::is_poolable(const Message& message, std::size_t from)
{
    return message.wants_answer && message.verb == wire::Verb::invoke && !message.in_frame &&
           is_poolable(message.content, from);
}

bool NativeDialect::pools(const Message& message) const { return pools_ && is_poolable(message, pools_->from); }

void NativeDialect::put_into_pool(const Content& content, OutFrame& frame)
{
    frame.place = pools_->own.put(content.text());
    frame.lacks_place = !frame.place && pools_->own.can_hold(content.text().size());
}

void NativeDialect::forget(const std::optional<wire::SharedPlace>& place)
{
    if (place) pools_->own.released(place->pool, place->offset);
}

void NativeDialect::avoid_pools(const Selector& who, std::uint32_t unread)
{
    if (!pools_->own.has(unread)) return;
    if (peer_) pools_->from = SIZE_MAX; // there is nobody else on a channel
    if (pools_avoided_.size() >= pools_avoided_max) pools_avoided_.clear();
    pools_avoided_.insert(text_of(who));
}

std::vector<OutFrame> NativeDialect::announce_pools()
{
    std::vector<OutFrame> frames;
    if (!pools_ || !pools_->own.has_announcements()) return frames;
    for (auto& pool : pools_->own.take_announcements()) {
        const std::uint8_t fds = pool.fd ? 1 : 0;
        OutFrame frame = control(wire::ControlVerb::pool, {.nfds = fds, .dst = pool.pool, .deadline = pool.bytes});
        if (pool.fd) frame.flags |= wire::flag::fds;
        frame.fd = std::move(pool.fd);
        frames.push_back(std::move(frame));
    }
    return frames;
}

std::vector<OutFrame> NativeDialect::return_places()
{
    std::vector<OutFrame> frames;
    for (const PeerPlace& place : pools_ ? pools_->theirs.take_returned() : std::exchange(unread_, {}))
        frames.push_back(
            control(wire::ControlVerb::release, {.dst = place.pool, .src = place.owner, .method = place.offset}));
    return frames;
}

/// The payload that stands in a pool. Whatever becomes of the message, its place is given back.
std::optional<Bytes> NativeDialect::borrow(const wire::NativeBody& body)
{
    const auto& place = body.tlvs.shared;
    if (!place) return std::nullopt;
    if (pools_) return pools_->theirs.borrow(owner_of(body.block), *place);
    unread_.push_back({owner_of(body.block), place->pool, place->offset}); // on a channel nobody else releases it
    return std::nullopt;
}

/// A pool of another's, or its end; or that the hub does not keep one of ours.
Received NativeDialect::read_pool(const wire::RoutingBlock& block, std::vector<OwnedFd> descriptors)
{
    if (!pools_) return Nothing{};
    if (block.deadline == 0 && !peer_ && block.src == grant_.handle) {
        pools_->own.refused(block.dst);
        return PlaceFreed{};
    }
    if (block.deadline == 0)
        pools_->theirs.withdrawn(owner_of(block), block.dst);
    else if (!descriptors.empty())
        pools_->theirs.announced(owner_of(block), block.dst, std::move(descriptors.front()), block.deadline);
    return Nothing{};
}

} // namespace pandora::hub::client
