#include "supervisor/cli/hub_routes.hpp"

#include "hub/client/cpp/client.hpp"
#include "hub/client/cpp/unix_socket.hpp"
#include "supervisor/cli/table.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;
using client::Json;

const Json* member(const Json& value, const char* key)
{
    const auto found = value.is_object() ? value.find(key) : value.end();
    return found == value.end() ? nullptr : &*found;
}

std::string string_member(const Json& value, const char* key)
{
    const Json* found = member(value, key);
    return found && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string number_member(const Json& value, const char* key)
{
    const Json* found = member(value, key);
    return found && found->is_number_integer() ? found->dump() : std::string{};
}

/// "web/0"
std::string instance_name(const Json& route)
{
    const auto process = string_member(route, "process");
    const auto instance = number_member(route, "instance");
    return process.empty() || instance.empty() ? process : process + "/" + instance;
}

/// "snapshot, mailer:smtp": each object once, in the order of publishing.
std::string object_names(const Json& route)
{
    std::vector<std::string> names;
    const Json* selectors = member(route, "selectors");
    for (const Json& selector : selectors && selectors->is_array() ? *selectors : Json::array()) {
        auto name = string_member(selector, "objectName");
        if (name.empty()) continue;
        if (const auto tag = string_member(selector, "objectTag"); !tag.empty()) name += ":" + tag;
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    std::string joined;
    for (const auto& name : names) joined += (joined.empty() ? "" : ", ") + name;
    return joined;
}

Row row_of(const Json& route)
{
    return {string_member(route, "client"), instance_name(route), number_member(route, "pid"), object_names(route)};
}

/// Prints what is wrong; the exit code of a verb that failed.
int fail(const std::string& what)
{
    std::cerr << "pandora: " << printable(what) << '\n';
    return 1;
}

int print_routes(const Json& routes, bool as_json)
{
    if (!routes.is_array()) return fail("the hub's answer is no list of routes; is it a pandora hub?");
    if (as_json)
        std::cout << routes.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    else
        std::cout << routes_table(routes);
    std::cout.flush();
    return std::cout ? 0 : fail("cannot write to standard output");
}

/// Calls `routes` over a connected socket and waits for the outcome.
client::Outcome ask_routes(int connected_fd, bool all)
{
    boost::asio::io_context io;
    client::Client hub{io, {.socket_path = {}, .location = {{"pid", std::to_string(::getpid())}}}, connected_fd};
    client::Outcome outcome = client::CallError{"Error", "the hub did not answer"};
    Json question = Json::object();
    question["all"] = all;
    hub.invoke("pandora.hub", "routes", Json::array({std::move(question)}), [&](client::Outcome result) {
        outcome = std::move(result);
        io.stop();
    });
    hub.start();
    io.run();
    return outcome;
}

} // namespace

std::string routes_table(const Json& routes)
{
    std::vector<Row> rows{{"CLIENT", "PROCESS", "PID", "OBJECTS"}};
    for (const Json& route : routes) rows.push_back(row_of(route));
    return table(rows);
}

int hub_routes(const RoutesOptions& options)
{
    std::string path = options.socket;
    if (path.empty()) {
        if (const char* from_environment = std::getenv("PANDORA_HUB_SOCKET")) path = from_environment;
    }
    if (path.empty()) return fail("no hub named: give --socket PATH or set PANDORA_HUB_SOCKET");
    const auto connected = client::connect_unix(path);
    if (!connected) {
        return fail("no hub listens on " + path + " (" + connected.error().message() +
                    "): start one with `pandora run` or `pandora hub serve`, or name another with --socket");
    }
    const auto outcome = ask_routes(*connected, options.all);
    if (const auto* error = std::get_if<client::CallError>(&outcome)) {
        return fail("the hub on " + path + " did not tell its routes: " + error->message + " (" + error->name + ")");
    }
    return print_routes(std::get<Json>(outcome), options.json);
}

} // namespace pandora::supervisor::cli
