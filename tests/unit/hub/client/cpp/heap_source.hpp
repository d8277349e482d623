// Memory that is shared with nobody, in place of the kernel's.
#pragma once

#include "hub/client/cpp/shared_memory.hpp"

#include <cstdlib>
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
        ++made;
        return SharedMemory{{static_cast<std::byte*>(memory.get()), bytes}, memory, std::make_shared<const OwnedFd>()};
    }

    bool reserve(const SharedMemory&, std::uint32_t, std::uint32_t) override { return has_memory; }

    /// Whatever the descriptor: `others`.
    std::optional<SharedView> open(OwnedFd, std::size_t bytes) override
    {
        if (others->size() < bytes) return std::nullopt;
        return SharedView{std::as_bytes(std::span{*others}), others};
    }

    bool has_memory = true;
    int made = 0;
    std::shared_ptr<std::string> others = std::make_shared<std::string>();
};

} // namespace pandora::hub::client
