#include "supervisor/os/capabilities.hpp"

#include <gtest/gtest.h>

#include <linux/capability.h>

namespace pandora::supervisor::os {
namespace {

TEST(Capabilities, AreFoundByTheirNameInAnyCaseWithAndWithoutPrefix)
{
    for (const char* name : {"CAP_NET_BIND_SERVICE", "cap_net_bind_service", "NET_BIND_SERVICE", "net_bind_service"})
        EXPECT_EQ(capability_number(name), CAP_NET_BIND_SERVICE) << name;
    EXPECT_EQ(capability_number("CAP_CHOWN"), 0);
}

TEST(Capabilities, AnythingElseIsNone)
{
    for (const char* name : {"", "CAP_", "CAP_NET", "CAP_CAP_CHOWN", "net_bind_service2", "root"})
        EXPECT_FALSE(capability_number(name)) << name;
}

TEST(Capabilities, ASetHoldsWhatWasAdded)
{
    CapabilitySet set;
    set.add(CAP_CHOWN);
    set.add(CAP_CHECKPOINT_RESTORE); // beyond the lower 32 bits
    EXPECT_TRUE(set.contains(CAP_CHOWN));
    EXPECT_TRUE(set.contains(CAP_CHECKPOINT_RESTORE));
    EXPECT_FALSE(set.contains(CAP_KILL));
    EXPECT_EQ(set.bits(), (std::uint64_t{1} << CAP_CHECKPOINT_RESTORE) + 1);
}

} // namespace
} // namespace pandora::supervisor::os
