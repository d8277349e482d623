// The pools of this client (PROTOCOL.md 9.9): payloads are put there for one receiver each, and a place is used again
// once the receiver is done with it. Pure; the memory is a MemorySource's.
#pragma once

#include "hub/client/cpp/places.hpp"
#include "hub/client/cpp/shared_memory.hpp"
#include "hub/wire/native.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace pandora::hub::client {

/// Bytes of a pool, unless one payload needs more. A choice: memory that is never written to costs nothing.
inline constexpr std::uint32_t pool_bytes = 64 << 20;
inline constexpr std::uint32_t pool_bytes_max = 256 << 20; // PROTOCOL.md 9.9, as the next
inline constexpr std::size_t pools_max = 4;

/// Those of one connection.
class OwnPools {
public:
    explicit OwnPools(std::shared_ptr<MemorySource> source) : source_{std::move(source)} {}

    /// Copies `payload` (not empty) into a place, in a new pool where the others are full. nullopt: no room.
    std::optional<wire::SharedPlace> put(std::string_view payload);

    /// The receiver is done with it. Of a place that nobody has: ignored.
    void released(std::uint32_t pool, std::uint32_t offset);

    struct Announcement {
        std::uint32_t pool = 0;
        std::uint64_t bytes = 0;
        std::shared_ptr<const OwnedFd> fd;
    };

    /// Pools that are new since the last time: to be told before the first message that stands in them.
    std::vector<Announcement> take_announcements() { return std::exchange(announcements_, {}); }

    bool has_announcements() const { return !announcements_.empty(); }

private:
    struct Pool {
        SharedMemory memory;
        Places places;
        std::uint32_t reserved = 0; // bytes from the beginning that there is memory behind
    };

    bool has_memory(Pool& pool, std::uint32_t end);
    std::optional<wire::SharedPlace> put_in(std::size_t index, std::string_view payload);
    bool add_pool(std::size_t bytes);

    std::shared_ptr<MemorySource> source_;
    std::vector<Pool> pools_; // the number of a pool is its index and 1
    std::vector<Announcement> announcements_;
};

} // namespace pandora::hub::client
