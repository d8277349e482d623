#include "supervisor/cli/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::supervisor::cli {
namespace {

using control::Description;
using control::InstanceView;
using control::TailLine;
using control::Usage;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double now = 1000;

TEST(PsTable, ShowsALineForEachInstance)
{
    const InstanceView up{.process = "web",
                          .instance = 1,
                          .state = "ready",
                          .up = true,
                          .restarts = 2,
                          .pid = 42,
                          .start_time = 800,
                          .last_end = "exit 3",
                          .usage = Usage{50, 2 * 1024 * 1024, 7, 2},
                          .status = "serving"};
    const InstanceView down{.process = "job",
                            .state = "backoff",
                            .restarts = 1,
                            .start_time = 900,
                            .last_end = "SIGSEGV (core dumped)",
                            .cause = "liveness failed 3x",
                            .next_start = 1005};
    EXPECT_EQ(
        ps_table({up, down}, now),
        "PROCESS  INSTANCE  STATE    PID  UPTIME  RESTARTS  CPU    MEMORY   REASON\n"
        "web      1         ready    42   3m 20s  2         25.0%  2.0 MiB  serving\n"
        "job      0         backoff  -    -       1         -      -        SIGSEGV (core dumped); liveness failed "
        "3x; starts in 5s\n");
}

TEST(PsTable, SaysWhichLimitsAreMissing)
{
    InstanceView view{.process = "web", .state = "ready", .up = true};
    view.not_applied = {"memory: no cgroup"};
    EXPECT_THAT(ps_table({view}, now), HasSubstr("without memory: no cgroup"));
}

TEST(PsTable, ShowsAStartThatHasPassedAsNothing)
{
    const InstanceView view{.process = "web", .state = "backoff", .next_start = 999};
    EXPECT_THAT(ps_table({view}, now), Not(HasSubstr("starts in")));
}

TEST(DescriptionText, HasInstancesChangesAndTheProcfile)
{
    Description description;
    description.process = "web";
    description.spec = "processes:\n  web: {}\n";
    description.instances = {{.process = "web", .state = "ready"}};
    description.transitions = {{"web", 0, "starting", "ready", 5, "because"}};
    const auto text = description_text(description, now);
    EXPECT_THAT(text, HasSubstr("PROCESS"));
    EXPECT_THAT(text, HasSubstr("web/0  starting -> ready  because\n"));
    EXPECT_THAT(text, HasSubstr("procfile:\nprocesses:\n  web: {}\n"));
}

TEST(LogLine, NamesTheInstanceWhereThereAreSeveral)
{
    const TailLine line{.sequence = 1, .instance = 2, .text = "hello"};
    EXPECT_EQ(log_line("web", line, true), "web/2 | hello\n");
    EXPECT_EQ(log_line("web", line, false), "hello\n");
}

TEST(Silence, SaysHowItIsAndWhy)
{
    InstanceView web{.process = "web", .instance = 1, .state = "failed"};
    web.last_end = "exec ./web: No such file or directory";
    EXPECT_EQ(silence_text(web, 0),
              "web/1 has written nothing that is kept; it is failed: exec ./web: No such file or directory");
    EXPECT_EQ(silence_text({.process = "web", .state = "ready", .up = true}, 0),
              "web/0 has written nothing that is kept; it is ready");
}

} // namespace
} // namespace pandora::supervisor::cli
