// The hub object `pandora.supervisor`: what the supervisor knows, for the CLI, the HTTP side, the hub and every worker.
//
//   list()                              -> [instance, ...]              (see messages.hpp)
//   who_is(pid)                         -> {app, process, instance} | null
//   object_published(pid, name)         the hub only: the process `pid` has published an object
#pragma once

#include "hub/client/cpp/client.hpp"
#include "supervisor/control/messages.hpp"

#include <functional>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace pandora::supervisor::control {

/// What stands behind the object. Called on the client's thread.
class Supervisor {
public:
    virtual ~Supervisor() = default;
    using Listed = std::function<void(const std::vector<InstanceView>&)>;

    /// `done` runs later, on the same thread. False: too many ask already, and it will not run.
    virtual bool list(Listed done) = 0;
    virtual std::optional<Whose> who_is(pid_t pid) = 0;
    virtual void object_published(pid_t publisher, const std::string& object) = 0;
};

/// The process name by which the hub's own connections are known; no procfile may name a process so.
inline constexpr const char* hub_process_name = "hub";

/// Publishes the object on `client`. `supervisor` must outlive it.
void publish_supervisor(hub::client::Client& client, Supervisor& supervisor);

} // namespace pandora::supervisor::control
