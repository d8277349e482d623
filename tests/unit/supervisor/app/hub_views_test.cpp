#include "supervisor/app/hub_views.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace pandora::supervisor::app {
namespace {

using hub::TapRecord;
using hub::client::Json;

TapRecord record(TapRecord::Kind kind, std::optional<std::string> payload = {})
{
    TapRecord made;
    made.kind = kind;
    made.act = hub::wire::Act::call;
    made.call = 7;
    made.from = {"c3", "web", 1};
    made.object = "store";
    made.method = "get";
    made.payload = std::move(payload);
    return made;
}

TEST(HubViews, ARecordSaysWhoAskedWhatAndShowsThePayloadThatItHas)
{
    const auto hidden = to_json(record(TapRecord::Kind::request));
    EXPECT_EQ(hidden["verb"], "invoke");
    EXPECT_EQ(hidden["from"], (Json{{"client", "c3"}, {"process", "web"}, {"instance", 1}}));
    EXPECT_EQ(hidden["to"], nullptr) << "it reached nobody";
    EXPECT_EQ(hidden["status"], nullptr) << "it has not ended";
    EXPECT_EQ(hidden["id"], 7);
    EXPECT_FALSE(hidden.contains("payload"));
    EXPECT_EQ(to_json(record(TapRecord::Kind::request, "[1]"))["payload"], Json::array({1}));
}

TEST(HubViews, OnlyWhatHasEndedHasAStatus)
{
    using Kind = TapRecord::Kind;

    struct Row {
        Kind kind;
        const char* verb;
        Json status;
    };

    for (const auto& row :
         {Row{Kind::request, "invoke", nullptr}, Row{Kind::one_way, "send", nullptr}, Row{Kind::answer, "reply", "ok"},
          Row{Kind::failure, "invoke", "ok"}, Row{Kind::event, "event", nullptr}}) {
        const auto shown = to_json(record(row.kind));
        EXPECT_EQ(shown["verb"], row.verb);
        EXPECT_EQ(shown["status"], row.status) << row.verb;
    }
}

TEST(HubViews, WhateverBytesAPayloadHoldsTheRecordIsTextThatCanBeWritten)
{
    const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
    for (const auto& payload : {std::string{"\xff\xfe"}, std::string{"[1, 2"}, std::string{"\"\\ud800\""}, deep}) {
        const auto shown = to_json(record(TapRecord::Kind::request, payload));
        EXPECT_NO_THROW(static_cast<void>(shown.dump())) << payload.substr(0, 10);
    }
    auto binary = record(TapRecord::Kind::request, "[1]");
    binary.binary = true;
    EXPECT_EQ(to_json(binary)["payload"], "[1]") << "bytes that look like JSON are none";
    binary.object = "\xff";
    EXPECT_NO_THROW(static_cast<void>(to_json(binary).dump()));
}

} // namespace
} // namespace pandora::supervisor::app
