#include "supervisor/core/schedule.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <initializer_list>
#include <string>
#include <vector>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using procfiles::Cron;
using procfiles::Interval;
using procfiles::Schedule;

/// The five fields; an empty one is `*`.
struct Fields {
    std::vector<unsigned> minutes;
    std::vector<unsigned> hours;
    std::vector<unsigned> days;
    std::vector<unsigned> months;
    std::vector<unsigned> weekdays;
};

template <std::size_t size>
std::bitset<size> to_bits(const std::vector<unsigned>& numbers)
{
    std::bitset<size> bits;
    if (numbers.empty()) bits.set();
    for (const auto number : numbers) bits.set(number);
    return bits;
}

Cron cron(const Fields& fields)
{
    return {.minutes = to_bits<60>(fields.minutes),
            .hours = to_bits<24>(fields.hours),
            .days = to_bits<32>(fields.days),
            .months = to_bits<13>(fields.months),
            .weekdays = to_bits<7>(fields.weekdays),
            .days_restricted = !fields.days.empty(),
            .weekdays_restricted = !fields.weekdays.empty()};
}

const auto berlin = *TimeZone::parse("CET-1CEST,M3.5.0,M10.5.0/3");
const auto new_york = *TimeZone::parse("EST5EDT,M3.2.0,M11.1.0");
const auto lord_howe = *TimeZone::parse("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
const TimeZone utc;

/// Of UTC.
struct Moment {
    int year;
    unsigned month;
    unsigned day;
    int hour = 0;
    int minute = 0;
    int second = 0;

    sys_seconds time() const
    {
        const auto date = std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day};
        return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
    }
};

