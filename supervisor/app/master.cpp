#include "supervisor/app/master.hpp"

#include "procfiles/replica.hpp"
#include "supervisor/app/hub_drain.hpp"
#include "supervisor/app/narration.hpp"
#include "supervisor/app/places.hpp"
#include "supervisor/logs/limits.hpp"
#include "supervisor/logs/never_waiting.hpp"
#include "supervisor/os/orphans.hpp"
#include "supervisor/os/run_id.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::app {

namespace {

namespace fs = std::filesystem;

// What the pump, told to hurry, may need for a slow disk, and a second (a choice) for the rest.
constexpr std::chrono::milliseconds hurry_patience = logs::disk_patience + std::chrono::seconds{1};

/// Takes the processes over: with a thousand of them a second copy would be felt.
core::Fleet make_fleet(procfiles::AppSpec& app)
{
    std::vector<core::Member> members;
    auto processes = std::exchange(app.processes, std::vector<procfiles::ProcessSpec>{});
    members.reserve(processes.size() + 1);
    members.push_back(hub_member());
    for (auto& process : processes) members.push_back({std::move(process), core::Role::worker});
    return core::Fleet{std::move(members), {app.groups, app.max_unready, std::random_device{}()}};
}

std::size_t name_width(const procfiles::AppSpec& app)
{
    std::size_t width = std::string_view{"pandora"}.size();
    for (const auto& process : app.processes) {
        const auto suffix = process.replicas == 1 ? 0 : 1 + std::to_string(process.replicas - 1).size();
        width = std::max(width, process.name.size() + suffix);
    }
    return width;
}

bool is_ignored(int signal)
{
    struct sigaction present {};

    return ::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

EnvironmentBlock own_environment()
{
    EnvironmentBlock block;
    for (char** variable = ::environ; *variable; ++variable) block.emplace_back(*variable);
    return block;
}

std::optional<std::string> own_variable(std::string_view name)
{
    const char* value = ::secure_getenv(std::string{name}.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
}

/// Nobody may read standard error either.
void tell_of_unread(std::uint64_t lines)
{
    if (lines == 0) return;
    const auto text = "pandora: nobody reads the output, " + std::to_string(lines) + " lines of it are lost\n";
    (void)logs::NeverWaiting{STDERR_FILENO}.write(text);
}

/// Empty: in memory alone.
fs::path config_file(const procfiles::AppSpec& app)
{
    if (!app.hub.persist_config) return {};
    const auto folder = state_directory(app.name, ::geteuid() == 0, own_variable);
    if (!folder) throw std::runtime_error{"hub.persist_config: there is no home to keep it in"};
    return *folder / "config.journal";
}

} // namespace

Master::Master(procfiles::AppSpec app)
    : descriptor_limit_{os::raise_descriptor_limit()}, app_{std::move(app)},
      directory_{app_.name}, place_{app_.name, directory_.path(), directory_.hub_socket(),
                                    directory_.path() / "notify.sock", os::make_run_id()},
      log_writers_{logs::writers_by_file(app_.processes)},
      logs_directory_{default_log_directory(app_.name, ::geteuid() == 0, own_variable, directory_.path())},
      inherited_{own_environment()}, isolations_{app_}, pump_{STDOUT_FILENO, name_width(app_)},
      succession_{directory_, place_.run_id, isolations_, pump_}, sockets_{io_, app_.sockets},
      hub_access_{hub_access(app_.hub, isolations_.foreign_users(), ::geteuid() == 0)}, hub_{app_, directory_,
                                                                                             hub_access_},
      news_{io_, [this] { return hub_.link(); },
            [this](const std::string& process, std::uint32_t instance) { return news_of(process, instance); }},
      config_{io_, config_file(app_), [this](const std::string& trouble) { pump_.say(trouble); }},
      fleet_{make_fleet(app_)}, driver_{io_, fleet_, pump_, *this}, signals_{io_, SIGINT, SIGTERM, SIGQUIT},
      memory_{io_, sampler_}, object_{*this, ::geteuid()}, sweep_timer_{io_}, sockets_timer_{io_}
{
    if (!hub_access_.admitted.empty()) fs::permissions(directory_.path(), fs::perms{0711});
    bind_notify_socket();
    if (!is_ignored(SIGHUP)) signals_.add(SIGHUP); // nohup(1) asks that it stays so
    os::become_subreaper();
}

Master::~Master()
{
    sampler_.stop(); // nobody waits for a reading any more
    sampler_.join();
}

int Master::run()
{
    pump_.say("app " + app_.name + ", run directory " + directory_.path().string());
    pump_.say("metrics on http://" + app_.metrics.host + ":" + std::to_string(hub_.http_port()) + "/metrics");
    for (const auto& line : isolations_.unapplied()) pump_.say(line);
    read_memory();
    await_signal();
    keep_sockets();
    driver_.report(core::Begin{});
    io_.run();
    return exit_code_.value_or(1);
}

void Master::await_signal()
{
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        stop_on(signal);
        await_signal();
    });
}

