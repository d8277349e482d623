#include "hub/core/labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::core {
namespace {

Identity worker() { return {.app = "shop", .process = "web", .instance = 1, .credentials = {42, 1000, 1000}}; }

Identity stranger() { return {.app = "", .process = "", .instance = 0, .credentials = {43, 1000, 1000}}; }

Selector location(std::string_view json)
{
    Selector selector;
    parse_selector(json, selector);
    return selector;
}

TEST(Labels, WhatIsSoOrNotSaidIsNoConflict)
{
    for (const std::string_view json :
         {"{}", R"({"appName":"shop","processName":"web","pid":"42","clientId":"any"})", R"({"pid":42})",
          R"({"appName":"","processName":null,"pid":0})", "null", R"({"processName":["web"],"objectName":"billing"})"})
        EXPECT_EQ(label_conflict(worker(), labels_of(location(json))), std::nullopt) << json;
    EXPECT_EQ(label_conflict(stranger(), labels_of(location(R"({"pid":"43","clientId":"c"})"))), std::nullopt);
}

TEST(Labels, WhatIsNotSoIsToldWithWhatIs)
{
    struct Row {
        Identity identity;
        std::string_view location, want;
    };

    const Identity unseen{.app = "", .process = "", .instance = 0, .credentials = {0, 1000, 1000}};
    for (const auto& [identity, json, want] : {
             Row{worker(), R"({"appName":"bank"})", "appName says `bank`, but it is `shop`"},
             Row{worker(), R"({"appName":"shop","processName":"billing"})",
                 "processName says `billing`, but it is `web`"},
             Row{worker(), R"({"processName":"we"})", "processName says `we`, but it is `web`"},
             Row{worker(), R"({"pid":"43"})", "pid says `43`, but it is `42`"},
             Row{worker(), R"({"pid":42.5})", "pid says `42.5`, but it is `42`"},
             Row{stranger(), R"({"processName":"web"})",
                 "processName says `web`, but the client belongs to no process of this app"},
             Row{stranger(), R"({"appName":"shop"})",
                 "appName says `shop`, but the client belongs to no process of this app"},
             Row{unseen, R"({"pid":"1"})", "pid says `1`, but that cannot be seen from here"},
         })
        EXPECT_EQ(label_conflict(identity, labels_of(location(json))), want) << json;
}

TEST(Labels, OfALongOneOnlyTheBeginningIsRepeated)
{
    const std::string name(1000, 'x');
    EXPECT_EQ(label_conflict(worker(), {.app = {}, .process = name, .pid = {}}),
              "processName says `" + std::string(64, 'x') + "...`, but it is `web`");
}

} // namespace
} // namespace pandora::hub::core
