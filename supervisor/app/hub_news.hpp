// Tells the hub what becomes of the instances.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "supervisor/control/hub_messages.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::app {

/// Each change in its order, those of one turn of the loop together; after that turn, so that no restart waits for it.
/// What the hub does not take (its own object may be flooded by strangers, or it hangs) is told again, as things are
/// then. Lives on the master's loop.
class HubNews {
public:
    /// Null where there is no hub.
    using Link = std::function<hub::client::Client*()>;

    /// What is to be told of an instance now; nullopt: nothing, it has been removed.
    using Present = std::function<std::optional<control::InstanceNews>(const std::string& process, std::uint32_t)>;

    HubNews(boost::asio::io_context& io, Link link, Present present);
    HubNews(const HubNews&) = delete;
    HubNews& operator=(const HubNews&) = delete;

    void tell(control::InstanceNews news);

    /// A new hub is told everything as it is now: what has not been told yet is old.
    void forget();

private:
    using Name = std::pair<std::string, std::uint32_t>;

    void plan();
    void send();
    void again(const std::vector<Name>& names);

    boost::asio::io_context& io_;
    Link link_;
    Present present_;
    std::vector<control::InstanceNews> untold_;
    std::set<Name> refused_; // to be told again
    bool planned_ = false;
    boost::asio::steady_timer pause_;
};

} // namespace pandora::supervisor::app
