// What waits to be written to one connection: frames as a list of byte blocks, ready to be gathered by one
// system call.
#pragma once

#include "hub/core/fd.hpp"
#include "hub/core/ids.hpp"
#include "hub/wire/frame.hpp"
#include "hub/wire/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::hub::core {

/// A frame to queue: id and body in pieces. Where `shared` is set, the piece that views it is kept by
/// reference instead of being copied, so that a large body costs the hub one copy however many connections it
/// goes to.
struct OutFrame {
    std::uint32_t id = 0;
    std::span<const std::string_view> pieces;
    std::shared_ptr<const std::string> shared = nullptr;
    std::uint8_t flags = 0;       // of the header
    std::span<const Fd> fds = {}; // to go with the frame's first byte
};

/// Pure: time is passed in. The bytes it holds are charged to the connection's owner.
class Outbox {
public:
    void append(const OutFrame& frame, TimePoint now);

    /// Bytes and frames that wait. A frame counts until its last byte is consumed.
    std::size_t bytes() const { return bytes_; }

    std::size_t frames() const { return frame_bytes_.size() - first_frame_; }

    bool empty() const { return bytes_ == 0; }

    /// Fills `into` with the blocks at the front, in order; returns how many it used. They hold until
    /// append() or consume(). Ends before a frame with descriptors, unless that one is the first: the kernel ties
    /// descriptors to the first byte of what is written at once.
    std::size_t gather(std::span<std::string_view> into) const;

    /// The descriptors to be written with the first byte of what gather() gives; mostly none. Hold as long.
    std::span<const Fd> front_fds() const;

    /// Descriptors that wait, for all frames: each takes a place in the hub's own table until it is written.
    std::size_t fds() const { return fds_; }

    /// Forgets `bytes` that have been written; returns the number of frames that are complete by that.
    std::size_t consume(std::size_t bytes, TimePoint now);

    /// Forgets everything.
    void clear();

    /// Above the soft limit, or not moved at all, for as long as patience allows.
    bool congested(const wire::Limits& limits, TimePoint now) const;

    /// When it will have been above the soft limit, without moving, for as long as patience lasts; nullopt: it
    /// is not above. As of the last watch().
    std::optional<TimePoint> patience_ends(const wire::Limits& limits) const;

    /// Notes whether the queue is above the soft limit; to be called after append() and consume().
    void watch(const wire::Limits& limits, TimePoint now);

private:
    struct Block {
        std::string copied;
        std::shared_ptr<const std::string> shared; // set: the block is this, and `copied` is empty

        std::string_view view() const { return shared ? std::string_view{*shared} : std::string_view{copied}; }
    };

    /// What goes with the frame that begins at the byte `at` of all that was ever appended.
    struct Attachment {
        std::uint64_t at;
        std::vector<Fd> fds;
    };

    std::string& room_for(std::size_t bytes);
    void drop_front_block();
    void attach(std::span<const Fd> fds);
    void detach_written();
    std::size_t gatherable() const;

    std::vector<Block> blocks_; // those that wait, from first_block_
    std::size_t first_block_ = 0;
    std::string spare_; // the memory of a block that has been written, for the next one
    std::size_t front_consumed_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t consumed_ = 0; // of all that was ever appended

    std::vector<Attachment> attached_; // in order; few, and mostly none
    std::size_t fds_ = 0;

    std::vector<std::size_t> frame_bytes_; // sizes of the frames that wait, from first_frame_
    std::size_t first_frame_ = 0;
    std::size_t frame_consumed_ = 0;

    TimePoint moved_{};                     // when bytes were last consumed, or the first one came
    std::optional<TimePoint> above_soft_{}; // since when
};

/// Bytes of copied frames that one block gathers. Choice: what one write usually takes.
inline constexpr std::size_t block_bytes = 64 * 1024;
/// A body from here on is shared between the connections it goes to; below, a copy is cheaper than a
/// reference count.
inline constexpr std::size_t shared_bytes_min = 1024;

} // namespace pandora::hub::core
