#include "hub/client/cpp/peer_pools.hpp"

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

void PeerPools::announced(std::uint32_t owner, std::uint32_t pool, OwnedFd fd, std::uint64_t bytes)
{
    if (pools_.size() >= peer_pools_max) return;
    if (auto view = source_->open(std::move(fd), bytes)) pools_.insert_or_assign({owner, pool}, std::move(*view));
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
