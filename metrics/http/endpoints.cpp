#include "metrics/http/endpoints.hpp"

#include "metrics/exporter.hpp"
#include "metrics/http/health.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace pandora::metrics::http {

namespace {

struct Row {
    std::string_view path;
    Endpoint endpoint;
};

constexpr Row routes[] = {
    {"/", Endpoint::index},
    {"/metrics", Endpoint::metrics},
    {"/health", Endpoint::health},
};

constexpr std::string_view index_html = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>pandora</title>
<h1>pandora</h1>
<ul>
<li><a href="/metrics">/metrics</a>: for Prometheus
<li><a href="/health">/health</a>: 200 if all is well, 503 if not
</ul>
</html>
)";

void answer(Endpoint endpoint, const Collect& collect, Respond respond)
{
    switch (endpoint) {
    case Endpoint::index: return respond(index_page());
    case Endpoint::metrics:
        return collect([respond](Snapshot snapshot) { respond(metrics_page(std::move(snapshot))); });
    case Endpoint::health: return collect([respond](const Snapshot& snapshot) { respond(health(snapshot)); });
    }
}

} // namespace

Handler metrics_endpoints(Collect collect)
{
    return [collect = std::move(collect)](const Request& request, Respond respond) {
        auto where = route(request);
        if (auto* refusal = std::get_if<Response>(&where)) return respond(std::move(*refusal));
        answer(std::get<Endpoint>(where), collect, std::move(respond));
    };
}

std::variant<Endpoint, Response> route(const Request& request)
{
    const auto* row =
        std::find_if(std::begin(routes), std::end(routes), [&](const Row& each) { return each.path == request.path; });
    if (row == std::end(routes)) return plain_text(404, "404: nothing here; / lists what there is");
    if (request.method == "GET") return row->endpoint;

    auto refusal = plain_text(405, "405: only GET and HEAD are answered here");
    refusal.headers.push_back({"Allow", "GET, HEAD"});
    return refusal;
}

Response index_page() { return {200, "text/html; charset=utf-8", std::string{index_html}}; }

Response metrics_page(Snapshot snapshot)
{
    // Shared, as the function is copied on its way to the http thread and a snapshot may be large.
    const auto shared = std::make_shared<const Snapshot>(std::move(snapshot));
    return {200, exposition_content_type, [shared] { return exposition(*shared); }};
}

} // namespace pandora::metrics::http
