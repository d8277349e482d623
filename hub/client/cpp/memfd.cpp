#include "hub/client/cpp/shared_memory.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace pandora::hub::client {

namespace {

constexpr int against_resizing = F_SEAL_SHRINK | F_SEAL_GROW;

/// Until the last copy of what it returns goes; nullptr: it cannot be mapped.
std::shared_ptr<void> mapped(const OwnedFd& fd, std::size_t bytes, int protection)
{
    void* const at = ::mmap(nullptr, bytes, protection, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return nullptr;
    return {at, [bytes](void* start) { ::munmap(start, bytes); }};
}

/// Many kernels undo at a signal what one call has done so far, so that a long one might never end. So many bytes are
/// there within a millisecond. A choice.
constexpr off_t reserved_at_once = 1 << 20;

bool reserve_part(int fd, off_t offset, off_t bytes)
{
    while (::fallocate(fd, 0, offset, bytes) != 0)
        if (errno != EINTR) return false;
    return true;
}

class MemfdSource final : public MemorySource {
public:
    std::optional<SharedMemory> make(std::size_t bytes) override
    {
        const auto fd =
            std::make_shared<const OwnedFd>(::memfd_create("pandora-pool", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (!*fd || ::ftruncate(fd->get(), static_cast<off_t>(bytes)) != 0) return std::nullopt;
        auto memory = mapped(*fd, bytes, PROT_READ | PROT_WRITE);
        // FUTURE_WRITE (Linux 5.1) leaves our own mapping writable and refuses that to all who get the descriptor.
        constexpr int seals = against_resizing | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
        if (!memory || ::fcntl(fd->get(), F_ADD_SEALS, seals) != 0) return std::nullopt;
        return SharedMemory{{static_cast<std::byte*>(memory.get()), bytes}, memory, fd};
    }

    bool reserve(const SharedMemory& memory, std::uint32_t offset, std::uint32_t bytes) override
    {
        const off_t end = off_t{offset} + bytes;
        for (off_t at = offset; at < end; at += reserved_at_once)
            if (!reserve_part(memory.fd->get(), at, std::min(reserved_at_once, end - at))) return false;
        return true;
    }

    std::optional<SharedView> open(OwnedFd fd, std::size_t bytes) override
    {
        // Without the seals its owner could cut it off, and reading it would be a SIGBUS.
        const int seals = ::fcntl(fd.get(), F_GET_SEALS);

        struct stat status {};

        if (seals < 0 || (seals & against_resizing) != against_resizing) return std::nullopt;

        struct statfs system {}; // huge pages can be taken away all the same

        if (::fstatfs(fd.get(), &system) != 0 || system.f_type != TMPFS_MAGIC) return std::nullopt;
        if (::fstat(fd.get(), &status) != 0 || static_cast<std::size_t>(status.st_size) < bytes) return std::nullopt;
        auto memory = mapped(fd, bytes, PROT_READ);
        if (!memory) return std::nullopt;
        return SharedView{{static_cast<const std::byte*>(memory.get()), bytes}, memory};
    }
};

} // namespace

std::shared_ptr<MemorySource> memfd_source() { return std::make_shared<MemfdSource>(); }

} // namespace pandora::hub::client
