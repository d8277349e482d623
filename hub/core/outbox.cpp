#include "hub/core/outbox.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

namespace {

std::size_t total(std::span<const std::string_view> pieces)
{
    std::size_t sum = 0;
    for (const std::string_view piece : pieces) sum += piece.size();
    return sum;
}

bool views(std::string_view piece, const std::string& whole)
{
    return piece.data() == whole.data() && piece.size() == whole.size();
}

} // namespace

std::string& Outbox::room_for(std::size_t bytes)
{
    const bool fits = !blocks_.empty() && !blocks_.back().shared && blocks_.back().copied.size() + bytes <= block_bytes;
    if (!fits) {
        blocks_.emplace_back(Block{std::exchange(spare_, {}), nullptr});
        blocks_.back().copied.reserve(bytes);
    }
    return blocks_.back().copied;
}

void Outbox::append(const OutFrame& frame, TimePoint now)
{
    const std::size_t body = total(frame.pieces);
    const auto header = wire::encode_header({0, frame.id, static_cast<std::uint32_t>(body)});
    if (empty()) moved_ = now;

    // A frame that goes in whole gets room for all of it at once, so that a large one is not moved as it
    // grows.
    std::string* room = &room_for(frame.shared ? header.size() : header.size() + body);
    room->append(reinterpret_cast<const char*>(header.data()), header.size());
    for (const std::string_view piece : frame.pieces) {
        if (frame.shared && views(piece, *frame.shared)) {
            blocks_.emplace_back(Block{{}, frame.shared});
            room = nullptr;
            continue;
        }
        if (!room) room = &room_for(piece.size());
        room->append(piece);
    }
    bytes_ += header.size() + body;
    frame_bytes_.push_back(header.size() + body);
}

std::size_t Outbox::gather(std::span<std::string_view> into) const
{
    const std::size_t used = std::min(into.size(), blocks_.size());
    for (std::size_t i = 0; i < used; ++i) into[i] = blocks_[i].view();
    if (used > 0) into[0].remove_prefix(front_consumed_);
    return used;
}

std::size_t Outbox::consume(std::size_t bytes, TimePoint now)
{
    assert(bytes <= bytes_);
    if (bytes == 0) return 0;
    moved_ = now;
    bytes_ -= bytes;

    front_consumed_ += bytes;
    while (!blocks_.empty() && front_consumed_ >= blocks_.front().view().size()) {
        front_consumed_ -= blocks_.front().view().size();
        std::string& written = blocks_.front().copied;
        if (written.capacity() <= block_bytes && written.capacity() > spare_.capacity()) {
            written.clear();
            spare_ = std::move(written);
        }
        blocks_.pop_front();
    }

    const std::size_t before = frames();
    frame_consumed_ += bytes;
    while (first_frame_ < frame_bytes_.size() && frame_consumed_ >= frame_bytes_[first_frame_])
        frame_consumed_ -= frame_bytes_[first_frame_++];
    const std::size_t completed = before - frames();
    if (first_frame_ > frame_bytes_.size() / 2) {
        frame_bytes_.erase(frame_bytes_.begin(), frame_bytes_.begin() + static_cast<std::ptrdiff_t>(first_frame_));
        first_frame_ = 0;
    }
    return completed;
}

void Outbox::clear() { *this = Outbox{}; }

bool Outbox::congested(const wire::Limits& limits, TimePoint now) const
{
    if (empty()) return false;
    if (now - moved_ >= limits.queue_patience) return true;
    return above_soft_ && now - *above_soft_ >= limits.queue_patience;
}

std::optional<TimePoint> Outbox::patience_ends(const wire::Limits& limits) const
{
    if (!above_soft_) return std::nullopt;
    return std::max(moved_, *above_soft_) + limits.queue_patience;
}

void Outbox::watch(const wire::Limits& limits, TimePoint now)
{
    if (bytes_ <= limits.queue_bytes_soft)
        above_soft_.reset();
    else if (!above_soft_)
        above_soft_ = now;
}

} // namespace pandora::hub::core
