#include "procfiles/cron.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace pandora::procfiles {
namespace {

template <std::size_t size>
std::string ones(const std::bitset<size>& bits)
{
    std::string text;
    for (std::size_t i = 0; i < size; ++i)
        if (bits[i]) text += (text.empty() ? "" : ",") + std::to_string(i);
    return text;
}

TEST(Cron, ReadsFieldsListsRangesStepsAndNames)
{
    struct Row {
        std::string_view text;
        std::string minutes, hours, days, months, weekdays;
    };

    const std::string every_hour = "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23";
    const std::string every_month = "1,2,3,4,5,6,7,8,9,10,11,12";
    const std::string every_weekday = "0,1,2,3,4,5,6";
    const std::string every_day = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31";
    for (const auto& [text, minutes, hours, days, months, weekdays] : {
             Row{"0 3 * * *", "0", "3", every_day, every_month, every_weekday},
             Row{"*/15 * * * *", "0,15,30,45", every_hour, every_day, every_month, every_weekday},
             Row{"5/20 9-17/4 1,15 * *", "5,25,45", "9,13,17", "1,15", every_month, every_weekday},
             Row{"0 0 * jan,Dec mon-FRI", "0", "0", every_day, "1,12", "1,2,3,4,5"},
             Row{"0 0 * * 7", "0", "0", every_day, every_month, "0"},
             Row{"0 0 * * 5-7", "0", "0", every_day, every_month, "0,5,6"},
             Row{"59 23 31 12 sat", "59", "23", "31", "12", "6"},
             Row{"  1\t2  3 4  5 ", "1", "2", "3", "4", "5"},
             Row{"0 */99 * * *", "0", "0", every_day, every_month, every_weekday},
             Row{"@hourly", "0", every_hour, every_day, every_month, every_weekday},
             Row{"@Daily", "0", "0", every_day, every_month, every_weekday},
             Row{"@midnight", "0", "0", every_day, every_month, every_weekday},
             Row{"@weekly", "0", "0", every_day, every_month, "0"},
             Row{"@monthly", "0", "0", "1", every_month, every_weekday},
             Row{"@yearly", "0", "0", "1", "1", every_weekday},
             Row{"@annually", "0", "0", "1", "1", every_weekday},
         }) {
        const auto parsed = parse_cron(text);
        ASSERT_TRUE(std::holds_alternative<Cron>(parsed)) << text << ": " << std::get<CronFault>(parsed).clause;
        const Cron& cron = std::get<Cron>(parsed);
        EXPECT_EQ(cron.text, text);
        EXPECT_EQ(ones(cron.minutes), minutes) << text;
        EXPECT_EQ(ones(cron.hours), hours) << text;
        EXPECT_EQ(ones(cron.days), days) << text;
        EXPECT_EQ(ones(cron.months), months) << text;
        EXPECT_EQ(ones(cron.weekdays), weekdays) << text;
    }
}

TEST(Cron, TellsWhichDaysAreRestricted)
{
    struct Row {
        std::string_view text;
        bool days, weekdays;
    };

    for (const auto& [text, days, weekdays] :
         {Row{"0 0 * * *", false, false}, Row{"0 0 */2 * *", false, false}, Row{"0 0 1 * *", true, false},
          Row{"0 0 * * mon", false, true}, Row{"0 0 13 * fri", true, true}}) {
        const auto cron = std::get<Cron>(parse_cron(text));
        EXPECT_EQ(cron.days_restricted, days) << text;
        EXPECT_EQ(cron.weekdays_restricted, weekdays) << text;
    }
}

TEST(Cron, SaysWhatIsWrong)
{
    struct Row {
        std::string_view text;
        std::string want;
    };

    const std::string fields =
        "expected five fields (minute, hour, day, month, weekday) or a word such as `@daily`, found ";
    for (const auto& [text, want] : {
             Row{"", fields + "0"},
             Row{"* * * *", fields + "4"},
             Row{"0 * * * * *", fields + "6"},
             Row{"@never", fields + "1"},
             Row{"60 * * * *", "the minute `60` is not from 0 to 59"},
             Row{"-1 * * * *", "the minute `` is not from 0 to 59"},
             Row{"* 24 * * *", "the hour `24` is not from 0 to 23"},
             Row{"* * 0 * *", "the day `0` is not from 1 to 31"},
             Row{"* * * 13 *", "the month `13` is not from 1 to 12"},
             Row{"* * * * 8", "the weekday `8` is not from 0 to 7"},
             Row{"* * * mon *", "the month `mon` is not from 1 to 12"},
             Row{"1,,2 * * * *", "the minute `` is not from 0 to 59"},
             Row{"1- * * * *", "the minute `` is not from 0 to 59"},
             Row{"5-1 * * * *", "the minute `5-1` runs backwards"},
             Row{"*/0 * * * *", "the step of the minute `*/0` is no number"},
             Row{"*/x * * * *", "the step of the minute `*/x` is no number"},
             Row{"99999999999999999999 * * * *", "the minute `99999999999999999999` is not from 0 to 59"},
             Row{"0 0 30 2 *", "no year has such a date"},
             Row{"0 0 31 4,6,9,11 *", "no year has such a date"},
         }) {
        const auto parsed = parse_cron(text);
        ASSERT_TRUE(std::holds_alternative<CronFault>(parsed)) << text;
        EXPECT_EQ(std::get<CronFault>(parsed).clause, want) << text;
    }
}

TEST(Cron, ADateThatOnlyLeapYearsHaveIsOneAndSoIsEitherOfTwoDays)
{
    EXPECT_TRUE(std::holds_alternative<Cron>(parse_cron("0 0 29 2 *")));
    EXPECT_TRUE(std::holds_alternative<Cron>(parse_cron("0 0 30 2 mon")));
}

TEST(Cron, AStepOfAnySizeEndsInBoundedTime)
{
    const auto cron = std::get<Cron>(parse_cron("7/18446744073709551615 * * * *"));
    EXPECT_EQ(ones(cron.minutes), "7");
}

} // namespace
} // namespace pandora::procfiles
