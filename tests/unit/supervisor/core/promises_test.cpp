#include "supervisor/core/promises.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::core {
namespace {

const procfiles::Readiness everything{.objects = {"a", "b"},
                                      .notify = true,
                                      .notification_fd = 3,
                                      .log_line = "up",
                                      .probe = procfiles::Probe{.action = procfiles::TcpProbe{}}};

TEST(Promises, NothingAskedIsNothingMissing)
{
    const procfiles::Readiness asked;
    EXPECT_TRUE(Promises{asked}.kept());
    EXPECT_EQ(Promises{asked}.missing(), "");
}

TEST(Promises, WhatIsMissingIsToldInWordsAndGetsLess)
{
    Promises promises{everything};
    EXPECT_EQ(promises.missing(), "object a, object b, READY=1, a newline on its notification descriptor, "
                                  "its ready_log_line, its readiness_probe");
    promises.notified();
    promises.published("a");
    promises.newline_written();
    EXPECT_EQ(promises.missing(), "object b, its ready_log_line, its readiness_probe");
    promises.line_seen();
    promises.published("b");
    EXPECT_FALSE(promises.kept());
    promises.probe_passes(true);
    EXPECT_TRUE(promises.kept());
    promises.probe_passes(false);
    EXPECT_EQ(promises.missing(), "its readiness_probe");
}

TEST(Promises, WhatWasNotAskedIsNotMissedButRemembered)
{
    const procfiles::Readiness asked;
    Promises promises{asked};
    EXPECT_FALSE(promises.has_published("extra") || promises.has_shown_line());
    promises.published("extra");
    promises.line_seen();
    EXPECT_TRUE(promises.has_published("extra") && promises.has_shown_line());
}

TEST(Promises, APromisedObjectCountsHoweverManyOthersWerePublishedBefore)
{
    Promises promises{everything};
    for (int n = 0; n < 1'024; ++n) promises.published("other " + std::to_string(n));
    promises.published("one more");
    promises.published("a");
    EXPECT_TRUE(promises.has_published("other 1023"));
    EXPECT_FALSE(promises.has_published("one more")) << "a worker must not fill the master";
    EXPECT_TRUE(promises.has_published("a"));
}

} // namespace
} // namespace pandora::supervisor::core
