#include "supervisor/logs/reader_patience.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace pandora::supervisor::logs {
namespace {

using namespace std::chrono_literals;

TEST(ReaderPatience, LastsAsLongAsSomethingIsTakenNowAndThen)
{
    struct Look {
        std::chrono::milliseconds at;
        std::size_t unread;
        bool is_over;
    };

    for (const auto& looks : std::vector<std::vector<Look>>{
             {{0s, 100, false}, {4s, 100, false}, {5s, 100, true}},
             {{0s, 100, false}, {4s, 99, false}, {8s, 98, false}, {12s, 98, false}, {13s, 98, true}},
             {{0s, 100, false}, {60s, 1, false}, {66s, 1, true}}, // we were suspended: what was taken counts
             {{0s, 0, false}, {5s, 0, true}},
         }) {
        ReaderPatience patience{5s, SteadyTime{}};
        for (const auto& look : looks)
            EXPECT_EQ(patience.is_over(look.unread, SteadyTime{} + look.at), look.is_over) << look.at.count();
    }
}

} // namespace
} // namespace pandora::supervisor::logs
