// argv -> exit code.
#include "supervisor/app/broker.hpp"
#include "supervisor/app/hub_serve.hpp"
#include "supervisor/app/obstacles.hpp"
#include "supervisor/app/run.hpp"
#include "supervisor/app/runtime_root.hpp"
#include "supervisor/cli/commands.hpp"

#include <exception>
#include <iostream>

namespace app = pandora::supervisor::app;
namespace cli = pandora::supervisor::cli;

static cli::Deeds deeds()
{
    return {.run = app::run,
            .obstacles = app::obstacles,
            .hub_serve =
                [](const auto& socket, const auto& metrics) {
                    return app::hub_serve({socket, metrics});
                },
            .broker = [](const auto& arguments) { return app::run_broker(app::broker_options(arguments)); },
            .runtime_root = app::runtime_root()};
}

int main(int argc, char** argv)
{
    try {
        return cli::perform(argc, argv, deeds());
    } catch (const std::exception& error) {
        std::cerr << "pandora: " << error.what() << '\n';
        return 1;
    }
}
