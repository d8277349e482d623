#include "supervisor/control/supervisor_object.hpp"

#include "supervisor/control/rights.hpp"
#include "supervisor/control/targets.hpp"

#include <algorithm>
#include <string>
#include <utility>

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

using HubMethod = void (*)(Supervisor& supervisor, const Call& call, const Reply& reply);

void answer_object_published(Supervisor& supervisor, const Call& call, const Reply& reply)
{
    supervisor.object_published(call.params.at(0).get<pid_t>(), call.params.at(1).get<std::string>());
    reply.value(nullptr);
}

void answer_app(Supervisor& supervisor, const Call&, const Reply& reply) { reply.value(Json(supervisor.app())); }

void answer_hub_unresponsive(Supervisor& supervisor, const Call& call, const Reply& reply)
{
    supervisor.hub_complains(call.params.at(0).get<HubComplaint>());
    reply.value(nullptr);
}

void answer_config_changed(Supervisor& supervisor, const Call& call, const Reply& reply)
{
    supervisor.config_changed(call.params.at(0).get<ConfigPiece>());
    reply.value(nullptr);
}

void answer_config(Supervisor& supervisor, const Call& call, const Reply& reply)
{
    reply.value(Json(supervisor.config(call.params.at(0).get<std::size_t>())));
}

/// What the hub tells and asks; to all others it is closed.
constexpr std::pair<const char*, HubMethod> hub_methods[] = {
    {"app", answer_app},
    {"object_published", answer_object_published},
    {"hub_unresponsive", answer_hub_unresponsive},
    {"config_changed", answer_config_changed},
    {"config", answer_config},
};

void answer_who_is(Supervisor& supervisor, const Call& call, const Reply& reply)
{
    const auto pid = pid_from(call.params);
    if (!pid) return reply.error("who_is takes one pid, a whole number from 1 to 4194304", "TypeError");
    const auto whose = supervisor.who_is(*pid);
    reply.value(whose ? Json(*whose) : Json(nullptr));
}

void refuse(const Reply& reply, const Refused& refused) { reply.error(refused.why, "refused"); }

} // namespace

SupervisorObject::SupervisorObject(Supervisor& supervisor, uid_t owner) : supervisor_{supervisor}, owner_{owner} {}

void SupervisorObject::publish_on(hub::client::Client& link)
{
    hub::client::Methods methods;
    methods["list"] = [this](const Call&, const Reply& reply) { list(reply); };
    methods["describe"] = [this](const Call& call, const Reply& reply) { describe(call, reply); };
    methods["tail"] = [this](const Call& call, const Reply& reply) { tail(call, reply); };
    methods["who_is"] = [this](const Call& call, const Reply& reply) { answer_who_is(supervisor_, call, reply); };
    for (const auto& [name, answer] : hub_methods)
        methods[name] = [this, answer = answer](const Call& call, const Reply& reply) {
            if (!comes_from_hub(call)) return reply.error("only the hub may say this", "denied");
            answer(supervisor_, call, reply);
        };
    for (const Verb verb : all_verbs)
        methods[std::string{name_of(verb)}] = [this, verb](const Call& call, const Reply& reply) {
            change(verb, call, reply);
        };
    link.publish(supervisor_object_name, std::move(methods));
}

void SupervisorObject::list(const Reply& reply)
{
    const bool asked = supervisor_.list([this, reply](std::vector<InstanceView> views) {
        for (auto& view : views) view.runs = history_.runs(view.process, view.instance);
        reply.value(Json(views));
    });
    if (!asked) reply.error("too many ask for the list at once", "busy");
}

void SupervisorObject::describe(const Call& call, const Reply& reply) const
{
    const bool named = !call.params.empty() && call.params[0].is_string();
    if (!named) return refuse(reply, {"describe takes a process or an instance"});
    const auto known = supervisor_.processes();
    const auto found = find_target(call.params[0].get_ref<const std::string&>(), known);
    if (const auto* refused = std::get_if<Refused>(&found)) return refuse(reply, *refused);
    auto description = supervisor_.describe(std::get<Target>(found));
    if (!description) return refuse(reply, {"it has gone"});
    for (auto& view : description->instances) view.runs = history_.runs(view.process, view.instance);
    description->transitions = history_.changes_of(description->instances);
    reply.value(Json(*description));
}

void SupervisorObject::tail(const Call& call, const Reply& reply) const
{
    const auto request = understand_tail(call.params, supervisor_.processes());
    if (const auto* refused = std::get_if<Refused>(&request)) return refuse(reply, *refused);
    reply.value(Json(supervisor_.tail(std::get<TailRequest>(request))));
}

void SupervisorObject::change(Verb verb, const Call& call, const Reply& reply)
{
    if (const auto no_right = denied(call.source, owner_)) return reply.error(no_right->why, "denied");
    const auto known = supervisor_.processes();
    const auto understood = understand(verb, call.params, known);
    if (const auto* refused = std::get_if<Refused>(&understood)) return refuse(reply, *refused);
    const auto& request = std::get<Request>(understood);
    const auto accepted = before(request, known);
    if (const auto refused = supervisor_.act(request)) return refuse(reply, *refused);
    reply.value(Json(accepted));
}

Accepted SupervisorObject::before(const Request& request, const std::vector<KnownProcess>& known) const
{
    Accepted accepted;
    const bool starts = std::holds_alternative<StartRequest>(request); // who leaves is not started again
    const auto add = [&](const std::string& process, std::uint32_t instance) {
        accepted.instances.push_back({process, instance, history_.runs(process, instance)});
    };
    for (const auto& [process, index] : targets_of(request)) {
        if (index) {
            add(process, *index);
            continue;
        }
        const auto& whole = *find_process(process, known);
        for (const auto instance : whole.instances)
            if (!starts || !std::ranges::binary_search(whole.leaving, instance)) add(process, instance);
    }
    return accepted;
}

bool SupervisorObject::changed(StateChange change)
{
    history_.add(change);
    untold_.push_back(std::move(change));
    return untold_.size() == 1;
}

void SupervisorObject::tell(hub::client::Client* link)
{
    if (link) link->emit(supervisor_object_name, state_event_name, Json(untold_));
    untold_.clear();
}

} // namespace pandora::supervisor::control
