#include "hub/client/cpp/json_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace pandora::hub::client {
namespace {

TEST(JsonText, IsThatOfTheJsonLibrary)
{
    const Json values[] = {
        nullptr,
        true,
        false,
        0,
        -1,
        std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::uint64_t>::max(),
        1.0,
        0.1,
        -1e300,
        "",
        "plain ~",
        "quote \" slash \\ line \n zero \x01 delete \x7f",
        "\u00e9 \U0001f600",
        Json::array(),
        Json::object(),
        Json::parse(R"([[],{},[null,{"b":[1,2.5,"x"],"a":{"\n":"\t"}}],"end"])"),
    };
    for (const Json& value : values) EXPECT_EQ(json_text(value), value.dump());
}

TEST(JsonText, ReplacesInvalidUtf8AndEscapesHalfAPair)
{
    EXPECT_EQ(json_text(Json::array({"x\xff"})), R"(["x\ufffd"])");
    EXPECT_EQ(json_text(Json::array({"x\xed\xa0\x80"})), R"(["x\ud800"])");
}

TEST(JsonText, IsAppended)
{
    std::string out{"a="};
    append_json(out, Json{{"b", 1}});
    append_json(out, "c\"");
    EXPECT_EQ(out, R"(a={"b":1}"c\"")");
}

} // namespace
} // namespace pandora::hub::client
