#include "supervisor/cli/table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pandora::supervisor::cli {
namespace {

TEST(Table, AlignsItsColumnsAndEndsEachLineAtItsLastCell)
{
    EXPECT_EQ(table({{"A", "LONG"}, {"long", ""}, {"b", "c"}}), "A     LONG\nlong  -\nb     c\n");
    EXPECT_EQ(table({}), "");
}

TEST(Table, ALongCellShiftsItsOwnLineRatherThanAllOthers)
{
    const std::string long_cell(1000, 'x');
    EXPECT_EQ(table({{long_cell, "b"}, {"a", "c"}}), long_cell + "  b\n" + "a" + std::string(79 + 2, ' ') + "c\n");
}

TEST(Table, NothingInACellReachesTheTerminalAsACommand) { EXPECT_EQ(table({{"a\x1b[2J", "b\n\x7f"}}), "a?[2J  b??\n"); }

TEST(Table, BytesAreShownInTheUnitThatSuits)
{
    for (const auto& [bytes, want] : {std::pair<std::uint64_t, const char*>{0, "0 B"},
                                      {1023, "1023 B"},
                                      {1024, "1.0 KiB"},
                                      {3'565'158, "3.4 MiB"},
                                      {std::uint64_t{5} << 40, "5.0 TiB"},
                                      {UINT64_MAX, "16777216.0 TiB"}})
        EXPECT_EQ(bytes_text(bytes), want);
}

TEST(Table, DurationsAreShownInTwoUnits)
{
    for (const auto& [seconds, want] : {std::pair{-1.0, "0s"},
                                        {0.9, "0s"},
                                        {59.9, "59s"},
                                        {200.0, "3m 20s"},
                                        {18'060.0, "5h 1m"},
                                        {187'200.0, "2d 4h"}})
        EXPECT_EQ(duration_text(seconds), want);
}

} // namespace
} // namespace pandora::supervisor::cli