void Master::stop_on(int signal)
{
    using enum core::StopSignals::Wish;
    const auto wish = stop_signals_.heard(signal, core::Clock::now());
    if (exit_code_ && wish != nothing_new) return give_up_reader(); // nothing is left but a slow one
    switch (wish) {
    case gracefully:
        pump_.say(core::signal_name(signal) + ": stopping; once more to kill at once");
        return driver_.report(core::StopAll{});
    case at_once:
        pump_.say(core::signal_name(signal) + " again: killing");
        driver_.report(core::KillAll{128 + signal});
        if (!sweep_) return;
        sweep_->hurry(core::Clock::now());
        return step_sweep();
    case nothing_new: return;
    }
}

/// A terminal that is not ours to open anew can keep the pump's thread in a write for good, where it hears nothing:
/// then this process ends without it. Not by a signal's default effect, which PID 1 has none of.
void Master::give_up_reader()
{
    if (give_up_timer_) return;
    pump_.hurry();
    give_up_timer_.emplace(io_, hurry_patience);
    give_up_timer_->async_wait([this](const boost::system::error_code& error) {
        if (!error) std::_Exit(*exit_code_);
    });
}

bool Master::is_hub(core::InstanceId instance) const
{
    return fleet_.member(instance.process).role == core::Role::builtin;
}

const procfiles::ProcessSpec& Master::spec_of(core::InstanceId instance)
{
    const auto& spec = fleet_.member(instance.process).spec;
    if (!spec.per_replica) return spec;
    auto& kept = kept_[instance].spec;
    if (!kept) kept = std::make_unique<const procfiles::ProcessSpec>(procfiles::for_replica(spec, instance.index));
    return *kept;
}

EnvironmentBlock Master::environment_of(core::InstanceId instance)
{
    return worker_environment(inherited_, app_, spec_of(instance), instance.index, place_);
}

os::SpawnRequest Master::prepare(core::InstanceId instance)
{
    if (is_hub(instance)) {
        auto request = hub_.prepare();
        request.shelf = &shelf_;
        return request;
    }
    const auto& spec = spec_of(instance);
    auto request = worker_request(spec, environment_of(instance));
    request.shelf = &shelf_;
    request.descriptor_limit = descriptor_limit_;
    if (!spec.sockets.empty()) hand_over(sockets_.for_instance(spec, instance.index), request);
    isolations_.apply(spec, instance.index, request);
    if (auto* link = hub_.link(); link && spec.shutdown.drain > core::Millis::zero())
        undrain(*link, spec.name, instance.index); // its last run may have been drained
    return request;
}

os::SpawnRequest Master::prepare_command(core::InstanceId instance, const procfiles::ShellCommand& command,
                                         const fs::path& folder, std::optional<pid_t> main_pid)
{
    const auto& spec = spec_of(instance);
    auto request = command_request(spec, command, folder, environment_of(instance), main_pid);
    request.shelf = &shelf_;
    request.descriptor_limit = descriptor_limit_;
    isolations_.apply(spec, request);
    return request;
}

logs::Source Master::output_of(core::InstanceId instance)
{
    const auto& spec = spec_of(instance);
    auto& output = kept_[instance].output;
    if (!output && !is_hub(instance))
        output =
            std::make_shared<const logs::Output>(logs::output_of(spec, instance.index, logs_directory_, log_writers_));
    return {.instance = {spec.name, instance.index},
            .label = driver_.label(instance),
            .colour = static_cast<std::size_t>(instance.process),
            .output = output,
            .watch = {}};
}

const os::Cgroup* Master::cgroup_of(core::InstanceId instance)
{
    const auto* cgroup = is_hub(instance) ? nullptr : isolations_.cgroup_of(spec_of(instance), instance.index);
    return cgroup && cgroup->exists() ? cgroup : nullptr;
}

void Master::spawned(core::InstanceId instance)
{
    if (is_hub(instance))
        return hub_.connect(io_, object_, [this, instance] {
            told(instance, "does not answer; killing it");
            driver_.signal({instance, SIGKILL, core::Target::leader});
        });
    if (const auto* cgroup = cgroup_of(instance)) kept_[instance].oom_kills = cgroup->oom_kills();
}

