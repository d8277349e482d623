#include "supervisor/app/hub_process.hpp"

#include "supervisor/app/http_listener.hpp"
#include "supervisor/app/socket_pair.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::app {

namespace {

namespace fs = std::filesystem;

// How a hub that hangs without dying is noticed: choice, some 20 s after it began. One unanswered question may be our
// own doing: we were suspended, and the answer came in time.
constexpr std::chrono::seconds ask_period{5};
constexpr std::chrono::milliseconds answer_patience{5'000};
constexpr int unanswered_max = 2;

constexpr mode_t owner_only = 0600;
constexpr mode_t everybody = 0666; // the hub admits by SO_PEERCRED, exactly whom it should

/// We hold the run directory's lock, so whoever still listens there is the hub of a master that has just died: it ends
/// as soon as it notices.
os::UniqueFd listen_once_free(const fs::path& socket, mode_t mode)
{
    constexpr auto patience = std::chrono::seconds{3};
    constexpr auto pause = std::chrono::milliseconds{20};
    const auto end = core::Clock::now() + patience;
    for (;;) {
        try {
            return os::listen_unix(socket, mode);
        } catch (const std::system_error& error) {
            if (error.code() != std::errc::address_in_use || core::Clock::now() > end) throw;
        }
        std::this_thread::sleep_for(pause);
    }
}

void link_for_old_clients(const os::RunDirectory& directory)
{
    std::error_code ignored;
    fs::remove(directory.legacy_hub_socket(), ignored);
    fs::create_symlink(directory.hub_socket().filename(), directory.legacy_hub_socket());
}

mode_t mode_for(const BrokerOptions& options) { return options.admitted.empty() ? owner_only : everybody; }

os::UniqueFd open_own_program()
{
    os::UniqueFd fd{::open("/proc/self/exe", O_PATH | O_CLOEXEC)};
    if (!fd) throw std::system_error{errno, std::generic_category(), "/proc/self/exe"};
    return fd;
}

} // namespace

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

HubProcess::HubProcess(const procfiles::AppSpec& app, const os::RunDirectory& directory, const HubAccess& access)
    : options_{.app = app.name,
               .owner = ::geteuid(),
               .frame_bytes_max = app.hub.frame_bytes_max,
               .call_timeout = app.hub.call_timeout,
               .unresponsive_after = app.hub.unresponsive_after,
               .admitted = access.admitted},
      run_as_{access.run_as}, listener_{listen_once_free(directory.hub_socket(), mode_for(options_))},
      socket_file_{std::in_place, directory.hub_socket()}, http_{listen_for_http(app.metrics)}, executable_{
                                                                                                    open_own_program()}
{
    link_for_old_clients(directory);
}

HubProcess::~HubProcess() = default;

os::SpawnRequest HubProcess::prepare()
{
    std::tie(link_ours_, link_hubs_) = make_socket_pair();
    return broker_request(options_, {listener_.get(), link_hubs_.get(), http_.fd.get()}, executable_.get(), run_as_);
}

void HubProcess::connect(boost::asio::io_context& io, control::SupervisorObject& object, std::function<void()> hung)
{
    link_hubs_ = os::UniqueFd{};
    hub::client::Options options;
    options.location = {{"appName", options_.app},
                        {"processName", control::supervisor_process_name},
                        {"pid", std::to_string(::getpid())}};
    link_ = std::make_unique<hub::client::Client>(io, std::move(options), link_ours_.release());
    object.publish_on(*link_);
    link_->start();
    hung_ = std::move(hung);
    unanswered_ = 0;
    ask_timer_.emplace(io);
    ask_again_later();
}

void HubProcess::bind_again(const os::RunDirectory& directory)
{
    link_for_old_clients(directory); // first: once the socket is there, nothing may be left to fail
    listener_ = os::listen_unix(directory.hub_socket(), mode_for(options_));
    socket_file_.emplace(directory.hub_socket());
}

void HubProcess::close()
{
    socket_file_.reset();
    listener_ = os::UniqueFd{};
    http_.fd = os::UniqueFd{};
}

void HubProcess::ask_again_later()
{
    ask_timer_->expires_after(ask_period);
    ask_timer_->async_wait([this](const boost::system::error_code& error) {
        if (!error) ask();
    });
}

void HubProcess::ask()
{
    const auto answered = [this](const hub::client::Outcome& outcome) {
        const auto* error = std::get_if<hub::client::CallError>(&outcome);
        const bool silent = error && error->name == "MessengerRequestTimeoutError"; // any other error is an answer
        unanswered_ = silent ? unanswered_ + 1 : 0;
        ask_again_later();
        if (unanswered_ >= unanswered_max) hung_();
    };
    link_->invoke(control::hub_object_name, "ping", control::Json::array(), answered, answer_patience);
}

} // namespace pandora::supervisor::app
