#include "hub/client/cpp/interface.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

TEST(Interface, ListsItsMethodsAndItsPropertiesWithTheTypesThatJavaScriptNames)
{
    const std::vector<PropertyRead> properties{
        {"a", Json(1.5)},     {"b", Json("")},       {"c", Json(false)},       {"d", Json(nullptr)},
        {"e", Json::array()}, {"f", Json::object()}, {"g", Outcome::absent()}, {"h", CallError{"Error", "gone"}},
    };
    EXPECT_EQ(
        introspection({"abs", "min"}, properties).dump(),
        R"({"properties":[{"name":"a","type":"number"},{"name":"b","type":"string"},)"
        R"({"name":"c","type":"boolean"},{"name":"d","type":"object"},{"name":"e","type":"object"},)"
        R"({"name":"f","type":"object"},{"name":"g","type":"undefined"},{"name":"h","type":"undefined"}],)"
        R"("methods":[{"name":"abs","length":0,"type":"function"},{"name":"min","length":0,"type":"function"}]})");
    EXPECT_EQ(introspection({}, {}).dump(), R"({"properties":[],"methods":[]})");
}

} // namespace
} // namespace pandora::hub::client
