#include "supervisor/app/broker.hpp"

#include "supervisor/app/hub_host.hpp"
#include "supervisor/app/hub_snapshot.hpp"
#include "supervisor/control/supervisor_object.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <functional>
#include <memory>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pandora::supervisor::app {

namespace {

using control::Json;
using hub::client::Outcome;

constexpr int hub_listener_fd = 3;
constexpr int link_fd = 4;
constexpr int http_listener_fd = 5;

// The master answers in well under a millisecond; this long it may be busy starting a thousand workers.
constexpr std::chrono::milliseconds master_patience{2'000};

constexpr std::chrono::milliseconds retry_pause{100};

std::vector<uid_t> admitted(const BrokerOptions& options)
{
    std::vector<uid_t> uids{0, options.owner};
    uids.insert(uids.end(), options.admitted.begin(), options.admitted.end());
    return uids;
}

class Broker : public hub::Observer {
public:
    explicit Broker(const BrokerOptions& options)
        : app_{options.app}, host_{io_,
                                   options.app,
                                   {.frame_bytes_max = options.frame_bytes_max,
                                    .call_timeout = options.call_timeout,
                                    .allowed_uids = admitted(options)},
                                   *this}
    {
        host_.serve_http(http_listener_fd, [this](metrics::Snapshot snapshot, auto done) {
            describe(std::move(snapshot), std::move(done));
        });
        host_.hub().adopt(link_fd, {app_, control::supervisor_process_name, 0, {::getppid(), options.owner, 0}});
    }

    int run()
    {
        io_.run();
        return 0;
    }

    /// Asks until the master answers: a connection is not made a stranger because the master was busy.
    void identify(const hub::Credentials& peer, Identified done) override
    {
        if (peer.pid <= 0) // of a pid namespace that is none of ours: nobody can say who that is
            return done({.app = "", .process = "", .instance = 0, .credentials = peer});
        host_.client().invoke(
            control::supervisor_object_name, "who_is", Json::array({peer.pid}),
            [this, peer, done = std::move(done)](const Outcome& outcome) mutable {
                if (std::holds_alternative<Json>(outcome)) return done(identity_from(std::get<Json>(outcome), peer));
                later([this, peer, done = std::move(done)]() mutable { identify(peer, std::move(done)); });
            },
            master_patience);
    }

    void published(const hub::Identity& who, const std::string& object) override
    {
        // Clients wait in the listeners' queue until the master can say who they are.
        if (who.process == control::supervisor_process_name && object == control::supervisor_object_name) {
            host_.hub().serve(hub_listener_fd);
            return;
        }
        if (who.process.empty() || who.process == control::hub_process_name) return;
        tell_published(Json::array({who.credentials.pid, object}));
    }

    void unpublished(const hub::Identity& who, const std::string& object) override
    {
        if (who.process == control::supervisor_process_name && object == control::supervisor_object_name)
            host_.stop(); // the master is gone
    }

private:
    hub::Identity identity_from(const Json& answer, const hub::Credentials& peer) const
    {
        if (!answer.is_object()) return {.app = "", .process = "", .instance = 0, .credentials = peer};
        const auto whose = answer.get<control::Whose>();
        return {app_, whose.process, whose.instance, peer};
    }

    /// Until the master has heard it: an instance may be waiting to be called ready.
    void tell_published(Json params)
    {
        host_.client().invoke(
            control::supervisor_object_name, "object_published", params,
            [this, params](const Outcome& outcome) {
                if (std::holds_alternative<hub::client::CallError>(outcome))
                    later([this, params] { tell_published(params); });
            },
            master_patience);
    }

    void later(std::function<void()> act)
    {
        const auto timer = std::make_shared<boost::asio::steady_timer>(io_, retry_pause);
        timer->async_wait([timer, act = std::move(act)](const boost::system::error_code& error) {
            if (!error) act();
        });
    }

    /// Where the master does not answer, what it said last stands; "busy" is an answer, too.
    void describe(metrics::Snapshot snapshot, std::function<void(metrics::Snapshot)> done)
    {
        host_.client().invoke(
            control::supervisor_object_name, "list", Json::array(),
            [this, snapshot = std::move(snapshot), done = std::move(done)](const Outcome& outcome) mutable {
                const auto* error = std::get_if<hub::client::CallError>(&outcome);
                if (!error) known_instances_ = to_samples(std::get<Json>(outcome));
                snapshot.supervisor = !error || is_busy(*error) ? metrics::Supervisor::up : metrics::Supervisor::down;
                snapshot.instances = known_instances_;
                done(std::move(snapshot));
            },
            master_patience);
    }

    /// Said by the master itself, or by the hub of a link that is full of what others ask.
    static bool is_busy(const hub::client::CallError& error)
    {
        return error.name == "busy" || error.name == "PandoraBusyError";
    }

    static std::vector<metrics::InstanceSample> to_samples(const Json& listed)
    {
        std::vector<metrics::InstanceSample> samples;
        for (const auto& view : listed) samples.push_back(to_sample(view.get<control::InstanceView>()));
        return samples;
    }

    boost::asio::io_context io_{1};
    std::string app_;
    std::vector<metrics::InstanceSample> known_instances_;
    HubHost host_;
};

} // namespace

int run_broker(const BrokerOptions& options)
{
    for (const int fd : {hub_listener_fd, link_fd, http_listener_fd}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::prctl(PR_SET_NAME, "pandora-hub", 0, 0, 0);
    return Broker{options}.run();
}

} // namespace pandora::supervisor::app
