#include "metrics/http/host_check.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::metrics::http {
namespace {

TEST(HostCheck, AnswersToEveryNameThatCanOnlyMeanThisMachine)
{
    for (const std::string host :
         {"localhost", "LocalHost", "localhost:7002", "localhost:", "127.0.0.1", "127.0.0.1:7002", "127.255.255.254:1",
          "[::1]", "[::1]:7002", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]:80"})
        EXPECT_TRUE(host_allowed(HostRule::loopback_only, host)) << host;
}

TEST(HostCheck, RefusesNamesThatOthersMayPointAtUs)
{
    for (const std::string host : {"",
                                   ":7002",
                                   "evil.example",
                                   "evil.example:7002",
                                   "127.0.0.1.evil.example",
                                   "localhost.evil.example",
                                   "localhost.",
                                   "xlocalhost",
                                   "evil.example@localhost",
                                   "localhost@evil.example",
                                   "localhost:7002.evil.example",
                                   "localhost:7002:1",
                                   "127.0.0.1/x",
                                   "128.0.0.1",
                                   "10.0.0.1",
                                   "0.0.0.0",
                                   "127.1",
                                   "2130706433",
                                   "0x7f.0.0.1",
                                   "127.0.0.1 ",
                                   "::1",
                                   "[::1",
                                   "[::1]x",
                                   "[::1].evil.example",
                                   "[::2]",
                                   "[::]",
                                   "[::ffff:10.0.0.1]",
                                   "[127.0.0.1]",
                                   "[localhost]",
                                   "[]"})
        EXPECT_FALSE(host_allowed(HostRule::loopback_only, host)) << host;
}

TEST(HostCheck, IsStrictOnlyWhereTheServerListensOnLoopback)
{
    const auto rule = [](const char* address) { return host_rule(boost::asio::ip::make_address(address)); };
    for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"})
        EXPECT_EQ(rule(address), HostRule::loopback_only) << address;
    for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"})
        EXPECT_EQ(rule(address), HostRule::any) << address;
    EXPECT_TRUE(host_allowed(HostRule::any, "metrics.example:7002"));
}

} // namespace
} // namespace pandora::metrics::http
