#include "supervisor/control/supervisor_object.hpp"

namespace pandora::supervisor::control {

using hub::client::Call;
using hub::client::Reply;

namespace {

/// The hub stamps the caller on what it forwards; nobody but itself is stamped with its name.
bool comes_from_hub(const Call& call) { return call.source.value("process", Json{}) == hub_process_name; }

void answer_object_published(Supervisor& supervisor, const Call& call, const Reply& reply)
{
    if (!comes_from_hub(call)) return reply.error("only the hub may say what was published", "denied");
    const auto& params = call.params;
    supervisor.object_published(params.at(0).get<std::string>(), params.at(1).get<std::uint32_t>(),
                                params.at(2).get<std::string>());
    reply.value(nullptr);
}

} // namespace

void publish_supervisor(hub::client::Client& client, Supervisor& supervisor)
{
    hub::client::Methods methods;
    methods["list"] = [&supervisor](const Call&, Reply reply) {
        supervisor.list([reply](const std::vector<InstanceView>& views) { reply.value(Json(views)); });
    };
    methods["who_is"] = [&supervisor](const Call& call, const Reply& reply) {
        const auto whose = supervisor.who_is(call.params.at(0).get<pid_t>());
        reply.value(whose ? Json(*whose) : Json(nullptr));
    };
    methods["object_published"] = [&supervisor](const Call& call, const Reply& reply) {
        answer_object_published(supervisor, call, reply);
    };
    client.publish(supervisor_object_name, std::move(methods));
}

} // namespace pandora::supervisor::control
