// Which parts of one piece of memory are taken. Pure: it knows lengths and offsets, no memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace pandora::hub::client {

/// First fit from the lowest offset, so that what is used stays together and the rest of the memory is never touched.
class Places {
public:
    /// Places begin at multiples of this, a page: two receivers never share one.
    static constexpr std::uint32_t granule = 4096;

    explicit Places(std::uint32_t bytes);

    /// The offset of `bytes` (more than none) that nobody has; nullopt: there are not so many in a row.
    std::optional<std::uint32_t> take(std::uint32_t bytes);

    /// Whether the place was taken.
    bool give_back(std::uint32_t offset);

    /// Whether nobody has any of it.
    bool empty() const { return taken_.empty(); }

private:
    std::map<std::uint32_t, std::uint32_t> free_;  // offset -> bytes; no two of them touch
    std::map<std::uint32_t, std::uint32_t> taken_; // offset -> bytes
};

} // namespace pandora::hub::client
