#include "hub/core/parking.hpp"

#include <cassert>
#include <iterator>
#include <utility>

namespace pandora::hub::core {

bool Parking::has_room(std::string_view process, std::size_t bytes) const
{
    return size(process) < calls_max_ && this->bytes(process) + bytes <= bytes_max_;
}

void Parking::park(std::string_view process, Parked parked)
{
    const std::size_t bytes = parked.bytes();
    assert(!holds(parked.call) && has_room(process, bytes));
    auto found = lots_.find(process);
    if (found == lots_.end()) found = lots_.try_emplace(std::string{process}).first;
    Lot& lot = found->second;
    const CallId call = parked.call;
    lot.calls.push_back(std::move(parked));
    lot.bytes += bytes;
    by_call_.emplace(call, Place{&*found, std::prev(lot.calls.end())});
}

std::size_t Parking::remove(CallId call)
{
    const auto found = by_call_.find(call);
    if (found == by_call_.end()) return 0;
    const auto [process_lot, position] = found->second;
    auto& [process, lot] = *process_lot;
    const std::size_t bytes = position->bytes();
    lot.calls.erase(position);
    lot.bytes -= bytes;
    by_call_.erase(found);
    if (lot.calls.empty()) lots_.erase(lots_.find(process));
    return bytes;
}

void Parking::take(std::string_view process, std::vector<Parked>& into)
{
    into.clear();
    const auto found = lots_.find(process);
    if (found == lots_.end()) return;
    Lot& lot = found->second;
    into.reserve(lot.calls.size());
    for (Parked& parked : lot.calls) {
        by_call_.erase(parked.call);
        into.push_back(std::move(parked));
    }
    lots_.erase(found);
}

std::size_t Parking::size(std::string_view process) const
{
    const Lot* lot = lot_of(process);
    return lot == nullptr ? 0 : lot->calls.size();
}

std::size_t Parking::bytes(std::string_view process) const
{
    const Lot* lot = lot_of(process);
    return lot == nullptr ? 0 : lot->bytes;
}

const Parking::Lot* Parking::lot_of(std::string_view process) const
{
    const auto found = lots_.find(process);
    return found == lots_.end() ? nullptr : &found->second;
}

} // namespace pandora::hub::core
