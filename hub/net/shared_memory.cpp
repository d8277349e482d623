#include "hub/net/shared_memory.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace pandora::hub::net {

bool is_sealed_memory(int descriptor, std::uint64_t bytes)
{
    constexpr int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
    const int seals = ::fcntl(descriptor, F_GET_SEALS); // EINVAL: what cannot be sealed at all

    struct stat file {};

    struct statfs memory {}; // huge pages can be taken away from under a reader, with the seals

    return ::fstatfs(descriptor, &memory) == 0 && memory.f_type == TMPFS_MAGIC && seals >= 0 &&
           (seals & wanted) == wanted && ::fstat(descriptor, &file) == 0 &&
           static_cast<std::uint64_t>(file.st_size) >= bytes;
}

} // namespace pandora::hub::net
