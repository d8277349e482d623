#include "supervisor/os/session_memory.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::os {
namespace {

/// As the kernel writes it: fields 3 to 24 after the name.
std::string stat_of(const std::string& name)
{
    return "42 (" + name + ") S 1 42 41 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 12345 4096000 777 18446744073709551615";
}

TEST(SessionShare, IsTheSessionAndTheResidentPages)
{
    for (const char* name : {"sh", "a b", "evil) S 9 9 9", ""}) {
        const auto share = parse_session_share(stat_of(name));
        ASSERT_TRUE(share) << name;
        EXPECT_EQ(share->session, 41);
        EXPECT_EQ(share->resident_pages, 777U);
    }
}

TEST(SessionShare, IsAbsentWhereTheTextIsCutOffOrNoStatAtAll)
{
    const auto whole = stat_of("sh");
    for (const auto& text : {std::string{}, std::string{"42"}, std::string{"42 (sh) S 1 42 x"}, whole.substr(0, 60)})
        EXPECT_FALSE(parse_session_share(text)) << text;
}

} // namespace
} // namespace pandora::supervisor::os
