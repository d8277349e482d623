#include "supervisor/cli/remote.hpp"

#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/reach.hpp"
#include "supervisor/cli/table.hpp"

#include <optional>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;

/// The master answers in milliseconds; while the hub process is replaced it takes up to seconds.
constexpr std::chrono::milliseconds answer_time{10'000};
constexpr std::chrono::milliseconds reconnect_delay{100};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error{printable(what)}; }

client::Options options_for(const std::string& socket)
{
    client::Options options;
    options.socket_path = reachable(socket);
    options.location = {{"pid", std::to_string(::getpid())}};
    options.reconnect_delay = reconnect_delay;
    return options;
}

/// The hub was replaced while it held the question, or the answer: whether the master has heard it is not known.
bool is_lost(const client::CallError& error)
{
    return error.name == "PandoraConnectionLostError" || error.name == "PandoraPeerGoneError" ||
           error.name == "PandoraShuttingDownError";
}

bool is_busy(const client::CallError& error) { return error.name == "busy" || error.name == "PandoraBusyError"; }

bool is_no_route(const client::CallError& error)
{
    return error.name == "PandoraNoRouteError" || error.name == "no_route";
}

std::string explained(const client::CallError& error, const std::string& socket)
{
    if (error.name == "refused") return error.message;
    if (error.name == "denied") return "denied: " + error.message;
    if (is_no_route(error)) return "the hub on " + socket + " has no supervisor";
    if (is_lost(error)) return "the hub on " + socket + " went away before it answered";
    if (exit_code_of(error) == exit_code::deadline) // the hub's word for it, or ours where not even the hub said one
        return "the hub or the supervisor did not answer within " +
               std::to_string(std::chrono::duration_cast<std::chrono::seconds>(answer_time).count()) + " s";
    return "the supervisor did not answer: " + error.message + " (" + error.name + ")";
}

} // namespace

Remote::Remote(const std::filesystem::path& socket) : socket_{socket.string()}, client_{io_, options_for(socket_)}
{
    // The master listens itself: its socket outlives the hub process, but not the app.
    client_.on_lost([this](const std::string&) { gone_ = listening_error(socket_).failed(); });
    client_.start();
}

client::Outcome Remote::invoke(const std::string& method, Json params)
{
    std::optional<client::Outcome> outcome;
    client_.invoke(
        control::supervisor_object_name, method, std::move(params),
        [&](client::Outcome result) { outcome = std::move(result); }, answer_time);
    while (!outcome && !gone_ && io_.run_one() > 0) continue;
    if (gone_) fail("the app has ended");
    if (outcome && std::holds_alternative<Json>(*outcome)) answered_ = true;
    return outcome.value_or(client::CallError{"Error", "the connection is closed"});
}

Json Remote::ask(const std::string& method, Json params)
{
    auto outcome = invoke(method, std::move(params));
    if (const auto* error = std::get_if<client::CallError>(&outcome)) fail(explained(*error, socket_));
    return std::move(std::get<Json>(outcome));
}

/// A question that changes nothing is asked again where the hub was replaced under it, or many ask at once.
std::vector<control::InstanceView> Remote::list()
{
    const auto end = std::chrono::steady_clock::now() + answer_time;
    for (;;) {
        auto outcome = invoke("list", Json::array());
        const auto* error = std::get_if<client::CallError>(&outcome);
        if (!error) return std::get<Json>(outcome).get<std::vector<control::InstanceView>>();
        const bool again = is_lost(*error) || is_busy(*error) || (answered_ && is_no_route(*error));
        if (!again || std::chrono::steady_clock::now() > end) fail(explained(*error, socket_));
        await_change(reconnect_delay);
    }
}

void Remote::listen()
{
    if (std::exchange(listening_, true)) return;
    client_.subscribe(control::supervisor_object_name, control::state_event_name,
                      [this](const Json& changes) { hear(changes); });
}

void Remote::hear(const Json& changes)
{
    woken_ = true;
    for (const auto& change : changes.get<std::vector<control::StateChange>>())
        if (change.to == "backoff" || change.to == "failed")
            failures_[change.process] = instance_text(change.process, change.instance) + " failed: " + change.reason;
}

void Remote::await_change(std::chrono::milliseconds time)
{
    listen();
    timer_.expires_after(time);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) woken_ = true;
    });
    woken_ = false;
    while (!woken_ && !gone_ && io_.run_one() > 0) continue;
    timer_.cancel();
}

} // namespace pandora::supervisor::cli
