#include "hub/client/cpp/credit.hpp"

#include "hub/wire/limits.hpp"
#include "hub/wire/native.hpp"

#include <algorithm>
#include <limits>

namespace pandora::hub::client {

void CreditReturn::done(std::size_t body_bytes)
{
    if (!window_) return;
    ++messages_;
    bytes_ += body_bytes;
}

bool CreditReturn::due() const
{
    if (!window_) return false;
    const bool messages_due = messages_ > 0 && messages_ * 2 >= window_->messages;
    const bool bytes_due = bytes_ >= wire::kibibyte && bytes_ / wire::kibibyte * 2 >= window_->kib;
    return messages_due || bytes_due;
}

std::uint32_t CreditReturn::take()
{
    constexpr std::size_t field_max = std::numeric_limits<std::uint16_t>::max();
    const auto messages = std::min(messages_, field_max);
    const auto kib = std::min(bytes_ / wire::kibibyte, field_max);
    messages_ -= messages;
    bytes_ -= kib * wire::kibibyte;
    return wire::credit_of(static_cast<std::uint16_t>(kib), static_cast<std::uint16_t>(messages));
}

} // namespace pandora::hub::client
