#include "hub/net/shared_memory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace pandora::hub::net {
namespace {

class SharedMemoryTest : public ::testing::Test {
protected:
    ~SharedMemoryTest() override { ::close(memory); }

    void seal(int seals) const { ASSERT_EQ(::fcntl(memory, F_ADD_SEALS, seals), 0); }

    static constexpr off_t size = 4096;
    const int memory = [] {
        const int made = ::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        EXPECT_EQ(::ftruncate(made, size), 0);
        return made;
    }();
};

TEST_F(SharedMemoryTest, IsWhatCanNeitherShrinkNorGrow)
{
    EXPECT_FALSE(is_sealed_memory(memory, size)) << "not sealed";
    seal(F_SEAL_SHRINK);
    EXPECT_FALSE(is_sealed_memory(memory, size)) << "it can still grow";
    seal(F_SEAL_GROW);
    EXPECT_TRUE(is_sealed_memory(memory, size));
}

TEST_F(SharedMemoryTest, IsAsLongAsIsSaidAtLeast)
{
    seal(F_SEAL_SHRINK | F_SEAL_GROW);
    EXPECT_TRUE(is_sealed_memory(memory, size - 1));
    EXPECT_FALSE(is_sealed_memory(memory, size + 1));
    EXPECT_FALSE(is_sealed_memory(memory, ~std::uint64_t{0}));
}

TEST_F(SharedMemoryTest, IsNoOtherFile)
{
    const int file = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
    EXPECT_FALSE(is_sealed_memory(file, 0));
    ::close(file);
    EXPECT_FALSE(is_sealed_memory(-1, 0));
}

} // namespace
} // namespace pandora::hub::net
