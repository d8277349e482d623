#include "supervisor/app/broker.hpp"

#include "hub/config/journal.hpp"
#include "supervisor/app/complaints.hpp"
#include "supervisor/app/config_journal.hpp"
#include "supervisor/app/hub_host.hpp"
#include "supervisor/app/hub_knowledge.hpp"
#include "supervisor/app/hub_snapshot.hpp"
#include "supervisor/control/supervisor_object.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
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

// How late it may be known that a silent connection has ended. Choice: soon for people.
constexpr std::chrono::milliseconds complaints_period{1'000};

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
                                    .unresponsive_after = options.unresponsive_after,
                                    .allowed_uids = admitted(options),
                                    .owner = options.owner},
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
        ask("who_is", Json::array({peer.pid}),
            [this, peer, done = std::move(done)](const Json& answer) { done(identity_from(answer, peer)); });
    }

    void published(const hub::Identity& who, const std::string& object) override
    {
        if (who.process == control::supervisor_process_name && object == control::supervisor_object_name)
            return get_to_know();
        if (!is_worker(who)) return;
        ask("object_published", Json::array({who.credentials.pid, object}),
            [](const Json&) {}); // readiness may wait for it
    }

    void unpublished(const hub::Identity& who, const std::string& object) override
    {
        if (who.process == control::supervisor_process_name && object == control::supervisor_object_name)
            host_.stop(); // the master is gone
    }

    void unresponsive(const hub::Identity& who, bool is, std::chrono::milliseconds silent) override
    {
        if (!is_worker(who)) return;
        if (!is) return withdraw_complaints();
        if (const auto complaint = complaints_.silent(who, silent)) complain(*complaint);
        look_after_complaints();
    }

private:
    static bool is_worker(const hub::Identity& who)
    {
        return !who.process.empty() && who.process != control::hub_process_name &&
               who.process != control::supervisor_process_name;
    }

    /// Nobody is served by a hub that does not know the app's policy yet: clients wait in the listener's queue.
    void get_to_know()
    {
        ask("app", Json::array(), [this](const Json& app) {
            learn(host_.hub(), app.get<control::AppKnowledge>());
            get_config();
        });
    }

    void get_config()
    {
        ask("config", Json::array({kept_config_.size()}), [this](const Json& answer) {
            const auto piece = answer.get<control::ConfigPiece>();
            kept_config_ += piece.text;
            if (!piece.ends) return get_config();
            begin_to_serve(std::exchange(kept_config_, {}));
        });
    }

    void begin_to_serve(const std::string& kept_config)
    {
        config_journal_ = ConfigJournal{kept_config.size()};
        const auto keep = [this](const auto& change, const auto& store) {
            const bool sending = !unsent_config_.empty();
            for (auto& piece : config_journal_.changed(change, store)) unsent_config_.push_back(std::move(piece));
            if (!sending) send_config();
        };
        host_.serve_config(hub::config::load(kept_config).store, keep, [this] { host_.hub().serve(hub_listener_fd); });
    }

    /// One after the other: they have an order.
    void send_config()
    {
        ask("config_changed", Json::array({unsent_config_.front()}), [this](const Json&) {
            unsent_config_.pop_front();
            if (!unsent_config_.empty()) send_config();
        });
    }

    void withdraw_complaints()
    {
        for (const auto& complaint : complaints_.withdrawn(host_.hub().clients())) complain(complaint);
    }

    /// The end of a silent connection is not told as such.
    void look_after_complaints()
    {
        if (std::exchange(looking_after_complaints_, true)) return;
        later(
            [this] {
                looking_after_complaints_ = false;
                withdraw_complaints();
                if (complaints_.any()) look_after_complaints();
            },
            complaints_period);
    }

    /// Until the supervisor has heard it, or it is not so any more.
    void complain(const control::HubComplaint& complaint)
    {
        host_.client().invoke(
            control::supervisor_object_name, "hub_unresponsive", Json::array({complaint}),
            [this, complaint](const Outcome& outcome) {
                if (std::holds_alternative<Json>(outcome)) return;
                later([this, complaint] {
                    if (complaints_.holds(complaint)) complain(complaint);
                });
            },
            master_patience);
    }

    /// Asks until there is an answer: what the supervisor has to hear, or the hub to know, is not lost because the
    /// supervisor was busy.
    void ask(const char* method, const Json& params, std::function<void(const Json&)> then)
    {
        host_.client().invoke(
            control::supervisor_object_name, method, params,
            [this, method, params, then = std::move(then)](const Outcome& outcome) mutable {
                if (const auto* answer = std::get_if<Json>(&outcome)) return then(*answer);
                later(
                    [this, method, params, then = std::move(then)]() mutable { ask(method, params, std::move(then)); });
            },
            master_patience);
    }

    hub::Identity identity_from(const Json& answer, const hub::Credentials& peer) const
    {
        if (!answer.is_object()) return {.app = "", .process = "", .instance = 0, .credentials = peer};
        const auto whose = answer.get<control::Whose>();
        return {app_, whose.process, whose.instance, peer};
    }

    void later(std::function<void()> act, std::chrono::milliseconds pause = retry_pause)
    {
        const auto timer = std::make_shared<boost::asio::steady_timer>(io_, pause);
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
    Complaints complaints_;
    bool looking_after_complaints_ = false;
    std::string kept_config_; // as far as it has come
    ConfigJournal config_journal_{0};
    std::deque<control::ConfigPiece> unsent_config_;
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
