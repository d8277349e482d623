// Memory that is shared with nobody, in place of the kernel's.
#pragma once

#include "hub/client/cpp/shared_memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace pandora::hub::client {

class HeapSource final : public MemorySource {
public:
    std::optional<SharedMemory> make(std::size_t bytes) override
    {
        if (!has_memory) return std::nullopt;
        const std::shared_ptr<void> memory{std::calloc(bytes, 1), std::free};
        auto* const begin = static_cast<std::byte*>(memory.get());
        ++made;
        reserved[begin] = 0; // also where other memory stood before
        return SharedMemory{{begin, bytes}, memory, std::make_shared<const OwnedFd>()};
    }

    /// From the beginning on, without gaps: what was forgotten would be written to without memory behind it.
    bool reserve(const SharedMemory& memory, std::uint32_t offset, std::uint32_t bytes) override
    {
        std::size_t& end = reserved[memory.bytes.data()];
        if (!has_memory || offset != end || bytes > memory.bytes.size() - offset) return false;
        end += bytes;
        return true;
    }

    /// Whatever the descriptor: `others`.
    std::optional<SharedView> open(OwnedFd, std::size_t bytes) override
    {
        if (std::max(others->size(), others_claim) < bytes) return std::nullopt;
        return SharedView{std::as_bytes(std::span{*others}), others};
    }

    bool has_memory = true;
    int made = 0;
    std::map<const std::byte*, std::size_t> reserved; // by where the memory begins
    std::shared_ptr<std::string> others = std::make_shared<std::string>();
    std::size_t others_claim = 0; // as how many bytes `others` passes, if it has fewer
};

} // namespace pandora::hub::client
