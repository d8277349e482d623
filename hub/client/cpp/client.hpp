// The library that workers link to talk through the hub: publish an object of named methods, call one,
// subscribe.
//
//     asio::io_context io;
//     hub::client::Client hub{io, hub::client::Options::from_environment()};
//     hub.publish("clock", {{"now", [](const Call&, Reply reply) { reply.value(1234); }}});
//     hub.invoke("clock", "now", Json::array(), [](Outcome outcome) { ... });
//     hub.start();
//     io.run();
#pragma once

#include "hub/client/cpp/call.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pandora::hub::client {

struct Options {
    std::string socket_path;
    Json location = Json::object();                   // labels sent as `host`: appName, processName, pid, ...
    std::chrono::milliseconds call_timeout{5'000};    // of invoke() without one of its own
    std::chrono::milliseconds reconnect_delay{1'000}; // as the npm client waits; retried for ever

    /// Path from PANDORA_HUB_SOCKET; location from PANDORA_APP, PANDORA_PROCESS and the pid.
    /// Throws std::runtime_error where PANDORA_HUB_SOCKET is not set.
    static Options from_environment();
};

/// Must not throw: an exception leaves io_context::run().
using Completion = std::function<void(Outcome)>;

/// Answers one call, now or later, once; copyable so that it can be kept. Further answers are ignored. When
/// the last copy goes without an answer, the caller is told so instead of waiting for its timeout.
class Reply {
public:
    using Send = std::function<void(Outcome)>;

    explicit Reply(Send send) : once_{std::make_shared<Once>(std::move(send))} {}

    void value(Json result) const { once_->answer(Outcome{std::move(result)}); }

    void error(std::string message, std::string name = "Error") const
    {
        once_->answer(CallError{std::move(name), std::move(message)});
    }

private:
    struct Once {
        explicit Once(Send how) : send{std::move(how)} {}

        Once(const Once&) = delete;
        Once& operator=(const Once&) = delete;

        ~Once() { answer(CallError{"Error", "the method returned without an answer"}); }

        void answer(Outcome outcome)
        {
            if (const auto how = std::exchange(send, nullptr)) how(std::move(outcome));
        }

        Send send;
    };

    std::shared_ptr<Once> once_;
};

/// An exception that leaves a Method or a Listener is answered to the caller as an error; it does not end the
/// loop.
using Method = std::function<void(const Call&, Reply)>;
using Methods = std::map<std::string, Method>;
using Listener = std::function<void(const Json& params)>;

/// One connection to a hub. Lives on one io_context run by one thread; every function is called, and every
/// callback runs, on that thread, and no callback runs inside a function of the client. Reconnects and
/// re-publishes by itself when the hub goes away. Destroying it, also in a callback, closes the connection;
/// callbacks of calls in flight are then dropped without being called.
class Client {
public:
    Client(boost::asio::io_context& io, Options options);

    /// Over a connected stream socket instead of a path (ownership is taken). Such a client does not
    /// reconnect; `on_lost` tells its end, and calls fail from then on.
    Client(boost::asio::io_context& io, Options options, int connected_fd);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Connects (retrying), announces this client and publishes what publish() named. What is sent meanwhile
    /// is queued, up to 16 MiB.
    void start();

    /// Takes leave (OFFLINE), waits for the answer and for the answers owed to callers at most a second,
    /// fails the calls in flight, closes, then runs `done`. A stopped client stays stopped.
    void stop(std::function<void()> done);

    void on_online(std::function<void()> handler); // after each (re)connect, everything published

    /// Runs when a connection ends, and for the first in a row of attempts to connect that fail.
    void on_lost(std::function<void(const std::string& reason)> handler);

    /// Publishes an object. One name, one object; publishing a name again replaces its methods.
    void publish(const std::string& object, Methods methods);
    void unpublish(const std::string& object);

    /// Emits an event of an object published here to every subscriber. `params` that is no array is sent as
    /// its only element.
    void emit(const std::string& object, const std::string& event, Json params = Json::array());

    /// Calls one of the providers of `object`. `done` runs exactly once: with the value, or with why there is
    /// none, at the latest when the timeout is over.
    void invoke(const std::string& object, const std::string& method, Json params, Completion done,
                std::optional<std::chrono::milliseconds> timeout = std::nullopt);

    /// The same without an answer; what cannot be delivered is lost.
    void send(const std::string& object, const std::string& method, Json params);

    /// Calls `listener` for each `event` of `object`, again after a reconnect, until unsubscribe().
    /// Subscribing to the same event again replaces the listener.
    void subscribe(const std::string& object, const std::string& event, Listener listener);
    void unsubscribe(const std::string& object, const std::string& event);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace pandora::hub::client
