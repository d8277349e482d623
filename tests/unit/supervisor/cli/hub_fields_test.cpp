#include "supervisor/cli/hub_fields.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::cli {
namespace {

TEST(Fields, WhatIsMissingOrOfAnotherTypeReadsAsNothing)
{
    const auto odd = Json::parse(R"({"text":7,"count":1.5,"flag":1,"list":{},"number":"1"})");
    for (const Json& value : {Json(), Json(7), Json::array(), Json::object(), odd}) {
        EXPECT_EQ(text_field(value, "text"), "");
        EXPECT_EQ(count_field(value, "count"), "");
        EXPECT_FALSE(flag_field(value, "flag"));
        EXPECT_TRUE(array_field(value, "list").empty());
        EXPECT_EQ(number_field(value, "number"), std::nullopt);
        EXPECT_EQ(field(value, "nothing"), nullptr);
    }
}

TEST(Fields, WhatIsThereReadsAsItStands)
{
    const auto value = Json::parse(R"({"text":"a","count":-3,"flag":true,"list":[1],"number":1.5,"null":null})");
    EXPECT_EQ(text_field(value, "text"), "a");
    EXPECT_EQ(count_field(value, "count"), "-3");
    EXPECT_TRUE(flag_field(value, "flag"));
    EXPECT_EQ(array_field(value, "list").size(), 1u);
    EXPECT_EQ(number_field(value, "number"), 1.5);
    EXPECT_NE(field(value, "null"), nullptr);
}

TEST(Fields, SomebodyIsAnInstanceElseAProcessElseAConnection)
{
    for (const auto& [who, instance, name] :
         {std::tuple{R"({"process":"web","instance":1,"client":"c7"})", "web/1", "web/1"},
          {R"({"process":"web","client":"c7"})", "web", "web"},
          {R"({"process":null,"instance":0,"client":"c7"})", "", "c7"},
          {R"({})", "", ""}}) {
        EXPECT_EQ(instance_field(Json::parse(who)), instance) << who;
        EXPECT_EQ(who_field(Json::parse(who)), name) << who;
    }
}

} // namespace
} // namespace pandora::supervisor::cli
