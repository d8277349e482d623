#include "supervisor/app/hub_news.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>
#include <variant>

namespace pandora::supervisor::app {

namespace {

// The hub's object is flooded, or the hub is about to be replaced: either takes longer than this. Choice.
constexpr std::chrono::milliseconds retry_pause{100};

} // namespace

HubNews::HubNews(boost::asio::io_context& io, Link link, Present present)
    : io_{io}, link_{std::move(link)}, present_{std::move(present)}, pause_{io}
{}

void HubNews::tell(control::InstanceNews news)
{
    untold_.push_back(std::move(news));
    plan();
}

void HubNews::plan()
{
    if (!std::exchange(planned_, true)) boost::asio::post(io_, [this] { send(); });
}

void HubNews::send()
{
    planned_ = false;
    const auto news = std::exchange(untold_, {});
    auto* link = link_();
    if (!link || news.empty()) return;
    std::vector<Name> names;
    for (const auto& each : news) names.emplace_back(each.process, each.instance);
    link->invoke(control::hub_object_name, "heard", control::Json::array({news}),
                 [this, names = std::move(names)](const hub::client::Outcome& outcome) {
                     if (std::holds_alternative<hub::client::CallError>(outcome)) again(names);
                 });
}

/// In the words of then: newer ones of the same instances may have arrived meanwhile.
void HubNews::again(const std::vector<Name>& names)
{
    const bool waits = !refused_.empty();
    refused_.insert(names.begin(), names.end());
    if (waits) return;
    pause_.expires_after(retry_pause);
    pause_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        for (const auto& [process, instance] : std::exchange(refused_, {}))
            if (auto news = present_(process, instance)) tell(std::move(*news));
    });
}

void HubNews::forget()
{
    untold_.clear();
    refused_.clear();
    pause_.cancel();
}

} // namespace pandora::supervisor::app
