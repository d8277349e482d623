// The hub object `pandora.supervisor`: what the supervisor knows and does, for the CLI, the HTTP side, the hub and
// every worker. Types are those of messages.hpp.
//
//   list()                        -> [InstanceView]
//   describe(TARGET)              -> Description
//   tail(TARGET, lines, after?)   -> [TailLine], oldest first; `after`, of one instance: those of a higher sequence
//   who_is(pid)                   -> {app, process, instance} | null
//
//   start(TARGETS)                -> Accepted
//   stop(TARGETS)                 -> Accepted
//   restart(TARGETS, {rolling}?)  -> Accepted
//   reload(TARGETS)               -> Accepted
//   scale(process, replicas)      -> Accepted
//   signal(TARGETS, SIGNAL)       -> Accepted      SIGNAL: "SIGHUP", "hup", 1
//
//   event state(StateChange, ...)     one or more changes, in their order
//
// The hub only:
//   app()                         -> AppKnowledge  what it has to know before it serves anybody
//   object_published(pid, name)   -> null          the process `pid` has published an object
//   hub_unresponsive(HubComplaint) -> null         a worker gives the hub no sign of life, or does so again
//   config_changed(ConfigPiece)   -> null          what the config manager keeps, to be given to the next hub
//   config(offset)                -> ConfigPiece   what was kept, from that byte on; `ends`: there is no more
//
// TARGET is "web" or "web/1". TARGETS is a target, "ns:NAME" or {"namespace": NAME}, "all", or an array of these. The
// changing verbs answer once the request has been accepted; what comes of it is seen by list() and the event. They
// are refused as `denied` to workers of the app, and to all users but root and the app's owner.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "supervisor/control/history.hpp"
#include "supervisor/control/hub_messages.hpp"
#include "supervisor/control/messages.hpp"
#include "supervisor/control/requests.hpp"
#include "supervisor/control/verbs.hpp"

#include <functional>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::control {

/// What stands behind the object. Called on the client's thread.
class Supervisor {
public:
    virtual ~Supervisor() = default;
    using Listed = std::function<void(std::vector<InstanceView>)>;

    /// `done` runs later, on the same thread. False: too many ask already, and it will not run.
    virtual bool list(Listed done) = 0;
    virtual std::optional<Whose> who_is(pid_t pid) = 0;
    virtual void object_published(pid_t publisher, const std::string& object) = 0;

    /// For a hub that has just been started. What is told to it from now on is newer.
    virtual AppKnowledge app() = 0;
    virtual void hub_complains(const HubComplaint& complaint) = 0;
    virtual void config_changed(const ConfigPiece& piece) = 0;
    virtual ConfigPiece config(std::size_t offset) = 0;

    /// Every process, in the order of the procfile, pandora's own too.
    virtual std::vector<KnownProcess> processes() const = 0;

    /// The caller has the right to ask, and the targets exist, are workers (but a restart may name the hub), and are
    /// what processes() said. What is accepted has begun when this returns: the states are no longer those of before.
    virtual std::optional<Refused> act(const Request& request) = 0;

    /// nullopt: no such process or instance.
    virtual std::optional<Description> describe(const Target& target) = 0;

    /// Oldest first.
    virtual std::vector<TailLine> tail(const TailRequest& request) = 0;
};

/// Outlives the clients it is published on, one after the other: each life of the hub process has a link of its own.
class SupervisorObject {
public:
    /// `owner`: the user the app belongs to. `supervisor` must outlive this.
    SupervisorObject(Supervisor& supervisor, uid_t owner);
    SupervisorObject(const SupervisorObject&) = delete;
    SupervisorObject& operator=(const SupervisorObject&) = delete;

    /// Publishes the object on `link`, before its start().
    void publish_on(hub::client::Client& link);

    /// Remembers the change. To be called for every change, in their order. True: it is the first that tell() has not
    /// told yet, so it is time to plan for one.
    bool changed(StateChange change);

    /// Tells subscribers, in one event, what has changed since the last call: at best once a turn of the loop, since a
    /// thousand starts are thousands of changes. Without a link they are not told.
    void tell(hub::client::Client* link);

private:
    void list(const hub::client::Reply& reply);
    void describe(const hub::client::Call& call, const hub::client::Reply& reply) const;
    void tail(const hub::client::Call& call, const hub::client::Reply& reply) const;
    void change(Verb verb, const hub::client::Call& call, const hub::client::Reply& reply);
    Accepted before(const Request& request, const std::vector<KnownProcess>& known) const;

    Supervisor& supervisor_;
    uid_t owner_;
    History history_;
    std::vector<StateChange> untold_;
};

} // namespace pandora::supervisor::control
