#include "hub/core/expectations.hpp"

#include <algorithm>
#include <utility>

namespace pandora::hub::core {

namespace {

using Kind = MatchValue::Kind;

/// Whether the selector asks for one connection or run, which once it has gone never comes again.
bool asks_for_one_run(const Selector& asked)
{
    return asked[Key::client_id].kind != Kind::falsy || asked[Key::pid].kind != Kind::falsy;
}

} // namespace

void Expectations::promise(const std::string& process, std::vector<std::string> objects)
{
    Process& promiser = processes_[process];
    drop_promises(process, promiser);
    promiser.objects = std::move(objects);
    for (const std::string& object : promiser.objects) {
        auto& promisers = promisers_[object];
        if (std::ranges::find(promisers, process) == promisers.end()) promisers.push_back(process);
    }
    drop_if_empty(process);
}

void Expectations::heard(InstanceNews news)
{
    Process& process = processes_[news.name.process];
    Instance& instance = process.instances[news.name.instance];
    withdraw(instance, process);
    instance = {news.prospect, news.ready, std::move(news.cause), ++news_};
    if (instance.prospect == Prospect::returning) ++process.returning;
    if (!instance.ready) ++unready_;
}

std::optional<std::string_view> Expectations::returning_for(const Selector& asked) const
{
    if (asks_for_one_run(asked)) return std::nullopt;
    const MatchValue& name = asked[Key::process_name];
    if (name.kind == Kind::string) return if_returning(name.text);
    if (name.kind != Kind::falsy) return std::nullopt;

    const auto promisers = promisers_.find(object_named(asked));
    if (promisers == promisers_.end()) return std::nullopt;
    for (const std::string& process : promisers->second)
        if (const auto found = if_returning(process)) return found;
    return std::nullopt;
}

bool Expectations::is_returning(std::string_view process) const { return if_returning(process).has_value(); }

bool Expectations::is_serving(std::string_view process) const
{
    const Process* found = process_named(process);
    return found != nullptr && std::ranges::any_of(found->instances, [](const auto& entry) {
               return entry.second.prospect == Prospect::serving;
           });
}

std::optional<Prospect> Expectations::prospect_of(const InstanceName& name) const
{
    const Instance* instance = find(name);
    return instance == nullptr ? std::nullopt : std::optional{instance->prospect};
}

bool Expectations::ready(const InstanceName& name) const
{
    if (unready_ == 0) return true;
    const Instance* instance = find(name);
    return instance == nullptr || instance->ready;
}

std::string_view Expectations::cause_of(const InstanceName& name) const
{
    const Instance* instance = find(name);
    return instance == nullptr ? std::string_view{} : std::string_view{instance->cause};
}

std::string_view Expectations::cause_of(std::string_view process) const
{
    const Process* found = process_named(process);
    if (found == nullptr) return {};
    const Instance* latest = nullptr;
    for (const auto& [number, instance] : found->instances)
        if (instance.prospect != Prospect::serving && !instance.cause.empty() &&
            (latest == nullptr || instance.heard > latest->heard))
            latest = &instance;
    return latest == nullptr ? std::string_view{} : std::string_view{latest->cause};
}

bool Expectations::promises(std::string_view process, std::string_view object) const
{
    const auto promisers = promisers_.find(object);
    return promisers != promisers_.end() && std::ranges::find(promisers->second, process) != promisers->second.end();
}

std::string_view Expectations::promised_by(std::string_view object) const
{
    const auto promisers = promisers_.find(object);
    return promisers == promisers_.end() ? std::string_view{} : std::string_view{promisers->second.front()};
}

const Expectations::Process* Expectations::process_named(std::string_view name) const
{
    const auto found = processes_.find(name);
    return found == processes_.end() ? nullptr : &found->second;
}

const Expectations::Instance* Expectations::find(const InstanceName& name) const
{
    const Process* process = process_named(name.process);
    if (process == nullptr) return nullptr;
    const auto found = process->instances.find(name.instance);
    return found == process->instances.end() ? nullptr : &found->second;
}

/// Takes out of the counts what the instance has put in.
void Expectations::withdraw(const Instance& instance, Process& process)
{
    if (instance.prospect == Prospect::returning) --process.returning;
    if (!instance.ready) --unready_;
}

void Expectations::drop_promises(const std::string& name, const Process& process)
{
    for (const std::string& object : process.objects) {
        const auto promisers = promisers_.find(object);
        if (promisers == promisers_.end()) continue; // promised twice by the same
        std::erase(promisers->second, name);
        if (promisers->second.empty()) promisers_.erase(promisers);
    }
}

void Expectations::drop_if_empty(const std::string& name)
{
    const auto process = processes_.find(name);
    if (process->second.instances.empty() && process->second.objects.empty()) processes_.erase(process);
}

std::optional<std::string_view> Expectations::if_returning(std::string_view process) const
{
    const auto found = processes_.find(process);
    if (found == processes_.end() || found->second.returning == 0) return std::nullopt;
    return found->first;
}

} // namespace pandora::hub::core
