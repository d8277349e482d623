// argv -> exit code.
#include "supervisor/app/broker.hpp"
#include "supervisor/app/hub_serve.hpp"
#include "supervisor/app/run.hpp"
#include "supervisor/cli/hub_routes.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <functional>
#include <iostream>

namespace app = pandora::supervisor::app;
namespace cli = pandora::supervisor::cli;

static int parse_and_run(int argc, char** argv)
{
    CLI::App program{"a process supervisor with a built-in IPC hub", "pandora"};
    program.set_version_flag("--version", "pandora " PANDORA_VERSION);
    program.require_subcommand(1);
    std::function<int()> verb;
    std::string procfile = "procfile.yml";
    auto* run = program.add_subcommand("run", "run the processes of a procfile until they end or a signal comes");
    run->add_option("FILE", procfile, "the procfile")->capture_default_str();
    run->callback([&] { verb = [&] { return app::run(procfile); }; });

    auto* hub = program.add_subcommand("hub", "the message hub")->require_subcommand(1);
    app::HubServeOptions serving;
    auto* serve = hub->add_subcommand("serve", "serve a hub without supervising anything");
    serve->add_option("--socket", serving.socket, "path of its Unix socket")->required();
    serve->add_option("--metrics", serving.metrics, "HOST:PORT for /metrics and /health; default: none");
    serve->callback([&] { verb = [&] { return app::hub_serve(serving); }; });

    cli::RoutesOptions listing;
    auto* routes = hub->add_subcommand("routes", "list who is connected and what they publish");
    routes->add_option("--socket", listing.socket, "the hub's socket; default: $PANDORA_HUB_SOCKET");
    routes->add_flag("--json", listing.json, "as JSON");
    routes->add_flag("--all", listing.all, "with the hub's own objects");
    routes->callback([&] { verb = [&] { return cli::hub_routes(listing); }; });

    auto* broker = program.add_subcommand("broker")->group("")->prefix_command(); // `pandora run` starts it
    broker->callback([&] { verb = [&] { return app::run_broker(app::broker_options(broker->remaining())); }; });

    try {
        program.parse(argc, argv);
        return verb();
    } catch (const CLI::ParseError& said) { // --help and --version come this way, too
        return program.exit(said) == 0 ? 0 : 2;
    }
}

int main(int argc, char** argv)
{
    try {
        return parse_and_run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "pandora: " << error.what() << '\n';
        return 1;
    }
}
