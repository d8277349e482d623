#include "supervisor/core/zone_rule.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr sys_seconds utc(int y, unsigned m, unsigned d, seconds time = 0s)
{
    return sys_days{year{y} / month{m} / day{d}} + time;
}

TEST(ZoneRule, KnowsTheOffsetAndItsSpan)
{
    struct Row {
        const char* rule;
        sys_seconds time;
        ZoneSpan want;
    };

    const Row rows[] = {
        {"UTC0", utc(2026, 1, 1), {0s, distant_past, distant_future}},
        {"<+0545>-5:45", utc(2026, 1, 1), {5h + 45min, distant_past, distant_future}},
        {"CET-1CEST,M3.5.0,M10.5.0/3", utc(2026, 7, 1), {2h, utc(2026, 3, 29, 1h), utc(2026, 10, 25, 1h)}},
        {"CET-1CEST,M3.5.0,M10.5.0/3", utc(2026, 12, 31), {1h, utc(2026, 10, 25, 1h), utc(2027, 3, 28, 1h)}},
        {"CET-1CEST,M3.5.0,M10.5.0/3", utc(2027, 1, 1), {1h, utc(2026, 10, 25, 1h), utc(2027, 3, 28, 1h)}},
        {"EST5EDT,M3.2.0,M11.1.0", utc(2026, 3, 8, 7h), {-4h, utc(2026, 3, 8, 7h), utc(2026, 11, 1, 6h)}},
        {"EST5EDT,M3.2.0,M11.1.0", utc(2026, 3, 8, 7h - 1s), {-5h, utc(2025, 11, 2, 6h), utc(2026, 3, 8, 7h)}},
        // Half an hour, in the south: summer goes over the new year.
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
         utc(2026, 1, 1),
         {11h, utc(2025, 10, 4, 15h + 30min), utc(2026, 4, 4, 15h)}},
        // Dublin: "summer" is winter, one hour back.
        {"IST-1GMT0,M10.5.0,M3.5.0/1", utc(2026, 1, 1), {0h, utc(2025, 10, 26, 1h), utc(2026, 3, 29, 1h)}},
        // Nuuk: a time of the day before.
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2026, 7, 1), {-1h, utc(2026, 3, 29, 1h), utc(2026, 10, 25, 1h)}},
        // Gaza: hours after the day, to say "the Saturday after the fourth Thursday".
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", utc(2026, 7, 1), {3h, utc(2026, 3, 28, 0h), utc(2026, 10, 23, 23h)}},
        // Days counted without and with 29 February.
        {"AAA0BBB,J60/0,J365/0", utc(2028, 7, 1), {1h, utc(2028, 3, 1), utc(2028, 12, 30, 23h)}},
        {"AAA0BBB,59/0,365/0", utc(2028, 7, 1), {1h, utc(2028, 2, 29), utc(2028, 12, 30, 23h)}},
    };
    for (const auto& row : rows) {
        const auto rule = ZoneRule::parse(row.rule);
        ASSERT_TRUE(rule) << row.rule;
        const auto span = rule->at(row.time);
        EXPECT_EQ(span.offset, row.want.offset) << row.rule;
        EXPECT_EQ(span.begin, row.want.begin) << row.rule << " " << (span.begin - row.want.begin).count();
        EXPECT_EQ(span.end, row.want.end) << row.rule << " " << (span.end - row.want.end).count();
    }
}

TEST(ZoneRule, SummerThatLastsAllYearNeverEnds)
{
    const auto rule = ZoneRule::parse("XXX3EDT4,0/0,J365/23"); // the example of RFC 8536
    ASSERT_TRUE(rule);
    for (auto day = utc(2026, 12, 25); day < utc(2027, 1, 10); day += 1h) EXPECT_EQ(rule->at(day).offset, -4h);
}

TEST(ZoneRule, SpansFollowOneAnotherWithoutGap)
{
    for (const auto* text : {"CET-1CEST,M3.5.0,M10.5.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
                             "AAA0BBB,J1/-167,J365/167", "EET-2EEST,M3.4.4/50,M10.4.4/50"}) {
        const auto rule = ZoneRule::parse(text);
        ASSERT_TRUE(rule) << text;
        auto span = rule->at(utc(1900, 1, 1));
        while (span.end < utc(2500, 1, 1)) {
            const auto next = rule->at(span.end);
            ASSERT_EQ(next.begin, span.end) << text;
            ASSERT_LT(next.begin, next.end) << text;
            span = next;
        }
    }
}

TEST(ZoneRule, RefusesWhatIsNoRule)
{
    for (const std::string text : {"",
                                   "CE",
                                   "CET",
                                   "CET-",
                                   "CET-1CEST",
                                   "CET-1CEST,M3.5.0",
                                   "CET-1CEST,M3.5.0,M10.5.0/3x",
                                   "CET-1CEST,M13.1.0,M10.5.0",
                                   "CET-1CEST,M3.6.0,M10.5.0",
                                   "CET-1CEST,M3.5.7,M10.5.0",
                                   "CET-1CEST,M3.0.0,M10.5.0",
                                   "CET-1CEST,J0,J1",
                                   "CET-1CEST,J366,J1",
                                   "CET-1CEST,366,1",
                                   "CET-99",
                                   "CET1:60",
                                   "<CET-1",
                                   "<>-1",
                                   "CET-1CEST,M3.5.0/168,M10.5.0",
                                   "CET-1CEST,M99999999999999.5.0,M10.5.0",
                                   "Europe/Berlin"})
        EXPECT_FALSE(ZoneRule::parse(text)) << text;
}

} // namespace
} // namespace pandora::supervisor::core
