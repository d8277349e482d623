#include "hub/core/policy.hpp"

#include "hub/core/glob.hpp"
#include "hub/wire/limits.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace pandora::hub::core {

namespace {

Overlap best_overlap(const std::vector<std::string>& patterns, std::string_view prefix)
{
    if (patterns.empty()) return Overlap::all;
    Overlap best = Overlap::none;
    for (const std::string& pattern : patterns) best = std::max(best, overlap(pattern, prefix));
    return best;
}

bool any_fits(const std::vector<std::string>& patterns, std::string_view text)
{
    return patterns.empty() || std::ranges::any_of(patterns, [&](const auto& pattern) { return fits(pattern, text); });
}

/// A glob never fits a stranger: `*` is any process, not everybody.
bool fits_process(const std::vector<std::string>& patterns, std::string_view process)
{
    if (patterns.empty()) return true;
    if (process.empty()) return std::ranges::find(patterns, stranger_pattern) != patterns.end();
    return any_fits(patterns, process);
}

bool fits_user(const std::vector<uid_t>& users, uid_t uid)
{
    return users.empty() || std::ranges::find(users, uid) != users.end();
}

/// What the name stands for: itself, or all that begins with a text.
struct Named {
    std::string_view text;
    bool is_prefix = false;
};

Named named_by(PolicyVerb verb, std::string_view name)
{
    if (verb != PolicyVerb::subscribe) return {name};
    if (name.empty()) return {name, true};
    if (name.back() == '*') return {name.substr(0, name.size() - 1), true};
    return {name};
}

Overlap overlap_of(const std::vector<std::string>& patterns, Named named)
{
    if (named.is_prefix) return best_overlap(patterns, named.text);
    return any_fits(patterns, named.text) ? Overlap::all : Overlap::none;
}

} // namespace

Policy::Policy(std::vector<Rule> rules) : rules_{std::move(rules)}
{
    if (!rules_.empty()) decisions_.resize(wire::decisions_max);
}

Ruling Policy::ruling(PolicyVerb verb, const Identity& who, std::string_view object, std::string_view name)
{
    if (empty()) return Ruling::unsaid;
    if (object.size() > wire::policy_text_bytes_max || name.size() > wire::policy_text_bytes_max) return Ruling::denied;
    const Question question{verb, who.credentials.uid, who.process, object, name};
    Decision& decision = decisions_[hash(question) % wire::decisions_max];
    if (answers(decision, question)) return decision.ruling;
    decision.process = question.process;
    decision.object = object;
    decision.name = name;
    decision.uid = question.uid;
    decision.verb = verb;
    decision.ruling = decide(question);
    decision.made = true;
    return decision.ruling;
}

std::size_t Policy::hash(const Question& question)
{
    constexpr std::size_t odd = 0x9E3779B97F4A7C15; // 2^64 divided by the golden ratio: spreads small numbers
    const std::hash<std::string_view> of_text;
    std::size_t sum = static_cast<std::size_t>(question.verb) + 4 * std::size_t{question.uid};
    for (const std::string_view text : {question.process, question.object, question.name})
        sum = (sum ^ of_text(text)) * odd;
    return sum ^ sum >> 32U; // the low bits choose the place
}

bool Policy::answers(const Decision& decision, const Question& question)
{
    return decision.made && decision.verb == question.verb && decision.uid == question.uid &&
           decision.name == question.name && decision.object == question.object && decision.process == question.process;
}

Ruling Policy::decide(const Question& question) const
{
    const Named named = named_by(question.verb, question.name);
    for (const Rule& rule : rules_) {
        if (rule.verb && *rule.verb != question.verb) continue;
        if (!fits_user(rule.users, question.uid) || !fits_process(rule.processes, question.process)) continue;
        if (!any_fits(rule.objects, question.object)) continue;
        const Overlap part = overlap_of(rule.names, named);
        if (part == Overlap::none) continue;
        if (!rule.allow) return Ruling::denied;
        if (part == Overlap::all) return Ruling::allowed;
    }
    return Ruling::unsaid;
}

bool Policy::allows_every_call(const Identity& who, std::string_view object) const
{
    if (object.size() > wire::policy_text_bytes_max) return empty();
    for (const Rule& rule : rules_) {
        if (rule.verb && *rule.verb != PolicyVerb::call) continue;
        if (!fits_user(rule.users, who.credentials.uid) || !fits_process(rule.processes, who.process)) continue;
        if (!any_fits(rule.objects, object)) continue;
        if (!rule.allow) return false;
        if (rule.names.empty()) return true;
    }
    return true;
}

} // namespace pandora::hub::core
