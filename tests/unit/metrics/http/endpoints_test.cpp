#include "metrics/exporter.hpp"
#include "metrics/http/endpoints.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace pandora::metrics::http {
namespace {

using testing::HasSubstr;

/// What a handler answers, and the collections it has asked for.
struct Fixture {
    std::vector<std::function<void(Snapshot)>> asked;
    Handler handler = metrics_endpoints([this](auto done) { asked.push_back(std::move(done)); });
    std::optional<Response> answer;

    void get(const std::string& path, const std::string& method = "GET")
    {
        handler({method, path, ""}, [this](Response response) { answer = std::move(response); });
    }
};

TEST(Endpoints, AreFoundByTheirWholePathOnly)
{
    for (const auto& [path, want] : std::vector<std::pair<std::string, Endpoint>>{
             {"/", Endpoint::index}, {"/metrics", Endpoint::metrics}, {"/health", Endpoint::health}}) {
        const auto where = route({"GET", path, "a=b"});
        ASSERT_TRUE(std::holds_alternative<Endpoint>(where)) << path;
        EXPECT_EQ(std::get<Endpoint>(where), want) << path;
    }
    for (const std::string path : {"", "/metrics/", "//metrics", "/Metrics", "/metric", "/metricsx", "/../metrics"}) {
        const auto where = route({"GET", path, ""});
        ASSERT_TRUE(std::holds_alternative<Response>(where)) << path;
        EXPECT_EQ(std::get<Response>(where).status, 404U) << path;
    }
}

TEST(Endpoints, SayWhichMethodsTheyTake)
{
    for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
        const auto where = route({method, "/metrics", ""});
        ASSERT_TRUE(std::holds_alternative<Response>(where)) << method;
        const auto& refusal = std::get<Response>(where);
        EXPECT_EQ(refusal.status, 405U) << method;
        ASSERT_EQ(refusal.headers.size(), 1U);
        EXPECT_EQ(refusal.headers[0].name + ": " + refusal.headers[0].value, "Allow: GET, HEAD");
    }
    EXPECT_EQ(std::get<Response>(route({"POST", "/nowhere", ""})).status, 404U);
}

TEST(Endpoints, AnswerMetricsWhenTheSnapshotComesAndMakeTheTextLater)
{
    Fixture fixture;
    fixture.get("/metrics");
    ASSERT_EQ(fixture.asked.size(), 1U);
    EXPECT_FALSE(fixture.answer);

    const Snapshot snapshot{.app = "shop", .supervisor = Supervisor::up};
    fixture.asked[0](snapshot);
    ASSERT_TRUE(fixture.answer);
    EXPECT_EQ(fixture.answer->status, 200U);
    EXPECT_EQ(fixture.answer->content_type, "text/plain; version=0.0.4; charset=utf-8");
    ASSERT_TRUE(std::holds_alternative<MakeBody>(fixture.answer->body));
    EXPECT_EQ(std::get<MakeBody>(fixture.answer->body)(), exposition(snapshot));
}

TEST(Endpoints, AnswerHealthFromTheSnapshot)
{
    Fixture fixture;
    fixture.get("/health");
    ASSERT_EQ(fixture.asked.size(), 1U);
    fixture.asked[0]({.app = "shop", .supervisor = Supervisor::down});
    ASSERT_TRUE(fixture.answer);
    EXPECT_EQ(fixture.answer->status, 503U);
}

TEST(Endpoints, AnswerTheRestWithoutASnapshot)
{
    Fixture fixture;
    fixture.get("/");
    ASSERT_TRUE(fixture.answer);
    EXPECT_EQ(fixture.answer->status, 200U);
    EXPECT_THAT(std::get<std::string>(fixture.answer->body), HasSubstr(R"(<a href="/metrics">)"));
    fixture.get("/favicon.ico");
    EXPECT_EQ(fixture.answer->status, 404U);
    fixture.get("/health", "POST");
    EXPECT_EQ(fixture.answer->status, 405U);
    EXPECT_TRUE(fixture.asked.empty());
}

} // namespace
} // namespace pandora::metrics::http
