// The library that workers link to talk through the hub: publish an object of named methods, call one, subscribe.
//
// A whole worker, which calls itself:
//
//     #include "hub/client/cpp/client.hpp"
//
//     #include <iostream>
//
//     namespace client = pandora::hub::client;
//
//     int main()
//     {
//         boost::asio::io_context io;
//         client::Client hub{io, client::Options::from_environment()};
//         hub.publish("greeter", {{"greet", [](const client::Call& call, const client::Reply& reply) {
//                                      reply.value("hello " + call.params.at(0).get<std::string>());
//                                  }}});
//         hub.invoke("greeter", "greet", client::Json::array({"you"}), [&](const client::Outcome& outcome) {
//             if (const auto* value = std::get_if<client::Json>(&outcome)) std::cout << *value << '\n';
//             if (const auto* error = std::get_if<client::CallError>(&outcome)) std::cerr << error->message << '\n';
//             hub.stop([&] { io.stop(); });
//         });
//         hub.start();
//         io.run();
//     }
//
// More of them: procfiles/examples/renderer.cpp and web.cpp.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/client/cpp/call_handle.hpp"
#include "hub/client/cpp/channel.hpp"
#include "hub/client/cpp/reply.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pandora::hub::client {

/// How a client connects. Only `socket_path` is needed; from_environment() has what a worker of pandora needs.
struct Options {
    std::string socket_path;
    Json location = Json::object();                   // labels sent as `host`: appName, processName, pid, ...
    std::chrono::milliseconds call_timeout{5'000};    // of calls without one of their own
    std::chrono::milliseconds reconnect_delay{1'000}; // as the npm client waits; retried for ever
    bool native = true;                // speak the native dialect with a hub that has it; false: legacy only
    std::optional<Window> window = {}; // what the hub may send at once; nothing: as much as there is

    /// Direct channels to others, and from others to the objects published here: past the hub's bounds and counters.
    bool channels = false;

    /// Payloads of calls and answers of at least so many bytes go through shared memory where both sides can: one copy
    /// instead of four. Bytes that come so stand in memory of the other's as long as they are kept; who has been sent
    /// something may read all that is sent so. A call whose callee cannot read it there is made again with a frame, and
    /// so after those that were made since. Nothing: neither from here nor to here.
    ///
    /// JSON is sent so up to 16 MiB, and Bytes up to 256 MiB. The memory is made as it is needed, in at most four
    /// pieces a connection: of 64 MiB, or of the size of a payload that is larger; one that nobody reads any more gives
    /// way to a larger one. Where there is no room, because receivers keep their Bytes, what fits a frame (16 MiB) goes
    /// in one, and what does not fails with `busy`.
    std::optional<std::size_t> pooled_from = pooled_bytes_min;

    /// Path from PANDORA_HUB_SOCKET; location from PANDORA_APP, PANDORA_PROCESS and the pid. Throws std::runtime_error
    /// where PANDORA_HUB_SOCKET is not set.
    static Options from_environment();
};

/// Serves the calls of one method: answers by the Reply, before it returns or later. Runs on the client's thread, which
/// must not be held up. An exception that leaves a Method or a Listener is answered to the caller as an error; it does
/// not end the loop.
using Method = std::function<void(const Call&, Reply)>;
using Methods = std::map<std::string, Method>;

/// Reads a property, each time that somebody asks for it. An exception is answered as an error.
using Property = std::function<Json()>;
using Properties = std::map<std::string, Property>;

/// Hears of an event: `params` is the array of its parameters; `event` is its name, where a subscription is to several.
using Listener = std::function<void(const Json& params)>;
using EventListener = std::function<void(const std::string& event, const Json& params)>;

/// One connection to a hub. Lives on one io_context run by one thread; every function is called, and every callback
/// runs, on that thread, and no callback runs inside a function of the client. Reconnects and re-publishes by itself
/// when the hub goes away. Destroying it, also in a callback, closes the connection; callbacks of calls in flight are
/// then dropped without being called.
class Client {
public:
    Client(boost::asio::io_context& io, Options options);

    /// Over a connected stream socket instead of a path (ownership is taken). Such a client does not reconnect;
    /// `on_lost` tells its end, and calls fail from then on.
    Client(boost::asio::io_context& io, Options options, int connected_fd);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Once, before or after the rest: connects (retrying), announces this client and publishes what publish() named.
    /// What is sent meanwhile is queued, up to 16 MiB.
    void start();

    /// Takes leave (OFFLINE), waits for the answer and for the answers owed to callers at most a second, fails the
    /// calls in flight, closes, then runs `done`. A stopped client stays stopped.
    void stop(std::function<void()> done);

    void on_online(std::function<void()> handler); // after each (re)connect, everything published

    /// Runs when a connection ends, and for the first in a row of attempts to connect that fail.
    void on_lost(std::function<void(const std::string& reason)> handler);

    /// Runs when the hub says that it will send no new requests: this instance is being drained, or the hub ends.
    void on_goaway(std::function<void()> handler);

    /// Runs when the app's policy does not let this client publish or subscribe to something: it is not asked for again
    /// before the next connection. Everything else goes on.
    void on_denied(std::function<void(const Denial& what)> handler);

    /// Publishes an object. One name, one object; publishing a name again replaces its methods and properties.
    void publish(const std::string& object, Methods methods, Properties properties = {});
    void unpublish(const std::string& object);

    /// Emits an event of an object published here to every subscriber. `params` that is no array is sent as its only
    /// element. With `retain` later subscribers get it, too, as the last of its name, until this object is unpublished
    /// (native dialect).
    void emit(const std::string& object, const std::string& event, Json params = Json::array(), bool retain = false);

    /// The retained event of this name is none any more.
    void clear_retained(const std::string& object, const std::string& event);

    /// Calls one of those that match with `params`, an array. `done` runs exactly once: with the value, or with why
    /// there is none, at the latest when the time is over (a silent hub is given 50 ms more). The handle may be
    /// dropped.
    CallHandle invoke(const Selector& who, const std::string& method, Json params, Completion done,
                      CallOptions options = {});
    CallHandle invoke(const Selector& who, const std::string& method, Json params, Completion done,
                      std::chrono::milliseconds timeout);

    /// The same with bytes as parameters.
    template <std::same_as<Bytes> B>
    CallHandle invoke(const Selector& who, const std::string& method, B params, Completion done,
                      CallOptions options = {})
    {
        return invoke_payload(who, method, Payload{std::move(params)}, std::move(done), std::move(options));
    }

    /// Calls all that match: `each` for every answer as it comes, then `done` once.
    CallHandle invoke_all(const Selector& who, const std::string& method, Json params, EachListener each,
                          std::function<void(GatherOutcome)> done, CallOptions options = {});

    /// A call whose answer may come in parts: `part` for each, then `done` with the last. At most `window` parts are
    /// under way before `part` has returned for half of them.
    CallHandle invoke_stream(const Selector& who, const std::string& method, Json params, PartListener part,
                             Completion done, CallOptions options = {}, std::uint16_t window = 16);

    /// The outcome is absent where the object has no such property.
    CallHandle get_property(const Selector& who, const std::string& property, Completion done,
                            CallOptions options = {});

    /// What an object can: {"properties": [{name, type}], "methods": [{name, length, type}]}.
    CallHandle introspect(const Selector& who, Completion done, CallOptions options = {});

    /// Runs `done` without an error as soon as somebody matches, or with why nobody did in time.
    CallHandle wait_for(const Selector& who, std::chrono::milliseconds timeout,
                        std::function<void(std::optional<CallError>)> done);

    /// Asks the hub for a direct channel to one of those that match (Options::channels). `opened` runs once: without an
    /// error, or with why calls go on through the hub. Of the options the time and `sticky` have a meaning.
    Channel open_channel(const Selector& who, std::function<void(std::optional<CallError>)> opened,
                         CallOptions options = {});

    /// A call without an answer; what cannot be delivered is lost. Of the options those that choose a callee, `wait`
    /// and `trace` have a meaning.
    void send(const Selector& who, const std::string& method, Json params, CallOptions options = {});

    template <std::same_as<Bytes> B>
    void send(const Selector& who, const std::string& method, B params, CallOptions options = {})
    {
        send_payload(who, method, Payload{std::move(params)}, std::move(options));
    }

    /// Calls `listener` for each `event` of `object`, again after a reconnect, until unsubscribe(). Subscribing to the
    /// same event again replaces the listener. An `event` that ends in `*` stands for all that begin alike; an npm hub
    /// passes on only what its providers make of such a name.
    void subscribe(const std::string& object, const std::string& event, Listener listener,
                   SubscribeOptions options = {});
    void subscribe(const std::string& object, const std::string& event, EventListener listener,
                   SubscribeOptions options = {});
    void unsubscribe(const std::string& object, const std::string& event);

    /// Whether the hub has granted the native dialect on the present connection.
    bool speaks_native() const;

private:
    class Impl;

    CallHandle invoke_payload(const Selector& who, const std::string& method, Payload params, Completion done,
                              CallOptions options);
    void send_payload(const Selector& who, const std::string& method, Payload params, CallOptions options);

    std::shared_ptr<Impl> impl_;
};

} // namespace pandora::hub::client
