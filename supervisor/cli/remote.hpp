// A running app's supervisor, asked one question after the other.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "supervisor/control/messages.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

using control::Json;

/// A hub client that waits. Reconnects when the hub process is replaced meanwhile.
class Remote {
public:
    /// Throws std::runtime_error, in one line, where nobody listens.
    explicit Remote(const std::filesystem::path& socket);

    /// Calls a method of `pandora.supervisor`. Throws std::runtime_error, in one line for people, where it is refused
    /// or not answered.
    Json ask(const std::string& method, Json params);

    std::vector<control::InstanceView> list();

    /// Hears of changes of state from now on.
    void listen();

    /// Of each process the last run that failed, of those heard of: "web/1 failed: exit 3".
    const std::map<std::string, std::string>& failures() const { return failures_; }

    /// Returns when an instance has changed its state, or after `time`. The first call listens, if nobody has before.
    void await_change(std::chrono::milliseconds time);

private:
    void hear(const Json& changes);
    hub::client::Outcome invoke(const std::string& method, Json params);

    std::string socket_;
    boost::asio::io_context io_{1};
    hub::client::Client client_;
    boost::asio::steady_timer timer_{io_};
    bool gone_ = false; // nobody listens any more
    bool listening_ = false;
    bool woken_ = false;    // what await_change() waits for has come
    bool answered_ = false; // there is a supervisor behind this hub
    std::map<std::string, std::string> failures_;
};

} // namespace pandora::supervisor::cli
