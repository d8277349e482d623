// The direct channels of one client, from here and to here: a link for each, and what the hub has to hear of them.
#pragma once

#include "hub/client/cpp/channel.hpp"
#include "hub/client/cpp/link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace pandora::hub::client {

/// Lives as long as its client, on the same thread.
class Channels : public std::enable_shared_from_this<Channels> {
public:
    Channels(boost::asio::io_context& io, std::shared_ptr<Served> served, std::weak_ptr<Link> hub, Millis call_timeout,
             NativeOffer offer);

    Channel open(const Selector& who, const CallOptions& options, std::function<void(std::optional<CallError>)> opened);

    /// The hub hands over the callee's end of a channel.
    void offered(std::uint32_t number, OwnedFd socket, const Json& peer);

    /// The hub says that the other is gone.
    void ended(std::uint32_t number);

    /// A channel lives no longer than the connection to the hub that opened it.
    void hub_lost();

    void publish(const std::string& object, const Interface& what);
    void unpublish(const std::string& object);

    /// Closes all; users' functions are let go without being called.
    void abandon();

private:
    friend class Channel::State;

    std::shared_ptr<Link> add(std::uint32_t number, OwnedFd socket, const Json& peer);
    void close(std::uint32_t number);
    void report(std::uint32_t number, const Link& link, wire::Status is);
    void report_all_later();

    boost::asio::io_context& io_;
    std::shared_ptr<Served> served_;
    std::weak_ptr<Link> hub_;
    Millis call_timeout_;
    NativeOffer offer_; // of each channel
    boost::asio::steady_timer report_timer_;
    bool reporting_ = false;
    std::map<std::uint32_t, std::shared_ptr<Link>> open_;
};

} // namespace pandora::hub::client
