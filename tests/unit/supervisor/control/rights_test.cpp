#include "supervisor/control/rights.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::control {
namespace {

constexpr uid_t owner = 1000;

struct Row {
    const char* source;
    bool may;
};

class Caller : public ::testing::TestWithParam<Row> {};

TEST_P(Caller, MayChangeThingsOrNot)
{
    EXPECT_EQ(!denied(Json::parse(GetParam().source), owner), GetParam().may) << GetParam().source;
}

INSTANTIATE_TEST_SUITE_P(Rights, Caller,
                         ::testing::Values(Row{R"({"process":null,"instance":0,"pid":7,"uid":1000})", true},
                                           Row{R"({"process":null,"instance":0,"pid":7,"uid":0})", true},
                                           Row{R"({"process":null,"instance":0,"pid":7,"uid":1001})", false},
                                           Row{R"({"process":"web","instance":0,"pid":7,"uid":1000})", false},
                                           Row{R"({"process":"web","instance":0,"pid":7,"uid":0})", false},
                                           Row{R"({"process":"hub","instance":0,"pid":7,"uid":65534})", true}));

// What no hub stamps: nothing is taken for granted.
INSTANTIATE_TEST_SUITE_P(
    WithoutAProperStamp, Caller,
    ::testing::Values(Row{"{}", false}, Row{"null", false}, Row{"7", false}, Row{R"({"uid":1000})", false},
                      Row{R"({"process":null})", false}, Row{R"({"process":null,"uid":"0"})", false},
                      Row{R"({"process":null,"uid":-1})", false}, Row{R"({"process":null,"uid":null})", false},
                      Row{R"({"process":0,"uid":0})", false}, Row{R"({"process":["hub"],"uid":0})", false},
                      Row{R"({"process":null,"uid":4294968296})", false}));

TEST(Rights, ARefusalNamesWhoAsked)
{
    EXPECT_EQ(denied(Json::parse(R"({"process":"web","instance":2,"uid":0})"), owner)->why,
              "workers may not change what the supervisor does: asked by web/2");
    EXPECT_EQ(denied(Json::parse(R"({"process":null,"uid":33})"), owner)->why,
              "only root and user 1000 may change what the supervisor does, not user 33");
}

} // namespace
} // namespace pandora::supervisor::control
