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
    const bool fits =
        first_block_ < blocks_.size() && !blocks_.back().shared && blocks_.back().copied.size() + bytes <= block_bytes;
    if (!fits) {
        blocks_.emplace_back(Block{std::exchange(spare_, {}), nullptr});
        blocks_.back().copied.reserve(bytes);
    }
    return blocks_.back().copied;
}

void Outbox::append(const OutFrame& frame, TimePoint now)
{
    const std::size_t body = total(frame.pieces);
    const auto header = wire::encode_header({frame.flags, frame.id, static_cast<std::uint32_t>(body)});
    if (empty()) moved_ = now;
    if (!frame.fds.empty()) attach(frame.fds);

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

/// Before the frame is appended, so that it begins where the queue ends.
void Outbox::attach(std::span<const Fd> fds)
{
    attached_.push_back({consumed_ + bytes_, {fds.begin(), fds.end()}});
    fds_ += fds.size();
}

/// What the first byte of a frame took along is with the kernel.
void Outbox::detach_written()
{
    std::size_t written = 0;
    while (written < attached_.size() && attached_[written].at < consumed_) fds_ -= attached_[written++].fds.size();
    attached_.erase(attached_.begin(), attached_.begin() + static_cast<std::ptrdiff_t>(written));
}

std::span<const Fd> Outbox::front_fds() const
{
    if (attached_.empty() || attached_.front().at != consumed_) return {};
    return attached_.front().fds;
}

/// Bytes up to the next frame with descriptors.
std::size_t Outbox::gatherable() const
{
    for (const Attachment& attached : attached_)
        if (attached.at != consumed_) return static_cast<std::size_t>(attached.at - consumed_);
    return bytes_;
}

std::size_t Outbox::gather(std::span<std::string_view> into) const
{
    std::size_t used = std::min(into.size(), blocks_.size() - first_block_);
    for (std::size_t i = 0; i < used; ++i) into[i] = blocks_[first_block_ + i].view();
    if (used > 0) into[0].remove_prefix(front_consumed_);
    if (attached_.empty()) return used;

    std::size_t left = gatherable();
    for (std::size_t i = 0; i < used; ++i) {
        into[i] = into[i].substr(0, left);
        left -= into[i].size();
        if (left == 0) return i + 1;
    }
    return used;
}

void Outbox::drop_front_block()
{
    Block written = std::exchange(blocks_[first_block_++], {});
    if (written.copied.capacity() <= block_bytes && written.copied.capacity() > spare_.capacity()) {
        written.copied.clear();
        spare_ = std::move(written.copied);
    }
    if (first_block_ <= blocks_.size() / 2) return;
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(first_block_));
    first_block_ = 0;
}

std::size_t Outbox::consume(std::size_t bytes, TimePoint now)
{
    assert(bytes <= bytes_);
    if (bytes == 0) return 0;
    moved_ = now;
    bytes_ -= bytes;
    consumed_ += bytes;
    if (!attached_.empty()) detach_written();

    front_consumed_ += bytes;
    while (first_block_ < blocks_.size() && front_consumed_ >= blocks_[first_block_].view().size()) {
        front_consumed_ -= blocks_[first_block_].view().size();
        drop_front_block();
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
