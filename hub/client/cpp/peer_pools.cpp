#include "hub/client/cpp/peer_pools.hpp"

#include "hub/wire/limits.hpp"

#include <iterator>

namespace pandora::hub::client {

namespace {

/// What the copies of borrowed Bytes share.
struct Loan {
    Loan(std::shared_ptr<ReturnedPlaces> to, const PeerPlace& what, std::shared_ptr<const void> memory)
        : returned{std::move(to)}, place{what}, mapping{std::move(memory)}
    {}

    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    ~Loan() { returned->add(place); }

    std::shared_ptr<ReturnedPlaces> returned;
    PeerPlace place;
    std::shared_ptr<const void> mapping;
};

} // namespace

void ReturnedPlaces::add(const PeerPlace& place)
{
    const std::lock_guard lock{mutex_};
    if (closed_) return;
    places_.push_back(place);
    if (places_.size() == 1 && wake_) wake_();
}

std::vector<PeerPlace> ReturnedPlaces::take()
{
    const std::lock_guard lock{mutex_};
    return std::exchange(places_, {});
}

void ReturnedPlaces::close()
{
    const std::lock_guard lock{mutex_};
    closed_ = true;
    places_.clear();
}

std::size_t PeerPools::pools_of(std::uint32_t owner) const
{
    const auto first = pools_.lower_bound({owner, 0}), last = pools_.upper_bound({owner, UINT32_MAX});
    return static_cast<std::size_t>(std::distance(first, last));
}

/// The bounds of one owner are the hub's to keep; on a direct channel there is none.
void PeerPools::announced(std::uint32_t owner, std::uint32_t pool, OwnedFd fd, std::uint64_t bytes)
{
    if (pools_.size() >= peer_pools_max || pools_of(owner) >= wire::pools_of_client_max) return;
    if (bytes > wire::pool_bytes_max || pools_.contains({owner, pool})) return;
    if (auto view = source_->open(std::move(fd), bytes)) pools_.emplace(std::pair{owner, pool}, std::move(*view));
}

std::optional<Bytes> PeerPools::borrow(std::uint32_t owner, const wire::SharedPlace& place)
{
    const PeerPlace there{owner, place.pool, place.offset};
    const auto found = pools_.find({owner, place.pool});
    const bool fits = found != pools_.end() && place.offset <= found->second.bytes.size() &&
                      place.length <= found->second.bytes.size() - place.offset;
    if (!fits) {
        returned_->add(there);
        return std::nullopt;
    }
    const auto loan = std::make_shared<const Loan>(returned_, there, found->second.owner);
    return Bytes{found->second.bytes.subspan(place.offset, place.length), loan};
}

} // namespace pandora::hub::client