std::string to_text(std::optional<sys_seconds> time)
{
    if (!time) return "never";
    const auto date = floor<days>(*time);
    const year_month_day day{date};
    const hh_mm_ss clock{*time - date};
    char out[64];
    std::snprintf(out, sizeof out, "%d-%02u-%02u %02d:%02d:%02d", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return out;
}

struct Row {
    const char* what;
    Fields fields;
    const TimeZone& zone;
    Moment after;
    std::vector<Moment> want; // one after the other
};

void expect_rows(std::initializer_list<Row> rows)
{
    for (const auto& row : rows) {
        auto time = row.after.time();
        for (const auto& want : row.want) {
            const auto next = next_time(cron(row.fields), row.zone, time);
            ASSERT_EQ(to_text(next), to_text(want.time())) << row.what;
            time = *next;
        }
    }
}

TEST(Schedule, FindsTheNextTimeThatMatchesAllFields)
{
    expect_rows({
        {"each minute", {}, utc, {2026, 1, 1, 0, 0, 30}, {{2026, 1, 1, 0, 1}, {2026, 1, 1, 0, 2}}},
        {"a time that is due is not next", {{0}, {12}}, utc, {2026, 1, 1, 12}, {{2026, 1, 2, 12}}},
        {"one second before", {{0}, {12}}, utc, {2026, 1, 1, 11, 59, 59}, {{2026, 1, 1, 12}}},
        {"over the hour", {{0, 30}, {8, 9}}, utc, {2026, 1, 1, 8, 30}, {{2026, 1, 1, 9, 0}, {2026, 1, 1, 9, 30}}},
        {"over the year", {{59}, {23}, {31}, {12}}, utc, {2026, 12, 31, 23, 59}, {{2027, 12, 31, 23, 59}}},
        {"in the zone", {{0}, {12}}, new_york, {2026, 1, 1}, {{2026, 1, 1, 17}}},
        {"the day of the zone", {{0}, {1}, {1}}, lord_howe, {2026, 4, 30}, {{2026, 4, 30, 14, 30}}},
        {"before 1970", {{0}, {12}}, utc, {1969, 12, 31, 13}, {{1970, 1, 1, 12}}},
    });
}

TEST(Schedule, MonthsHaveTheirLengths)
{
    expect_rows({
        {"the 31st", {{0}, {0}, {31}}, utc, {2026, 1, 31}, {{2026, 3, 31}, {2026, 5, 31}, {2026, 7, 31}}},
        {"leap years", {{0}, {0}, {29}, {2}}, utc, {2026, 1, 1}, {{2028, 2, 29}, {2032, 2, 29}}},
        {"2100 is none", {{0}, {0}, {29}, {2}}, utc, {2096, 3, 1}, {{2104, 2, 29}}},
    });
}

TEST(Schedule, WhereBothDaysAreRestrictedEitherWillDo)
{
    expect_rows({
        {"the 13th or a Friday",
         {{0}, {12}, {13}, {}, {5}},
         utc,
         {2026, 4, 1},
         {{2026, 4, 3, 12}, {2026, 4, 10, 12}, {2026, 4, 13, 12}, {2026, 4, 17, 12}}},
        {"Sundays", {{0}, {12}, {}, {}, {0}}, utc, {2026, 4, 1}, {{2026, 4, 5, 12}, {2026, 4, 12, 12}}},
        {"the 13th", {{0}, {12}, {13}}, utc, {2026, 4, 1}, {{2026, 4, 13, 12}, {2026, 5, 13, 12}}},
    });
    // `*/28` counts as not restricted (crontab(5)), so both must match: a Friday that is the 29th.
    auto both = cron({{0}, {12}, {1, 29}, {}, {5}});
    both.days_restricted = false;
    EXPECT_EQ(to_text(next_time(both, utc, Moment{2026, 4, 1}.time())), "2026-05-01 12:00:00");
    EXPECT_EQ(to_text(next_time(both, utc, Moment{2026, 5, 1, 12}.time())), "2026-05-29 12:00:00");
}

TEST(Schedule, AWeekdayOn29FebruaryMayTakeFortyYears)
{
    auto rare = cron({{0}, {0}, {29}, {2}, {1}}); // a Monday
    rare.days_restricted = false;
    // 2072 is the last before 2100, which has no 29 February, and moves the weekdays on.
    EXPECT_EQ(to_text(next_time(rare, utc, Moment{2044, 3, 1}.time())), "2072-02-29 00:00:00");
    EXPECT_EQ(to_text(next_time(rare, utc, Moment{2072, 3, 1}.time())), "2112-02-29 00:00:00");
}

TEST(Schedule, WhatNeverComesIsNotWaitedFor)
{
    EXPECT_EQ(to_text(next_time(cron({{0}, {0}, {30}, {2}}), berlin, Moment{2026, 1, 1}.time())), "never");
    EXPECT_EQ(to_text(next_time(cron({{0}, {0}, {31}, {4, 6, 9, 11}}), utc, Moment{2026, 1, 1}.time())), "never");
}

TEST(Schedule, AFixedTimeThatIsLeftOutRunsOnceRightAfterTheGap)
{
    expect_rows({
        {"Berlin 2:30",
         {{30}, {2}},
         berlin,
         {2026, 3, 28},
         {{2026, 3, 28, 1, 30}, {2026, 3, 29, 1}, {2026, 3, 30, 0, 30}}},
        {"Berlin 2:00", {{0}, {2}}, berlin, {2026, 3, 28, 2}, {{2026, 3, 29, 1}, {2026, 3, 30, 0}}},
        {"three times in the gap", {{0, 20, 40}, {2}}, berlin, {2026, 3, 28, 2}, {{2026, 3, 29, 1}, {2026, 3, 30, 0}}},
        {"one in it, one at its end", {{0}, {2, 3}}, berlin, {2026, 3, 28, 3}, {{2026, 3, 29, 1}, {2026, 3, 30, 0}}},
        {"just before it", {{59}, {1}}, berlin, {2026, 3, 28, 2}, {{2026, 3, 29, 0, 59}, {2026, 3, 29, 23, 59}}},
        {"just after it", {{30}, {3}}, berlin, {2026, 3, 28, 3}, {{2026, 3, 29, 1, 30}, {2026, 3, 30, 1, 30}}},
        {"another day's", {{30}, {2}, {1}}, berlin, {2026, 3, 2}, {{2026, 4, 1, 0, 30}}},
        {"New York 2:30", {{30}, {2}}, new_york, {2026, 3, 7, 8}, {{2026, 3, 8, 7}, {2026, 3, 9, 6, 30}}},
        {"Lord Howe 2:15", {{15}, {2}}, lord_howe, {2026, 10, 3}, {{2026, 10, 3, 15, 30}, {2026, 10, 4, 15, 15}}},
        {"Lord Howe 2:30", {{30}, {2}}, lord_howe, {2026, 10, 3}, {{2026, 10, 3, 15, 30}, {2026, 10, 4, 15, 30}}},
        {"Lord Howe 2:45", {{45}, {2}}, lord_howe, {2026, 10, 3}, {{2026, 10, 3, 15, 45}, {2026, 10, 4, 15, 45}}},
    });
}

TEST(Schedule, AFixedTimeThatComesTwiceRunsAtTheFirst)
{
    expect_rows({
        {"Berlin 2:30", {{30}, {2}}, berlin, {2026, 10, 24, 12}, {{2026, 10, 25, 0, 30}, {2026, 10, 26, 1, 30}}},
        {"asked in between", {{30}, {2}}, berlin, {2026, 10, 25, 1, 15}, {{2026, 10, 26, 1, 30}}},
        {"asked between both, due in neither", {{30}, {3}}, berlin, {2026, 10, 25, 0, 45}, {{2026, 10, 25, 2, 30}}},
        {"its end", {{0}, {3}}, berlin, {2026, 10, 24, 12}, {{2026, 10, 25, 2}, {2026, 10, 26, 2}}},
        {"New York 1:30", {{30}, {1}}, new_york, {2026, 10, 31, 12}, {{2026, 11, 1, 5, 30}, {2026, 11, 2, 6, 30}}},
        {"Lord Howe 1:45", {{45}, {1}}, lord_howe, {2026, 4, 4}, {{2026, 4, 4, 14, 45}, {2026, 4, 5, 15, 15}}},
        {"Lord Howe 1:15", {{15}, {1}}, lord_howe, {2026, 4, 4}, {{2026, 4, 4, 14, 15}, {2026, 4, 5, 14, 45}}},
    });
}

TEST(Schedule, JobsOfEveryHourOrMinuteGoByTimeAsItPasses)
{
    const Fields quarters{{0, 15, 30, 45}};
    expect_rows({
        {"quarters, gap",
         quarters,
         berlin,
         {2026, 3, 29, 0, 30},
         {{2026, 3, 29, 0, 45}, {2026, 3, 29, 1}, {2026, 3, 29, 1, 15}}},
        {"quarters, twice", quarters, berlin, {2026, 10, 25, 0, 45}, {{2026, 10, 25, 1}, {2026, 10, 25, 1, 15}}},
        {"hourly, gap", {{30}}, berlin, {2026, 3, 29}, {{2026, 3, 29, 0, 30}, {2026, 3, 29, 1, 30}}},
        {"hourly, twice", {{0}}, berlin, {2026, 10, 24, 23}, {{2026, 10, 25, 0}, {2026, 10, 25, 1}, {2026, 10, 25, 2}}},
        {"all of 2 h, gap", {{}, {2}}, berlin, {2026, 3, 28, 1, 59}, {{2026, 3, 30, 0}}},
        {"all of 2 h, twice", {{}, {2}}, berlin, {2026, 10, 25, 0, 59}, {{2026, 10, 25, 1}, {2026, 10, 25, 1, 1}}},
        {"Lord Howe, gap", {{0}}, lord_howe, {2026, 10, 3, 14, 30}, {{2026, 10, 3, 16}}},
        {"Lord Howe, twice", {{45}}, lord_howe, {2026, 4, 4, 14}, {{2026, 4, 4, 14, 45}, {2026, 4, 4, 15, 15}}},
    });
}

// --- ScheduleClock

WallTime wall(const Moment& moment) { return moment.time(); }

const Schedule at_noon{cron({{0}, {12}})};

TEST(ScheduleClock, SaysOnceThatARunIsDue)
{
    ScheduleClock clock{at_noon, utc, wall({2026, 1, 1})};
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 12}));
    EXPECT_FALSE(clock.take_due(wall({2026, 1, 1, 11, 59, 59})));
    EXPECT_TRUE(clock.take_due(wall({2026, 1, 1, 12})));
    EXPECT_FALSE(clock.take_due(wall({2026, 1, 1, 12})));
    EXPECT_EQ(clock.next(), wall({2026, 1, 2, 12}));
}