/// Its last words may have come together with its end.
bool Master::leader_ended(core::InstanceId instance)
{
    if (notify_socket_) notify_socket_->drain();
    const auto* cgroup = cgroup_of(instance);
    return cgroup && cgroup->oom_kills() > kept_[instance].oom_kills;
}

void Master::drain(core::InstanceId instance, core::Millis limit, std::function<void()> done)
{
    auto* link = hub_.link();
    if (!link) return done();
    const auto ended = [this, instance, done = std::move(done)](const HubDrained& answer) {
        if (!answer.drained && answer.in_flight > 0)
            told(instance, std::to_string(answer.in_flight) + " calls were still in flight when its drain was over");
        done();
    };
    app::drain(*link, spec_of(instance).name, instance.index, limit, ended);
}

os::ConnectionWait Master::listen(core::ProcessId process, std::function<void()> arrived)
{
    return sockets_.wait_for_connection(fleet_.member(process).spec.sockets,
                                        [arrived = std::move(arrived)](const std::string&) { arrived(); });
}

/// Descendants that left their groups, and whatever else bears this run's mark; as PID 1 all that there is.
void Master::sweep(std::function<void()> done)
{
    swept_ = std::move(done);
    os::SurvivorPlan::Patience patience;
    if (stop_signals_.at_once()) patience.grace = std::chrono::milliseconds{0};
    sweep_.emplace(os::SurvivorMarks{.run_id = place_.run_id,
                                     .uids = isolations_.all_users(),
                                     .ancestor = ::getpid(),
                                     .everything = ::getpid() == 1},
                   patience, core::Clock::now());
    step_sweep();
}

void Master::step_sweep()
{
    const auto again = sweep_->step(core::Clock::now());
    for (const auto& survivor : sweep_->newcomers()) pump_.say("left behind, ending it: " + os::describe(survivor));
    if (!again) {
        for (const auto& survivor : sweep_->left()) pump_.say("cannot be ended: " + os::describe(survivor));
        return swept_();
    }
    sweep_timer_.expires_after(*again);
    sweep_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) step_sweep();
    });
}

void Master::announced(const core::Announce& change)
{
    tell_hub(change);
    const auto text = narrate(change);
    if (text) pump_.say(driver_.label(change.instance) + " " + *text);
    tell(change);
}

void Master::removed(core::InstanceId instance)
{
    const auto& spec = fleet_.member(instance.process).spec;
    sockets_.retire(spec.name, instance.index);
    isolations_.forget(spec, instance.index);
    kept_.erase(instance);
}

void Master::told(core::InstanceId instance, const std::string& text)
{
    pump_.say(driver_.label(instance) + ": " + text);
}

void Master::finished(int exit_code)
{
    exit_code_ = exit_code;
    hub_.close();
    sockets_.close();
    pump_.finish([this](std::uint64_t lines_lost) {
        tell_of_unread(lines_lost); // on the pump's thread: standard error may be the terminal that keeps it
        boost::asio::post(io_, [this] { io_.stop(); });
    });
    if (stop_signals_.at_once()) give_up_reader();
}

void Master::receive_notification(const os::NotifySender& sender, std::string_view text)
{
    const auto notification = core::parse_notification(text);
    const auto instance = driver_.instance_of(sender.pid);
    if (!instance || !fleet_.has(*instance)) return; // of nobody we know, or of somebody who is gone
    if (driver_.main_pid(*instance) != sender.pid && sender.has_ended()) return; // the number may be another's by now
    auto& complained = kept_[*instance].complained;
    const auto run = fleet_.instance(*instance).run();
    if (notification.complaint && std::exchange(complained, run) != run) // once a run: it may go on for ever
        told(*instance, "notification: " + *notification.complaint);
    driver_.notified(*instance, notification);
}

void Master::read_memory()
{
    bool wanted = false;
    for (std::uint32_t n = 0; n < fleet_.size(); ++n)
        wanted = wanted || fleet_.member(core::ProcessId{n}).spec.recycle.memory > 0;
    if (!wanted) return;
    memory_.start(
        [this] {
            std::vector<MemoryQuery> queries;
            for (std::uint32_t n = 0; n < fleet_.size(); ++n)
                for (const auto& instance : fleet_.instances(core::ProcessId{n}))
                    if (fleet_.member(core::ProcessId{n}).spec.recycle.memory > 0 && instance.pid())
                        queries.push_back({instance.id(), instance.run(), *instance.pid()});
            return queries;
        },
        [this](const MemoryQuery& query, std::uint64_t bytes) {
            driver_.report(core::MemoryRead{query.instance, query.run, bytes});
        });
}

} // namespace pandora::supervisor::app
