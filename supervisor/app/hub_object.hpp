// The hub's own object, `pandora.hub`: what the hub knows of itself, and what the supervisor tells it. Its methods are
// in hub/PROTOCOL.md, section 6.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "hub/hub.hpp"
#include "supervisor/app/hub_traffic.hpp"

#include <boost/asio/io_context.hpp>

#include <sys/types.h>

namespace pandora::supervisor::app {

/// Lives on the hub's loop.
class HubObject {
public:
    /// Publishes itself on `client`, before its start(). `hub` and `client` must outlive this. `owner`: the user whose
    /// app it is.
    HubObject(boost::asio::io_context& io, hub::Hub& hub, hub::client::Client& client, uid_t owner);
    HubObject(const HubObject&) = delete;
    HubObject& operator=(const HubObject&) = delete;

private:
    using Call = hub::client::Call;
    using Reply = hub::client::Reply;

    struct Method {
        const char* name;
        const char* help;
        void (HubObject::*answer)(const Call& call, const Reply& reply);
    };

    static const Method methods[];

    void routes(const Call& call, const Reply& reply);
    void clients(const Call& call, const Reply& reply);
    void channels(const Call& call, const Reply& reply);
    void stats(const Call& call, const Reply& reply);
    void online(const Call& call, const Reply& reply);
    void wait_for(const Call& call, const Reply& reply);
    void monitor(const Call& call, const Reply& reply);
    void ping(const Call& call, const Reply& reply);
    void help(const Call& call, const Reply& reply);
    void drain(const Call& call, const Reply& reply);
    void undrain(const Call& call, const Reply& reply);
    void heard(const Call& call, const Reply& reply);

    hub::Hub& hub_;
    uid_t owner_;
    HubTraffic traffic_;
};

} // namespace pandora::supervisor::app