TEST(ScheduleClock, RunsThatWereMissedAreMadeUpForByOne)
{
    ScheduleClock clock{at_noon, utc, wall({2026, 1, 1})};
    EXPECT_TRUE(clock.take_due(wall({2026, 1, 5, 13})));
    EXPECT_FALSE(clock.take_due(wall({2026, 1, 5, 13})));
    EXPECT_EQ(clock.next(), wall({2026, 1, 6, 12}));
}

TEST(ScheduleClock, AnIntervalKeepsItsBeat)
{
    ScheduleClock clock{Schedule{Interval{10min}}, utc, wall({2026, 1, 1})};
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 0, 10}));
    EXPECT_TRUE(clock.take_due(wall({2026, 1, 1, 0, 10, 3})));
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 0, 20})) << "seen late";
    EXPECT_TRUE(clock.take_due(wall({2026, 1, 1, 0, 47})));
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 0, 50})) << "two beats missed";
    EXPECT_TRUE(clock.take_due(wall({2026, 1, 1, 0, 50})));
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 1, 0}));
}

TEST(ScheduleClock, RunsOnStartWhereAsked)
{
    auto schedule = at_noon;
    schedule.run_on_start = true;
    ScheduleClock clock{schedule, utc, wall({2026, 1, 1, 9})};
    EXPECT_TRUE(clock.take_due(wall({2026, 1, 1, 9})));
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 12}));
}

