#include "supervisor/control/hub_messages.hpp"

#include <stdexcept>

namespace pandora::supervisor::control {

namespace {

/// Both ends are one program: any other word is a bug, and no rule or prospect may come of it.
template <class Enum>
Enum named(const std::string& name, std::initializer_list<Enum> known)
{
    for (const auto one : known)
        if (name == name_of(one)) return one;
    throw std::invalid_argument{"`" + name + "` is none of the words that are known here"};
}

} // namespace

std::string_view name_of(Prospect prospect)
{
    switch (prospect) {
    case Prospect::serving: return "serving";
    case Prospect::returning: return "returning";
    case Prospect::leaving: return "leaving";
    case Prospect::gone: return "gone";
    }
    return "gone";
}

std::string_view name_of(PolicyVerb verb)
{
    switch (verb) {
    case PolicyVerb::any: return "any";
    case PolicyVerb::call: return "call";
    case PolicyVerb::publish: return "publish";
    case PolicyVerb::subscribe: return "subscribe";
    }
    return "any";
}

void to_json(Json& json, const InstanceNews& news)
{
    json = {{"process", news.process},
            {"instance", news.instance},
            {"prospect", name_of(news.prospect)},
            {"ready", news.ready},
            {"cause", news.cause}};
}

void from_json(const Json& json, InstanceNews& news)
{
    json.at("process").get_to(news.process);
    json.at("instance").get_to(news.instance);
    news.prospect = named(json.at("prospect").get<std::string>(),
                          {Prospect::serving, Prospect::returning, Prospect::leaving, Prospect::gone});
    json.at("ready").get_to(news.ready);
    json.at("cause").get_to(news.cause);
}

void to_json(Json& json, const PolicyRule& rule)
{
    json = {{"allow", rule.allow}, {"verb", name_of(rule.verb)}, {"processes", rule.processes},
            {"users", rule.users}, {"objects", rule.objects},    {"names", rule.names}};
}

void from_json(const Json& json, PolicyRule& rule)
{
    json.at("allow").get_to(rule.allow);
    rule.verb = named(json.at("verb").get<std::string>(),
                      {PolicyVerb::any, PolicyVerb::call, PolicyVerb::publish, PolicyVerb::subscribe});
    json.at("processes").get_to(rule.processes);
    json.at("users").get_to(rule.users);
    json.at("objects").get_to(rule.objects);
    json.at("names").get_to(rule.names);
}

void to_json(Json& json, const AppKnowledge& app)
{
    json = {{"promises", app.promises}, {"policy", app.policy}, {"strict", app.strict}, {"instances", app.instances}};
}

void from_json(const Json& json, AppKnowledge& app)
{
    json.at("promises").get_to(app.promises);
    json.at("policy").get_to(app.policy);
    json.at("strict").get_to(app.strict);
    json.at("instances").get_to(app.instances);
}

void to_json(Json& json, const ConfigPiece& piece)
{
    json = {{"text", piece.text}, {"begins", piece.begins}, {"ends", piece.ends}};
}

void from_json(const Json& json, ConfigPiece& piece)
{
    json.at("text").get_to(piece.text);
    json.at("begins").get_to(piece.begins);
    json.at("ends").get_to(piece.ends);
}

void to_json(Json& json, const HubComplaint& complaint)
{
    json = {{"process", complaint.process},
            {"instance", complaint.instance},
            {"pid", complaint.pid},
            {"unresponsive", complaint.unresponsive},
            {"ms", complaint.lasted.count()}};
}

void from_json(const Json& json, HubComplaint& complaint)
{
    json.at("process").get_to(complaint.process);
    json.at("instance").get_to(complaint.instance);
    json.at("pid").get_to(complaint.pid);
    json.at("unresponsive").get_to(complaint.unresponsive);
    complaint.lasted = std::chrono::milliseconds{json.at("ms").get<std::chrono::milliseconds::rep>()};
}

} // namespace pandora::supervisor::control
