// The sockets in the run directory, by which the hub and the master are found: they stay there while the app lives.
#include "supervisor/app/master.hpp"
#include "supervisor/core/actions.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace pandora::supervisor::app {

namespace {

// How long nobody may find the app after somebody has removed its sockets: a choice.
constexpr std::chrono::seconds look_period{5};

constexpr mode_t owner_only = 0600;
constexpr mode_t everybody = 0666; // what a worker of another user writes to it is taken by who it is

} // namespace

void Master::bind_notify_socket()
{
    notify_socket_.emplace(
        io_, place_.notify_socket, hub_access_.admitted.empty() ? owner_only : everybody,
        [this](const os::NotifySender& sender, std::string_view text) { receive_notification(sender, text); },
        [this](const os::NotifySender& sender, std::string_view why) {
            pump_.say("notification of pid " + std::to_string(sender.pid) + ": " + std::string{why});
        });
}

void Master::keep_sockets()
{
    sockets_timer_.expires_after(look_period);
    sockets_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || fleet_.is_ending()) return;
        try {
            mend_sockets();
            sockets_lost_ = false;
        } catch (const std::exception& trouble) {
            if (!std::exchange(sockets_lost_, true))
                pump_.say(std::string{"its sockets are gone, and cannot be made again: "} + trouble.what());
        }
        keep_sockets();
    });
}

/// A cleaner that knows no locks, or a person, has removed them.
void Master::mend_sockets()
{
    if (!directory_.is_there()) throw std::runtime_error{directory_.path().string() + " was removed"};
    if (!notify_socket_ || !notify_socket_->is_there()) {
        if (notify_socket_) notify_socket_->drain();
        bind_notify_socket();
        pump_.say("notify.sock was removed; made it again");
    }
    if (hub_.is_found() || !fleet_.takes_requests()) return; // bound again, it is of use to a new hub alone
    hub_.bind_again(directory_);
    pump_.say("hub.sock was removed; made it again, for a new hub");
    const auto hub = find(control::hub_process_name);
    const auto lives = [](const core::Lifecycle& instance) { return core::is_live(instance.state()); };
    if (hub && std::ranges::any_of(fleet_.instances(*hub), lives))
        driver_.report(core::RestartAsked{core::Which{*hub, std::nullopt}});
}

} // namespace pandora::supervisor::app