TEST(ScheduleClock, WhatNeverComesIsNeverDue)
{
    ScheduleClock clock{Schedule{cron({{0}, {0}, {30}, {2}})}, utc, wall({2026, 1, 1})};
    EXPECT_EQ(clock.next(), std::nullopt);
    EXPECT_FALSE(clock.take_due(wall({2030, 1, 1})));
}

TEST(ScheduleClock, FollowsAClockThatIsSet)
{
    struct Setting {
        const char* what;
        Moment ran; // the run of noon on 2 January
        Moment set_to;
        bool is_due;
        Moment next; // after that
    };

    const Setting settings[] = {
        {"forward, nothing in between", {2026, 1, 2, 12}, {2026, 1, 2, 18}, false, {2026, 1, 3, 12}},
        {"forward, over a run", {2026, 1, 2, 12}, {2026, 1, 9, 18}, true, {2026, 1, 10, 12}},
        {"back a little", {2026, 1, 2, 12}, {2026, 1, 2, 11, 30}, false, {2026, 1, 3, 12}},
        {"back by three hours", {2026, 1, 2, 12}, {2026, 1, 2, 9}, false, {2026, 1, 2, 12}},
        {"back by years", {2026, 1, 2, 12}, {2020, 5, 5}, false, {2020, 5, 5, 12}},
    };
    for (const auto& setting : settings) {
        ScheduleClock clock{at_noon, utc, wall({2026, 1, 2})};
        ASSERT_TRUE(clock.take_due(wall(setting.ran)));
        clock.clock_set(wall(setting.set_to), setting.set_to.time() - setting.ran.time(), utc);
        EXPECT_EQ(clock.take_due(wall(setting.set_to)), setting.is_due) << setting.what;
        EXPECT_EQ(clock.next(), wall(setting.next)) << setting.what;
    }
}

TEST(ScheduleClock, FollowsAZoneThatChanges)
{
    ScheduleClock clock{at_noon, utc, wall({2026, 1, 1})};
    clock.clock_set(wall({2026, 1, 1, 1}), 0ns, berlin);
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 11}));
}

TEST(ScheduleClock, AnIntervalDoesNotCareForTheClock)
{
    ScheduleClock clock{Schedule{Interval{10min}}, utc, wall({2026, 1, 1})};
    clock.clock_set(wall({2020, 1, 1, 0, 1}), wall({2020, 1, 1}) - wall({2026, 1, 1}), utc);
    EXPECT_EQ(clock.next(), wall({2020, 1, 1, 0, 10}));
    clock.clock_set(wall({2026, 1, 1, 0, 2}), wall({2026, 1, 1}) - wall({2020, 1, 1}), utc);
    EXPECT_EQ(clock.next(), wall({2026, 1, 1, 0, 10}));
}

} // namespace
} // namespace pandora::supervisor::core
