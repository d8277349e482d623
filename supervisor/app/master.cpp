#include "supervisor/app/master.hpp"

#include "metrics/procfs.hpp"
#include "supervisor/app/http_listener.hpp"
#include "supervisor/app/narration.hpp"
#include "supervisor/app/socket_pair.hpp"
#include "supervisor/os/orphans.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <pwd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace pandora::supervisor::app {

namespace {

namespace fs = std::filesystem;

constexpr mode_t owner_only = 0600;

// Who asks for the list at the same time: scrapes, dashboards, commands. Choice; each answer is written on the main
// thread, whatever strangers ask for.
constexpr std::size_t listing_max = 16;

/// The hub as a process of the fleet: always there, back at once, a little slower if it cannot stay up.
core::Member hub_member()
{
    procfiles::ProcessSpec spec;
    spec.name = control::hub_process_name;
    spec.availability = {.restart = procfiles::Restart::always,
                         .backoff = procfiles::Millis{1}, // not 0: a hub that cannot stay up must not spin
                         .backoff_max = procfiles::Millis{1'000},
                         .reset_after = procfiles::Millis{10'000}};
    spec.shutdown.timeout = procfiles::Millis{3'000};
    return {std::move(spec), core::Role::builtin};
}

core::Fleet make_fleet(const procfiles::AppSpec& app)
{
    std::vector<core::Member> members{hub_member()};
    for (const auto& process : app.processes) members.push_back({process, core::Role::worker});
    return core::Fleet{std::move(members)};
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

/// We hold the run directory's lock, so whoever still listens there is the hub of a master that has just died: it ends
/// as soon as it notices.
os::UniqueFd listen_once_free(const fs::path& socket)
{
    constexpr auto patience = std::chrono::seconds{3};
    constexpr auto pause = std::chrono::milliseconds{20};
    const auto end = core::Clock::now() + patience;
    for (;;) {
        try {
            return os::listen_unix(socket, owner_only);
        } catch (const std::system_error& error) {
            if (error.code() != std::errc::address_in_use || core::Clock::now() > end) throw;
        }
        std::this_thread::sleep_for(pause);
    }
}

os::UniqueFd bind_hub(const os::RunDirectory& directory)
{
    auto listener = listen_once_free(directory.hub_socket());
    std::error_code ignored;
    fs::remove(directory.legacy_hub_socket(), ignored);
    fs::create_symlink(directory.hub_socket().filename(), directory.legacy_hub_socket());
    return listener;
}

os::UniqueFd open_own_program()
{
    os::UniqueFd fd{::open("/proc/self/exe", O_PATH | O_CLOEXEC)};
    if (!fd) throw std::system_error{errno, std::generic_category(), "/proc/self/exe"};
    return fd;
}

/// What strangers send is never parsed with root's rights.
std::optional<os::RunAs> hub_user()
{
    if (::geteuid() != 0) return std::nullopt;
    const auto* nobody = ::getpwnam("nobody");
    return nobody ? std::optional{os::RunAs{nobody->pw_uid, nobody->pw_gid}} : std::nullopt;
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

/// Monotonic times mean nothing to other programs; the start of a process is told in Unix time.
double unix_time(core::TimePoint at)
{
    const auto ago = core::Clock::now() - at;
    const auto then =
        std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(ago);
    return std::chrono::duration<double>(then.time_since_epoch()).count();
}

std::optional<control::Usage> usage_of(std::optional<int> pid)
{
    const auto usage = pid ? metrics::read_usage(*pid) : std::nullopt;
    if (!usage) return std::nullopt;
    return control::Usage{usage->cpu_seconds, usage->resident_bytes, usage->open_fds, usage->threads};
}

} // namespace

Master::Master(procfiles::AppSpec app)
    : app_{std::move(app)}, directory_{app_.name}, hub_listener_{bind_hub(directory_)},
      hub_socket_file_{directory_.hub_socket()}, http_{listen_for_http(app_.metrics)}, executable_{open_own_program()},
      inherited_{own_environment()}, descriptor_limit_{os::raise_descriptor_limit()}, fleet_{make_fleet(app_)},
      pump_{STDOUT_FILENO, name_width(app_)}, driver_{io_, fleet_, pump_, *this}, signals_{io_, SIGINT, SIGTERM,
                                                                                           SIGQUIT}
{
    if (!is_ignored(SIGHUP)) signals_.add(SIGHUP); // nohup(1) asks that it stays so
    ::signal(SIGPIPE, SIG_IGN); // a closed console is an error of write(2), not our end; children get the default back
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
    pump_.say("metrics on http://" + app_.metrics.host + ":" + std::to_string(http_.port) + "/metrics");
    await_signal();
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

/// The first signal stops everything with its grace, the second at once. But a closed terminal may send SIGHUP twice.
void Master::stop_on(int signal)
{
    if (stop_asked_ && signal == SIGHUP) return;
    if (!std::exchange(stop_asked_, true)) {
        pump_.say(core::signal_name(signal) + ": stopping; once more to kill at once");
        driver_.report(core::StopAll{});
    } else {
        pump_.say(core::signal_name(signal) + " again: killing");
        driver_.report(core::KillAll{128 + signal});
    }
}

bool Master::is_hub(core::InstanceId instance) const
{
    return fleet_.member(instance.process).role == core::Role::builtin;
}

EnvironmentBlock Master::environment_of(core::InstanceId instance) const
{
    const Place place{app_.name, directory_.path(), directory_.hub_socket()};
    return worker_environment(inherited_, app_, fleet_.member(instance.process).spec, instance.index, place);
}

os::SpawnRequest Master::prepare(core::InstanceId instance)
{
    if (is_hub(instance)) return prepare_hub();
    auto request = worker_request(fleet_.member(instance.process).spec, environment_of(instance));
    request.descriptor_limit = descriptor_limit_;
    return request;
}

os::SpawnRequest Master::prepare_stop_command(core::InstanceId instance, pid_t main_pid)
{
    auto request = stop_request(fleet_.member(instance.process).spec, environment_of(instance), main_pid);
    request.descriptor_limit = descriptor_limit_;
    return request;
}

/// Each life of the hub process gets a link of its own; the listeners outlive them all.
os::SpawnRequest Master::prepare_hub()
{
    std::tie(link_ours_, link_hubs_) = make_socket_pair();
    const BrokerOptions options{app_.name, ::geteuid(), app_.hub.frame_bytes_max, app_.hub.call_timeout};
    return broker_request(options, {hub_listener_.get(), link_hubs_.get(), http_.fd.get()}, executable_.get(),
                          hub_user());
}

void Master::spawned(core::InstanceId instance)
{
    if (!is_hub(instance)) return;
    link_hubs_ = os::UniqueFd{};
    connect_link();
}

void Master::connect_link()
{
    hub::client::Options options;
    options.location = {{"appName", app_.name}, {"processName", "pandora"}, {"pid", std::to_string(::getpid())}};
    link_ = std::make_unique<hub::client::Client>(io_, std::move(options), link_ours_.release());
    control::publish_supervisor(*link_, *this);
    link_->start();
}

void Master::announced(const core::Announce& change)
{
    if (const auto text = narrate(change)) pump_.say(driver_.label(change.instance) + " " + *text);
}

void Master::finished(int exit_code)
{
    exit_code_ = exit_code;
    io_.stop();
}

std::vector<control::InstanceView> Master::views() const
{
    std::vector<control::InstanceView> found;
    for (std::uint32_t n = 0; n < fleet_.size(); ++n) {
        const auto& member = fleet_.member(core::ProcessId{n});
        for (const auto& instance : fleet_.instances(core::ProcessId{n})) {
            control::InstanceView view{.process = member.spec.name,
                                       .instance = instance.id().index,
                                       .builtin = member.role == core::Role::builtin,
                                       .state = core::name(instance.state()),
                                       .up = instance.pid().has_value(),
                                       .restarts = instance.restarts(),
                                       .pid = instance.pid()};
            if (const auto at = instance.started_at()) view.start_time = unix_time(*at);
            if (const auto& end = instance.last_end()) view.last_end = core::describe(*end);
            found.push_back(std::move(view));
        }
    }
    return found;
}

/// Reading /proc takes some 20 us a process: it is done on the sampler's thread, once for all who ask meanwhile.
bool Master::list(Listed done)
{
    if (listing_.size() == listing_max) return false;
    listing_.push_back(std::move(done));
    if (listing_.size() > 1) return true;
    boost::asio::post(sampler_, [this, found = views()]() mutable {
        for (auto& view : found) view.usage = usage_of(view.pid);
        boost::asio::post(io_, [this, found = std::move(found)] {
            for (const auto& waiting : std::exchange(listing_, {})) waiting(found);
        });
    });
    return true;
}

std::optional<control::Whose> Master::who_is(pid_t pid)
{
    const auto instance = driver_.instance_of(pid);
    if (!instance) return std::nullopt;
    return control::Whose{app_.name, fleet_.member(instance->process).spec.name, instance->index};
}

/// By the pid, as it is now: what a run that has ended published does not make the next one ready.
void Master::object_published(pid_t publisher, const std::string& object)
{
    if (const auto instance = driver_.instance_of(publisher)) driver_.report(core::ObjectPublished{*instance, object});
}

} // namespace pandora::supervisor::app
