// Numbers as they stand on the wire: the highest byte first.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace pandora::hub::wire {

/// The number whose bytes, as they lie in memory, are big endian; and the reverse, for that is the same. The compiler's
/// own swaps: a loop over bytes is several times the work, and this is done a dozen times a frame.
template <class Number>
constexpr Number from_big_endian(Number number)
{
    if constexpr (std::endian::native == std::endian::big || sizeof(Number) == 1)
        return number;
    else if constexpr (sizeof(Number) == 2)
        return __builtin_bswap16(number);
    else if constexpr (sizeof(Number) == 4)
        return __builtin_bswap32(number);
    else
        return __builtin_bswap64(number);
}

/// `from` may be anywhere: numbers on the wire are not aligned.
template <class Number>
Number load_big_endian(const void* from)
{
    Number number;
    std::memcpy(&number, from, sizeof number);
    return from_big_endian(number);
}

template <class Number>
void store_big_endian(Number number, void* into)
{
    number = from_big_endian(number);
    std::memcpy(into, &number, sizeof number);
}

} // namespace pandora::hub::wire
