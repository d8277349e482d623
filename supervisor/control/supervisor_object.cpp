#include "supervisor/control/supervisor_object.hpp"

namespace pandora::supervisor::control {

using hub::client::Call;
using hub::client::Reply;

namespace {

/// The hub stamps the caller on what it forwards; nobody but itself is stamped with its name.
bool comes_from_hub(const Call& call) { return call.source.value("process", Json{}) == hub_process_name; }

std::optional<pid_t> pid_from(const Json& params)
{
    constexpr std::int64_t pid_max = 4'194'304; // proc(5): /proc/sys/kernel/pid_max is at most 2^22
    if (!params.is_array() || params.size() != 1 || !params[0].is_number_integer()) return std::nullopt;
    const auto pid = params[0].get<std::int64_t>();
    return pid >= 1 && pid <= pid_max ? std::optional{static_cast<pid_t>(pid)} : std::nullopt;
}

void answer_object_published(Supervisor& supervisor, const Call& call, const Reply& reply)
{
    if (!comes_from_hub(call)) return reply.error("only the hub may say what was published", "denied");
    supervisor.object_published(call.params.at(0).get<pid_t>(), call.params.at(1).get<std::string>());
    reply.value(nullptr);
}

} // namespace

void publish_supervisor(hub::client::Client& client, Supervisor& supervisor)
{
    hub::client::Methods methods;
    methods["list"] = [&supervisor](const Call&, Reply reply) {
        if (!supervisor.list([reply](const std::vector<InstanceView>& views) { reply.value(Json(views)); }))
            reply.error("too many ask for the list at once", "busy");
    };
    methods["who_is"] = [&supervisor](const Call& call, const Reply& reply) {
        const auto pid = pid_from(call.params);
        if (!pid) return reply.error("who_is takes one pid, a whole number from 1 to 4194304", "TypeError");
        const auto whose = supervisor.who_is(*pid);
        reply.value(whose ? Json(*whose) : Json(nullptr));
    };
    methods["object_published"] = [&supervisor](const Call& call, const Reply& reply) {
        answer_object_published(supervisor, call, reply);
    };
    client.publish(supervisor_object_name, std::move(methods));
}

} // namespace pandora::supervisor::control
