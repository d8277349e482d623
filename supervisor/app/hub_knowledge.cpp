#include "supervisor/app/hub_knowledge.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::app {

namespace {

using control::Prospect;
using hub::core::PolicyVerb;

hub::core::Prospect translated(Prospect prospect)
{
    switch (prospect) {
    case Prospect::serving: return hub::core::Prospect::serving;
    case Prospect::returning: return hub::core::Prospect::returning;
    case Prospect::leaving: return hub::core::Prospect::leaving;
    case Prospect::gone: return hub::core::Prospect::gone;
    }
    return hub::core::Prospect::gone;
}

std::optional<PolicyVerb> translated(control::PolicyVerb verb)
{
    switch (verb) {
    case control::PolicyVerb::any: return std::nullopt;
    case control::PolicyVerb::call: return PolicyVerb::call;
    case control::PolicyVerb::publish: return PolicyVerb::publish;
    case control::PolicyVerb::subscribe: return PolicyVerb::subscribe;
    }
    return std::nullopt;
}

hub::core::Rule translated(const control::PolicyRule& rule)
{
    return {.allow = rule.allow,
            .verb = translated(rule.verb),
            .objects = rule.objects,
            .names = rule.names,
            .processes = rule.processes,
            .users = rule.users};
}

} // namespace

void learn(hub::Hub& hub, const control::AppKnowledge& app)
{
    std::vector<hub::core::Rule> rules;
    for (const auto& rule : app.policy) rules.push_back(translated(rule));
    hub.set_policy(std::move(rules), app.strict);
    for (const auto& [process, objects] : app.promises) hub.promise(process, objects);
    for (const auto& news : app.instances) hear(hub, news);
}

void hear(hub::Hub& hub, const control::InstanceNews& news)
{
    hub.heard({.name = {news.process, news.instance},
               .prospect = translated(news.prospect),
               .ready = news.ready,
               .cause = news.cause});
}

} // namespace pandora::supervisor::app
