// One connection of a `pandora hub` verb, and everything that can end the verb: its own decision, a signal, the reader
// of standard output, the hub.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "supervisor/cli/running_apps.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::supervisor::cli {

/// Which hub a verb is for.
struct WhichHub {
    std::string socket; // --socket; empty = that of `where`
    Where where;
};

/// The path: --socket, else as find_socket() finds it. Throws std::runtime_error that names the choices.
std::string hub_path(const WhichHub& which);

/// Prints one line on standard error, with nothing in it that a terminal would obey.
void complain(const std::string& what);

class HubSession {
public:
    /// Throws Unreachable.
    explicit HubSession(std::string path);

    /// Does not mind that nobody listens yet, or for a while: for a verb that has a deadline of its own.
    struct Patient {};

    HubSession(std::string path, Patient);

    HubSession(const HubSession&) = delete;
    HubSession& operator=(const HubSession&) = delete;

    hub::client::Client& client() { return client_; }

    boost::asio::io_context& io() { return io_; }

    /// Runs the loop until finish() was called; returns its exit code. A hub that nobody serves any more ends it with
    /// exit_code::peer_gone, one that does not let this client go online with exit_code::denied, a signal with 128 and
    /// its number, a reader of standard output that has gone silently.
    int run();

    /// Whether the hub has let this client in, now.
    bool is_online() const { return online_; }

    /// Ends run(). The first call counts.
    void finish(int exit_code);

    /// The same once all that was sent is on its way and what callers are owed is answered, within a second. Waits for
    /// a connection, where there is none yet.
    void leave(int exit_code);

    /// Runs whenever the client is online, everything published.
    void on_online(std::function<void()> handler) { online_handler_ = std::move(handler); }

    /// Runs when a signal comes while it is online: the verb ends by leave(128 + signal), now or once it has done what
    /// it has in hand. At the next signal it ends at once.
    void on_signal(std::function<void(int signal)> handler) { signal_handler_ = std::move(handler); }

    /// Calls `expired` once, after `time`. One timer: a later call replaces it.
    void after(std::chrono::milliseconds time, std::function<void()> expired);

    /// One line on standard output. It is there at the end of this turn of the loop.
    void print(std::string_view line);

    /// The same for bytes that are no line.
    void print_raw(std::string_view bytes);

private:
    void watch_signals();
    void watch_reader();
    void on_online();
    void on_lost();
    void on_denied(const hub::client::Denial& what);
    void flush();

    std::string path_;
    bool patient_ = false;
    boost::asio::io_context io_{1};
    hub::client::Client client_;
    boost::asio::signal_set signals_{io_};
    boost::asio::posix::stream_descriptor reader_{io_};
    boost::asio::steady_timer timer_{io_};
    std::function<void(int)> signal_handler_;
    std::function<void()> online_handler_;
    std::optional<int> exit_code_;
    std::optional<int> leaves_with_; // as soon as it is online
    bool online_ = false;
    bool leaving_ = false;
    int refusals_ = 0;   // connections in a row that ended before they were online
    std::string output_; // printed and not written yet
};

} // namespace pandora::supervisor::cli
