#include "procfiles/go_time.hpp"

#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

TEST(GoTime, BecomesAFormatOfStrftime)
{
    struct Row {
        std::string_view go;
        std::string_view want;
        bool complete;
    };

    for (const auto& [go, want, complete] : {
             Row{"2006-01-02T15:04:05Z07:00", "%Y-%m-%dT%H:%M:%S%z", true},
             Row{"06-01-02 15:04:05.000", "%y-%m-%d %H:%M:%S", false},
             Row{"3:04PM", "%I:%M%p", true},
             Row{"Mon Jan _2 15:04:05 2006", "%a %b %e %H:%M:%S %Y", true},
             Row{"Monday, 02 January 2006", "%A, %d %B %Y", true},
             Row{"RFC3339", "%Y-%m-%dT%H:%M:%S%z", true},
             Row{"Kitchen", "%I:%M%p", true},
             Row{"15h 100%", "%Hh %m00%%", true},
             Row{"plain", "plain", true},
         }) {
        const StrftimeFormat format = strftime_of(go);
        EXPECT_EQ(format.format, want) << go;
        EXPECT_EQ(format.complete, complete) << go;
    }
}

} // namespace
} // namespace pandora::procfiles
