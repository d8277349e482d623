#include "supervisor/cli/hub_ask.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/hub_tables.hpp"
#include "supervisor/control/messages.hpp"

#include <optional>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;

constexpr const char* no_answer = "the hub's answer is of another form than expected; is it a pandora hub?";

using Text = std::string (*)(const Json&);

/// What shows the answer, and ends the verb.
client::Completion shown(HubSession& session, bool json, Text text)
{
    return [&session, json, text](const client::Outcome& outcome) {
        if (const auto* error = std::get_if<client::CallError>(&outcome)) {
            complain(failure_text(*error));
            return session.finish(exit_code_of(*error));
        }
        const auto* answer = std::get_if<Json>(&outcome);
        if (!answer || !answer->is_structured()) {
            complain(no_answer);
            return session.finish(exit_code::failed);
        }
        auto lines = json ? json_text(*answer) : text(*answer);
        if (lines.ends_with('\n')) lines.pop_back();
        session.print(lines);
        session.finish(exit_code::ok);
    };
}

int ask(const AskOptions& options, const std::string& method, Json params, Text text)
{
    HubSession session{hub_path(options.hub)};
    session.client().invoke(control::hub_object_name, method, std::move(params), shown(session, options.json, text));
    return session.run();
}

/// Of an app that is named it is known without the app: it may be about to start.
std::string future_path(const WhichHub& which)
{
    if (!which.socket.empty() || which.where.app.empty()) return hub_path(which);
    return hub_socket_in(which.where.runtime_root / which.where.app).string();
}

} // namespace

int hub_routes(const AskOptions& options)
{
    return ask(options, "routes", Json::array({Json{{"all", options.all}}}), routes_table);
}

int hub_clients(const AskOptions& options) { return ask(options, "clients", Json::array(), clients_table); }

int hub_channels(const AskOptions& options) { return ask(options, "channels", Json::array(), channels_table); }

int hub_stats(const AskOptions& options) { return ask(options, "stats", Json::array(), stats_table); }

int hub_introspect(const ObjectOptions& options)
{
    HubSession session{hub_path(options.hub)};
    session.client().introspect(options.object, shown(session, options.json, introspection_table),
                                {.timeout = options.timeout});
    return session.run();
}

int hub_wait_for(const ObjectOptions& options)
{
    const auto path = future_path(options.hub);
    HubSession session{path, HubSession::Patient{}};
    const auto late = [&] {
        complain(session.is_online() ? "deadline: nobody publishes " + options.object
                                     : "deadline: no hub listens on " + path);
        session.finish(exit_code::deadline);
    };
    // The client's deadline begins with a connection; this one does not.
    session.after(options.timeout, late);
    session.client().wait_for(options.object, options.timeout, [&](const std::optional<client::CallError>& error) {
        if (error) complain(failure_text(*error));
        session.finish(error ? exit_code_of(*error) : exit_code::ok);
    });
    return session.run();
}

} // namespace pandora::supervisor::cli
