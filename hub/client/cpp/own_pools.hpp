// The pools of this client (PROTOCOL.md 9.9): payloads are put there for one receiver each, and a place is used again
// once the receiver is done with it. Pure; the memory is a MemorySource's.
#pragma once

#include "hub/client/cpp/places.hpp"
#include "hub/client/cpp/shared_memory.hpp"
#include "hub/wire/limits.hpp"
#include "hub/wire/native.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace pandora::hub::client {

/// Bytes of a pool, unless one payload needs more. A choice: memory that is never written to costs nothing.
inline constexpr std::uint32_t pool_bytes = 64 << 20;

/// Those of one connection: at most wire::pools_of_client_max.
class OwnPools {
public:
    explicit OwnPools(std::shared_ptr<MemorySource> source) : source_{std::move(source)} {}

    /// Copies `payload` (not empty) into a place: of a pool that has room, or else of a new one, which is as large as
    /// the payload where that needs it. Where there are as many as there may be, the new one takes the place of one
    /// that is too small and that nobody uses. nullopt: no room or no memory, or (where can_hold() says no) never any.
    std::optional<wire::SharedPlace> put(std::string_view payload);

    /// Whether there may be room for so many bytes, if not now.
    bool can_hold(std::size_t bytes) const;

    /// Whether that one is still there.
    bool has(std::uint32_t pool) const;

    /// The receiver is done with it. Of a place that nobody has: ignored.
    void released(std::uint32_t pool, std::uint32_t offset);

    /// The hub does not keep that one: it is no more, and others would fare alike, so no more are made. An answer that
    /// was already put there is lost.
    void refused(std::uint32_t pool);

    struct Announcement {
        std::uint32_t pool = 0;
        std::uint64_t bytes = 0; // 0: the pool is no more
        std::shared_ptr<const OwnedFd> fd = nullptr;
    };

    /// What has become of pools since the last time, in this order: to be told before the next message that stands in
    /// one.
    std::vector<Announcement> take_announcements() { return std::exchange(announcements_, {}); }

    bool has_announcements() const { return !announcements_.empty(); }

private:
    struct Pool {
        std::uint32_t number = 0;
        SharedMemory memory;
        Places places;
        std::uint32_t reserved = 0; // bytes from the beginning that there is memory behind
    };

    bool has_memory(Pool& pool, std::uint32_t end);
    std::optional<wire::SharedPlace> fill(Pool& pool, std::uint32_t offset, std::string_view payload);
    bool add_pool(std::uint32_t bytes);

    std::shared_ptr<MemorySource> source_;
    std::vector<Pool> pools_;
    bool makes_more_ = true;
    std::uint32_t last_number_ = 0; // none is used again, so that whoever hears late of an end takes it for no other's
    std::vector<Announcement> announcements_;
};

} // namespace pandora::hub::client
