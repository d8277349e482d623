// Memory that processes share by a descriptor. Plain values and one interface: how the kernel is asked for it is
// memfd.cpp's.
#pragma once

#include "hub/client/cpp/owned_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace pandora::hub::client {

/// Copies share it; it stays in place as long as one of them, or of their `owner`s, is left.
struct SharedMemory {
    std::span<std::byte> bytes;
    std::shared_ptr<const void> owner;
    std::shared_ptr<const OwnedFd> fd = nullptr; // for others to see it by
};

/// Another's. To be read only, and not to be trusted to stay as it is: a sender that breaks the rules may still write.
struct SharedView {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
};

/// Where memory comes from.
class MemorySource {
public:
    virtual ~MemorySource() = default;

    /// So many bytes of zeros, which nobody else can resize or write to. nullopt: there are none to be had.
    virtual std::optional<SharedMemory> make(std::size_t bytes) = 0;

    /// Whether there is memory behind that part of it. Where there is none, to write there would be a SIGBUS.
    virtual bool reserve(const SharedMemory& memory, std::uint32_t offset, std::uint32_t bytes) = 0;

    /// What another process has made. nullopt: it has less than `bytes`, or could be resized under its readers.
    virtual std::optional<SharedView> open(OwnedFd fd, std::size_t bytes) = 0;
};

/// Sealed memfds (PROTOCOL.md 9.9).
std::shared_ptr<MemorySource> memfd_source();

} // namespace pandora::hub::client
