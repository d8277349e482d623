// What the keys of limits and of isolation become.
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(LimitKeys, OfResourcesAllLand)
{
    struct Row {
        std::string key;
        int resource;
    };

    for (const auto& [key, resource] :
         {Row{"nofile", RLIMIT_NOFILE}, Row{"nproc", RLIMIT_NPROC}, Row{"core", RLIMIT_CORE},
          Row{"memlock", RLIMIT_MEMLOCK}, Row{"as", RLIMIT_AS}, Row{"data", RLIMIT_DATA}, Row{"stack", RLIMIT_STACK},
          Row{"fsize", RLIMIT_FSIZE}, Row{"cpu_time", RLIMIT_CPU}, Row{"locks", RLIMIT_LOCKS},
          Row{"msgqueue", RLIMIT_MSGQUEUE}, Row{"rss", RLIMIT_RSS}, Row{"rtprio", RLIMIT_RTPRIO},
          Row{"rttime", RLIMIT_RTTIME}, Row{"sigpending", RLIMIT_SIGPENDING}, Row{"rlimit_nice", RLIMIT_NICE}}) {
        const auto limits = parsed_process("limits: {" + key + ": 7}").limits.resources;
        ASSERT_EQ(limits.size(), 1U) << key;
        EXPECT_EQ(limits[0].resource, resource) << key;
        EXPECT_THAT(limits[0].soft, Optional(7U)) << key;
        EXPECT_THAT(limits[0].hard, Optional(7U)) << key;
    }
}

TEST(LimitKeys, HaveTwoSidesAndUnits)
{
    using Bound = std::optional<std::uint64_t>;

    struct Row {
        std::string text;
        Bound soft, hard;
    };

    for (const auto& [text, soft, hard] : {
             Row{"1024:4096", 1024, 4096},
             Row{"64KiB", 65'536, 65'536},
             Row{"unlimited", {}, {}},
             Row{"infinity", {}, {}},
             Row{"0:unlimited", 0, {}},
         }) {
        const auto limits = parsed_process("limits: {core: '" + text + "'}").limits.resources;
        EXPECT_EQ(limits.at(0).soft, soft) << text;
        EXPECT_EQ(limits.at(0).hard, hard) << text;
    }
}

TEST(LimitKeys, OfEverythingElseAllLand)
{
    const Limits limits = parsed_process("limits: {memory: 512MiB, cpu: 1.5, pids: 100, nice: -5, ioprio: idle, "
                                         "oom_score_adj: 200, cpu_affinity: [0, 2-3, 3]}")
                              .limits;
    EXPECT_THAT(limits.memory, Optional(512U * 1024 * 1024));
    EXPECT_THAT(limits.cpu, Optional(1.5));
    EXPECT_THAT(limits.pids, Optional(100U));
    EXPECT_THAT(limits.nice, Optional(-5));
    EXPECT_EQ(limits.io_priority->kind, IoPriority::Class::idle);
    EXPECT_THAT(limits.oom_score_adj, Optional(200));
    EXPECT_THAT(limits.cpu_affinity, ElementsAre(0U, 2U, 3U));
    const Limits other = parsed_process("limits: {ioprio: 'best_effort:7', cpu_affinity: 1}").limits;
    EXPECT_EQ(other.io_priority->kind, IoPriority::Class::best_effort);
    EXPECT_EQ(other.io_priority->level, 7U);
    EXPECT_THAT(other.cpu_affinity, ElementsAre(1U));
    EXPECT_EQ(parsed_process("limits: {ioprio: realtime}").limits.io_priority->level, 4U);
}

TEST(LimitKeys, OfIsolationAllLand)
{
    const Isolation isolation = parsed_process("user: www\ngroup: web\ngroups: [adm, 20]\numask: 027\n"
                                               "no_new_privileges: true\n"
                                               "capabilities: [CAP_NET_BIND_SERVICE, chown, cap_chown]")
                                    .isolation;
    EXPECT_EQ(isolation.user, "www");
    EXPECT_EQ(isolation.group, "web");
    EXPECT_THAT(isolation.groups, Optional(ElementsAre("adm", "20")));
    EXPECT_THAT(isolation.umask, Optional(027U));
    EXPECT_TRUE(isolation.no_new_privileges);
    EXPECT_THAT(isolation.capabilities, Optional(ElementsAre("CAP_NET_BIND_SERVICE", "CAP_CHOWN")));

    const Isolation none = parsed_process("groups: []\ncapabilities: []").isolation;
    EXPECT_THAT(none.groups, Optional(ElementsAre()));
    EXPECT_THAT(none.capabilities, Optional(ElementsAre()));
    EXPECT_FALSE(parsed_process("").isolation.capabilities.has_value());
}

TEST(LimitKeys, SayWhatIsWrong)
{
    const std::string limit =
        "expected a limit such as 4096, `64MiB`, `1024:4096` (soft and hard) or `unlimited`, found ";

    struct Row {
        std::string text;
        std::string want;
    };

    for (const auto& [text, want] : {
             Row{"limits: {nofile: many}", "4:22: " + limit + "`many`"},
             Row{"limits: {nofile: '1:2:3'}", "4:22: " + limit + "`1:2:3`"},
             Row{"limits: {nofile: -1}", "4:22: " + limit + "`-1`"},
             Row{"limits: {nofiles: 1}", "4:14: unknown key `nofiles`; did you mean `nofile`?"},
             Row{"limits: {CPUQuota: 1}", "4:14: unknown key `CPUQuota`; did you mean `cpu`?"},
             Row{"limits: {cpu: 0}", "4:19: expected a number of CPUs such as 1.5, from 0.01 to 1024, found `0`"},
             Row{"limits: {pids: 0}", "4:20: expected a number of processes above 0, found `0`"},
             Row{"limits: {nice: 20}", "4:20: expected a whole number from -20 to 19, found `20`"},
             Row{"limits: {ioprio: 'idle:3'}",
                 "4:22: expected `idle`, `best_effort` or `realtime`, the latter two perhaps with a level as in "
                 "`best_effort:7`, found `idle:3`"},
             Row{"limits: {oom_score_adj: 1001}", "4:29: expected a whole number from -1000 to 1000, found `1001`"},
             Row{"limits: {cpu_affinity: [3-1]}", "4:29: expected CPU numbers such as 0 or `0-3`, found `3-1`"},
             Row{"limits: {cpu_affinity: 1024}", "4:28: expected CPU numbers such as 0 or `0-3`, found `1024`"},
             Row{"umask: 8", "4:12: expected an octal number such as 022, at most 7777, found `8`"},
             Row{"user: ''", "4:11: expected text that is not empty, found ``"},
             Row{"capabilities: [CAP_FLY]",
                 "4:20: expected a capability such as `CAP_NET_BIND_SERVICE`, found `CAP_FLY`"},
         })
        EXPECT_THAT(problems_of(with_process(text)), ElementsAre(want)) << text;
}

} // namespace
} // namespace pandora::procfiles
