#include "supervisor/control/verbs.hpp"

#include "procfiles/limits.hpp"
#include "procfiles/scalars.hpp"
#include "supervisor/control/targets.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace pandora::supervisor::control {

namespace {

/// Lines that one tail brings at most. Choice: some MiB of text, well within a frame.
constexpr std::uint64_t tail_lines_max = 10'000;

const Json& param(const Json& params, std::size_t at)
{
    static const Json absent;
    return params.is_array() && at < params.size() ? params[at] : absent;
}

std::optional<std::uint64_t> whole_number(const Json& value, std::uint64_t max)
{
    if (!value.is_number_unsigned() && !(value.is_number_integer() && value.get<std::int64_t>() >= 0))
        return std::nullopt;
    const auto number = value.get<std::uint64_t>();
    return number <= max ? std::optional{number} : std::nullopt;
}

std::optional<int> signal_from(const Json& value)
{
    if (value.is_string()) return procfiles::parse_signal(value.get_ref<const std::string&>());
    if (const auto number = whole_number(value, 64)) return procfiles::parse_signal(std::to_string(*number));
    return std::nullopt;
}

const Target* builtin_among(const Targets& targets, const std::vector<KnownProcess>& known)
{
    const auto found = std::ranges::find_if(
        targets, [&](const Target& target) { return find_process(target.process, known)->builtin; });
    return found == targets.end() ? nullptr : &*found;
}

Refused not_for_builtin(Verb verb, const Target& target)
{
    return {"`" + target.process + "` is pandora's own: it can be restarted, but takes no " +
            std::string{name_of(verb)}};
}

Understood understand_scale(const Json& params, const std::vector<KnownProcess>& known)
{
    if (!param(params, 0).is_string()) return Refused{"scale takes a process and a number of replicas"};
    const auto& name = param(params, 0).get_ref<const std::string&>();
    const auto* process = find_process(name, known);
    if (!process) return no_such_process(name, known);
    if (process->builtin) return not_for_builtin(Verb::scale, {name, std::nullopt});
    const auto replicas = whole_number(param(params, 1), procfiles::replicas_max);
    if (!replicas)
        return Refused{"the number of replicas is a whole number from 1 to " + std::to_string(procfiles::replicas_max)};
    return ScaleRequest{name, static_cast<std::uint32_t>(*replicas)};
}

Understood understand_restart(Targets targets, const Json& options)
{
    if (options.is_null()) return RestartRequest{std::move(targets), false};
    const auto rolling = options.is_object() ? options.find("rolling") : options.end();
    if (!options.is_object() || (rolling != options.end() && !rolling->is_boolean()))
        return Refused{"the options of restart are {\"rolling\": true or false}"};
    return RestartRequest{std::move(targets), rolling != options.end() && rolling->get<bool>()};
}

Understood understand_signal(Targets targets, const Json& named)
{
    const auto signal = signal_from(named);
    if (!signal) return Refused{"a signal is a name like SIGHUP or a number from 1 to 64"};
    return SignalRequest{std::move(targets), *signal};
}

} // namespace

std::string_view name_of(Verb verb)
{
    switch (verb) {
    case Verb::start: return "start";
    case Verb::stop: return "stop";
    case Verb::restart: return "restart";
    case Verb::reload: return "reload";
    case Verb::scale: return "scale";
    case Verb::signal: return "signal";
    }
    return "";
}

Understood understand(Verb verb, const Json& params, const std::vector<KnownProcess>& known)
{
    if (verb == Verb::scale) return understand_scale(params, known);
    auto found = find_targets(param(params, 0), known);
    if (auto* refused = std::get_if<Refused>(&found)) return std::move(*refused);
    auto& targets = std::get<Targets>(found);
    const auto* builtin = builtin_among(targets, known);
    if (builtin && verb != Verb::restart) return not_for_builtin(verb, *builtin);
    switch (verb) {
    case Verb::start: return StartRequest{std::move(targets)};
    case Verb::stop: return StopRequest{std::move(targets)};
    case Verb::reload: return ReloadRequest{std::move(targets)};
    case Verb::restart: return understand_restart(std::move(targets), param(params, 1));
    case Verb::signal: return understand_signal(std::move(targets), param(params, 1));
    case Verb::scale: break; // above
    }
    return Refused{"no such verb"};
}

std::variant<TailRequest, Refused> understand_tail(const Json& params, const std::vector<KnownProcess>& known)
{
    if (!param(params, 0).is_string()) return Refused{"tail takes a process or an instance"};
    const auto found = find_target(param(params, 0).get_ref<const std::string&>(), known);
    if (const auto* refused = std::get_if<Refused>(&found)) return *refused;
    const auto lines = whole_number(param(params, 1), tail_lines_max);
    if (!lines) return Refused{"tail brings from 0 to " + std::to_string(tail_lines_max) + " lines"};
    TailRequest request{std::get<Target>(found), static_cast<std::size_t>(*lines), std::nullopt};
    if (param(params, 2).is_null()) return request;
    request.after = whole_number(param(params, 2), UINT64_MAX);
    if (!request.after) return Refused{"the third parameter of tail is the sequence number of a line"};
    if (!request.target.index) return Refused{"sequence numbers are an instance's own: name one, like web/0"};
    return request;
}

Targets targets_of(const Request& request)
{
    if (const auto* scale = std::get_if<ScaleRequest>(&request)) return {{scale->process, std::nullopt}};
    return std::visit(
        [](const auto& one) {
            if constexpr (requires { one.targets; })
                return one.targets;
            else
                return Targets{};
        },
        request);
}

} // namespace pandora::supervisor::control
