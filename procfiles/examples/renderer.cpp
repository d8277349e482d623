// A worker of the demo: publishes the object `snapshot`, which other workers call through the hub to have a
// frame drawn.
#include "hub/client/cpp/client.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace {

namespace client = pandora::hub::client;
using client::Json;

struct Settings {
    unsigned report_every = 20; // renders a line of output
};

/// A ball that wanders between two walls: frame 0 at the left one.
std::string draw(unsigned frame, unsigned width)
{
    const unsigned span = 2 * (width - 1);
    const unsigned at = frame % span;
    std::string line(width, '.');
    line[std::min(at, span - at)] = 'o';
    return "|" + line + "|";
}

class Renderer {
public:
    Renderer(boost::asio::io_context& io, Settings settings)
        : settings_{settings}, hub_{io, client::Options::from_environment()}
    {
        hub_.publish("snapshot", {{"render", [this](const client::Call& call, client::Reply reply) {
                                       reply.value(render(call));
                                   }}});
        hub_.on_online([] { std::puts("renderer: online, snapshot is published"); });
        hub_.on_lost([](const std::string& reason) { std::printf("renderer: no hub: %s\n", reason.c_str()); });
        hub_.start();
    }

    client::Client& hub() { return hub_; }

private:
    /// render(width): an exception is answered to the caller as an error.
    Json render(const client::Call& call)
    {
        const Json width = call.params.empty() ? Json(24) : call.params[0];
        if (!width.is_number_unsigned() || width < 2 || width > 200) {
            throw std::invalid_argument{"render(width): width has to be a number from 2 to 200"};
        }
        ++frame_;
        if (frame_ % settings_.report_every == 0) {
            std::printf("renderer: %u frames rendered, the last for %s\n", frame_, caller_of(call).c_str());
        }
        hub_.emit("snapshot", "rendered", Json::array({frame_}));
        Json result = Json::object();
        result["pid"] = ::getpid();
        result["frame"] = frame_;
        result["text"] = draw(frame_, width.get<unsigned>());
        return result;
    }

    /// The hub says which supervised process calls; null where it is none, nothing where the hub cannot tell.
    static std::string caller_of(const client::Call& call)
    {
        const auto process = call.source.find("process");
        return process != call.source.end() && process->is_string() ? process->get<std::string>() : "somebody";
    }

    Settings settings_;
    unsigned frame_ = 0;
    client::Client hub_;
};

int run(Settings settings)
{
    boost::asio::io_context io;
    Renderer renderer{io, settings};
    boost::asio::signal_set signals{io, SIGTERM, SIGINT};
    signals.async_wait([&](boost::system::error_code error, int) {
        if (error) return;
        std::puts("renderer: taking leave");
        renderer.hub().stop([&] { io.stop(); });
    });
    io.run();
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    std::setvbuf(stdout, nullptr, _IOLBF,
                 0); // into a pipe, stdio would keep lines back until 4 KiB are together
    Settings settings;
    CLI::App app{"Publishes `snapshot` on the hub that PANDORA_HUB_SOCKET names"};
    app.add_option("--report-every", settings.report_every, "renders a line of output")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, argc, argv);
    try {
        return run(settings);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "renderer: %s\n", error.what());
        return 1;
    }
}
