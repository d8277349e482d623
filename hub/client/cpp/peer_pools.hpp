// The pools of others (PROTOCOL.md 9.9): where their payloads stand, and that they hear when this client is done with
// one. Pure; the memory is a MemorySource's.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/client/cpp/shared_memory.hpp"
#include "hub/wire/native.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace pandora::hub::client {

/// A place in a pool of the client with this handle.
struct PeerPlace {
    std::uint32_t owner = 0;
    std::uint32_t pool = 0;
    std::uint32_t offset = 0;
    bool operator==(const PeerPlace&) const = default;
};

/// Places that the application is done with. It may be so on any thread: Bytes are handed around.
class ReturnedPlaces {
public:
    /// Runs `wake` (any thread, under a lock: it must only schedule take()) when there is the first one.
    explicit ReturnedPlaces(std::function<void()> wake) : wake_{std::move(wake)} {}

    void add(const PeerPlace& place);
    std::vector<PeerPlace> take();

    /// Nobody wants to know any more, and `wake` does not run again.
    void close();

private:
    std::mutex mutex_;
    std::function<void()> wake_;
    std::vector<PeerPlace> places_;
    bool closed_ = false;
};

/// Pools of others that one connection maps. A choice: four of each of 1024 clients, well below vm.max_map_count.
inline constexpr std::size_t peer_pools_max = 4096;

/// Those that one connection has been told of.
class PeerPools {
public:
    PeerPools(std::shared_ptr<MemorySource> source, std::function<void()> wake)
        : source_{std::move(source)}, returned_{std::make_shared<ReturnedPlaces>(std::move(wake))}
    {}

    PeerPools(PeerPools&&) = default;

    PeerPools& operator=(PeerPools other) noexcept
    {
        std::swap(source_, other.source_);
        std::swap(returned_, other.returned_);
        std::swap(pools_, other.pools_);
        return *this;
    }

    ~PeerPools()
    {
        if (returned_) returned_->close();
    }

    /// What cannot be read safely, or is beyond what one owner or all may have, is not remembered: borrow() will say
    /// that it is not there.
    void announced(std::uint32_t owner, std::uint32_t pool, OwnedFd fd, std::uint64_t bytes);

    /// Bytes of it that the application still has stay where they are.
    void withdrawn(std::uint32_t owner, std::uint32_t pool) { pools_.erase({owner, pool}); }

    /// The bytes that stand there; when the last copy of them goes, take_returned() has the place. nullopt: no such
    /// pool, or not so many bytes; the place is returned at once.
    std::optional<Bytes> borrow(std::uint32_t owner, const wire::SharedPlace& place);

    std::vector<PeerPlace> take_returned() { return returned_->take(); }

private:
    std::size_t pools_of(std::uint32_t owner) const;

    std::shared_ptr<MemorySource> source_;
    std::shared_ptr<ReturnedPlaces> returned_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, SharedView> pools_; // owner, number
};

} // namespace pandora::hub::client
