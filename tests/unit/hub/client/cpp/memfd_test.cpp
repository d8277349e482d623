// What the kernel has to say of memory that others have made. No process but this one.
#include "hub/client/cpp/shared_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

int interruptions = 0;              // of the next calls
std::vector<off_t> bytes_asked_for; // by each of all calls

} // namespace

/// In place of the C library's. Not all kernels end it when a signal comes.
extern "C" int fallocate(int fd, int mode, off_t offset, off_t length)
{
    bytes_asked_for.push_back(length);
    if (interruptions == 0) return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
    --interruptions;
    errno = EINTR;
    return -1;
}

namespace pandora::hub::client {
namespace {

constexpr std::size_t bytes = 8192;
constexpr int against_resizing = F_SEAL_SHRINK | F_SEAL_GROW;

/// Another's, as it may come.
OwnedFd foreign(std::size_t size, int seals, unsigned flags = 0)
{
    OwnedFd fd{::memfd_create("foreign", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags)};
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    if (seals != 0) {
        EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    }
    return fd;
}

OwnedFd copy_of(const SharedMemory& memory) { return OwnedFd{::fcntl(memory.fd->get(), F_DUPFD_CLOEXEC, 0)}; }

class Memfd : public testing::Test {
protected:
    std::shared_ptr<MemorySource> source = memfd_source();
};

TEST_F(Memfd, IsSeenByWhoeverIsGivenIt)
{
    const auto memory = source->make(bytes);
    ASSERT_TRUE(memory && source->reserve(*memory, 0, bytes));
    const auto view = source->open(copy_of(*memory), bytes);
    ASSERT_TRUE(view);
    memory->bytes[bytes - 1] = std::byte{7};
    EXPECT_EQ(view->bytes[bytes - 1], std::byte{7});
    EXPECT_EQ(view->bytes.size(), bytes);
}

TEST_F(Memfd, CanNeitherBeWrittenToNorResizedByOthers)
{
    const auto memory = source->make(bytes);
    ASSERT_TRUE(memory);
    EXPECT_EQ(::mmap(nullptr, bytes, PROT_WRITE, MAP_SHARED, memory->fd->get(), 0), MAP_FAILED);
    EXPECT_EQ(::pwrite(memory->fd->get(), "x", 1, 0), -1);
    EXPECT_EQ(::ftruncate(memory->fd->get(), 0), -1);
    EXPECT_EQ(::ftruncate(memory->fd->get(), 2 * bytes), -1);
    EXPECT_EQ(::fcntl(memory->fd->get(), F_ADD_SEALS, F_SEAL_WRITE), -1) << "nor can it be made useless";
}

TEST_F(Memfd, IsNotOpenedWhereItsOwnerCouldResizeIt)
{
    EXPECT_FALSE(source->open(foreign(bytes, 0), bytes));
    EXPECT_FALSE(source->open(foreign(bytes, F_SEAL_SHRINK), bytes));
    EXPECT_FALSE(source->open(foreign(bytes, F_SEAL_GROW), bytes));
    EXPECT_TRUE(source->open(foreign(bytes, against_resizing), bytes));
}

TEST_F(Memfd, IsNotOpenedWhereItHasLessThanItsOwnerSays)
{
    EXPECT_FALSE(source->open(foreign(bytes - 1, against_resizing), bytes));
    EXPECT_FALSE(source->open(foreign(0, against_resizing), bytes));
    const auto more = source->open(foreign(2 * bytes, against_resizing), bytes);
    ASSERT_TRUE(more);
    EXPECT_EQ(more->bytes.size(), bytes);
}

TEST_F(Memfd, IsNotOpenedWhereItIsNone)
{
    EXPECT_FALSE(source->open(OwnedFd{}, bytes));
    EXPECT_FALSE(source->open(OwnedFd{::open("/dev/zero", O_RDONLY | O_CLOEXEC)}, bytes));
}

TEST_F(Memfd, IsNotOpenedWhereItStandsInHugePages)
{
    constexpr std::size_t huge_page = 2 << 20; // the default size on x86-64 and most of arm64
    OwnedFd fd = foreign(huge_page, against_resizing, MFD_HUGETLB);
    void* const mapped = ::mmap(nullptr, huge_page, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (mapped == MAP_FAILED) GTEST_SKIP() << "this machine has no huge pages to spare";
    ::munmap(mapped, huge_page);
    EXPECT_FALSE(source->open(std::move(fd), huge_page));
}

TEST_F(Memfd, SaysThatThereIsNoMemoryBehindAPart)
{
    const auto memory = source->make(bytes);
    ASSERT_TRUE(memory);
    EXPECT_TRUE(source->reserve(*memory, 0, bytes));
    EXPECT_FALSE(source->reserve(*memory, bytes, 4096)) << "which the kernel refuses, as where it has none";
}

TEST_F(Memfd, IsReservedInPartsSoThatSignalsCannotKeepItFromEnding)
{
    constexpr std::size_t most = 5 << 19; // two parts and a half
    const auto memory = source->make(most);
    ASSERT_TRUE(memory);
    bytes_asked_for.clear();
    interruptions = 2;
    EXPECT_TRUE(source->reserve(*memory, 0, most));
    EXPECT_EQ(interruptions, 0);
    EXPECT_EQ(bytes_asked_for, (std::vector<off_t>{1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 19}));

    struct stat status {};

    ASSERT_EQ(::fstat(memory->fd->get(), &status), 0);
    EXPECT_GE(static_cast<std::size_t>(status.st_blocks) * 512, most) << "all of it; more where pages are huge";
}

TEST_F(Memfd, IsNotMadeWithoutADescriptorForIt)
{
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const bool made = source->make(bytes).has_value();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(made);
}

} // namespace
} // namespace pandora::hub::client
