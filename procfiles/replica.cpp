#include "procfiles/replica.hpp"

#include "procfiles/scalars.hpp"

#include <string>
#include <type_traits>
#include <variant>

namespace pandora::procfiles {

namespace {

/// Puts one replica's number into whatever holds text.
class Numbering {
public:
    explicit Numbering(std::uint32_t index) : number_{std::to_string(index)} {}

    void apply(std::string& text) const
    {
        for (std::size_t at = text.find(replica_marker); at != std::string::npos; at = text.find(replica_marker, at))
            text.replace(at, replica_marker.size(), number_);
    }

    void apply(std::filesystem::path& path) const
    {
        std::string text = path.string();
        apply(text);
        path = std::move(text);
    }

    void apply(ShellCommand& command) const { apply(command.text); }

    void apply(Entrypoint& entrypoint) const
    {
        for (std::string& argument : entrypoint.argv) apply(argument);
    }

    void apply(ExecProbe& probe) const
    {
        apply(probe.command);
        apply(probe.working_dir);
    }

    void apply(HttpProbe& probe) const
    {
        apply(probe.host);
        apply(probe.path);
        for (HttpHeader& header : probe.headers) apply(header.value);
        apply_port(probe);
    }

    void apply(TcpProbe& probe) const
    {
        apply(probe.host);
        apply_port(probe);
    }

    void apply(UnixProbe& probe) const { apply(probe.path); }

    void apply(HubProbe&) const {}

    void apply(Probe& probe) const
    {
        std::visit([this](auto& action) { apply(action); }, probe.action);
    }

    void apply(Hook& hook) const { apply(hook.command); }

    void apply(Hooks& hooks) const
    {
        for (auto hook : {&Hooks::before_start, &Hooks::after_start, &Hooks::before_stop, &Hooks::after_stop})
            apply(hooks.*hook);
    }

    void apply(ReloadSignal&) const {}

    void apply(ReloadCommand& reload) const { apply(reload.command); }

    void apply(Reload& reload) const
    {
        std::visit([this](auto& way) { apply(way); }, reload);
    }

    template <class Part>
    void apply(std::optional<Part>& part) const
    {
        if (part) apply(*part);
    }

    void apply(LogTarget& target) const
    {
        if (auto* file = std::get_if<LogsInFile>(&target)) apply(file->file);
        if (auto* folder = std::get_if<LogsInDirectory>(&target)) apply(folder->directory);
    }

private:
    template <class NetworkProbe>
    void apply_port(NetworkProbe& probe) const
    {
        if (probe.port_text.empty()) return;
        apply(probe.port_text);
        probe.port = parse_port(probe.port_text).value_or(0);
        probe.port_text.clear();
    }

    std::string number_;
};

} // namespace

ProcessSpec for_replica(const ProcessSpec& process, std::uint32_t index)
{
    ProcessSpec result = process;
    if (!process.per_replica) return result;
    const Numbering numbering{index};
    std::visit([&](auto& command) { numbering.apply(command); }, result.command);
    numbering.apply(result.working_dir);
    for (Variable& variable : result.environment) numbering.apply(variable.value);
    numbering.apply(result.readiness.log_line);
    numbering.apply(result.readiness.probe);
    numbering.apply(result.liveness);
    numbering.apply(result.shutdown.command);
    numbering.apply(result.reload);
    numbering.apply(result.hooks);
    numbering.apply(result.logs.target);
    numbering.apply(result.description);
    for (std::string& object : result.readiness.objects) numbering.apply(object);
    result.per_replica = false;
    return result;
}

} // namespace pandora::procfiles
