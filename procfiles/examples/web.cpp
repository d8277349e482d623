// A worker of the demo: calls `snapshot.render` through the hub again and again and prints what comes back.
// With
// --crash-every it dies now and then, to show what a supervisor is for.
#include "hub/client/cpp/client.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <unistd.h>
#include <variant>

namespace {

namespace asio = boost::asio;
namespace client = pandora::hub::client;
using client::Json;
using Seconds = std::chrono::duration<double>;

struct Settings {
    unsigned every_ms = 300;       // between two calls
    unsigned width = 24;           // of the frame asked for
    double crash_every_s = 0;      // on average; 0 = never
    unsigned rendered_every = 100; // "rendered" events a line of output
};

/// Called once the time has come: by turns of luck as a bug and as an error exit, since a supervisor tells
/// them apart.
[[noreturn]] void crash(std::mt19937& luck)
{
    if (luck() % 2 == 0) {
        std::puts("web: crashing on purpose: SIGSEGV");
        std::signal(SIGSEGV, SIG_DFL);
        std::raise(SIGSEGV);
    }
    std::puts("web: crashing on purpose: exit code 3");
    std::exit(3);
}

class Web {
public:
    Web(asio::io_context& io, Settings settings)
        : settings_{settings}, hub_{io, client::Options::from_environment()}, next_call_{io}, crash_{io}
    {
        hub_.subscribe("snapshot", "rendered", [this](const Json&) { on_rendered(); });
        hub_.on_online([] { std::puts("web: online"); });
        hub_.on_lost([](const std::string& reason) { std::printf("web: no hub: %s\n", reason.c_str()); });
        hub_.start();
        call_later();
        if (settings_.crash_every_s > 0) crash_later();
    }

    client::Client& hub() { return hub_; }

private:
    void call_later()
    {
        next_call_.expires_after(std::chrono::milliseconds{settings_.every_ms});
        next_call_.async_wait([this](boost::system::error_code error) {
            if (!error) call();
        });
    }

    void call()
    {
        const auto started = std::chrono::steady_clock::now();
        hub_.invoke("snapshot", "render", Json::array({settings_.width}), [this, started](client::Outcome outcome) {
            print(outcome, Seconds{std::chrono::steady_clock::now() - started});
            call_later();
        });
    }

    static void print(const client::Outcome& outcome, Seconds took)
    {
        const auto* error = std::get_if<client::CallError>(&outcome);
        const std::string result =
            error ? "no frame: " + error->name + ": " + error->message : describe(std::get<Json>(outcome));
        std::printf("web: %s (%.1f ms)\n", result.c_str(), took.count() * 1e3);
    }

    /// Whoever publishes `snapshot` may answer anything: only what has the shape of a frame is read as one.
    static std::string describe(const Json& frame)
    {
        const auto text = frame.is_object() ? frame.find("text") : frame.end();
        if (text == frame.end() || !text->is_string() || !frame.contains("frame") || !frame.contains("pid")) {
            return "an answer that is no frame: " + frame.dump();
        }
        return text->get<std::string>() + " frame " + frame["frame"].dump() + " by pid " + frame["pid"].dump();
    }

    void on_rendered()
    {
        if (++rendered_ % settings_.rendered_every == 0) std::printf("web: heard of %u frames\n", rendered_);
    }

    void crash_later()
    {
        std::uniform_real_distribution<double> around{0.5 * settings_.crash_every_s, 1.5 * settings_.crash_every_s};
        crash_.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(Seconds{around(luck_)}));
        crash_.async_wait([this](boost::system::error_code error) {
            if (!error) crash(luck_);
        });
    }

    Settings settings_;
    client::Client hub_;
    asio::steady_timer next_call_;
    asio::steady_timer crash_;
    std::mt19937 luck_{std::random_device{}()};
    unsigned rendered_ = 0;
};

int run(Settings settings)
{
    asio::io_context io;
    Web web{io, settings};
    asio::signal_set signals{io, SIGTERM, SIGINT};
    signals.async_wait([&](boost::system::error_code error, int) {
        if (error) return;
        std::puts("web: taking leave");
        web.hub().stop([&] { io.stop(); });
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
    CLI::App app{"Calls snapshot.render on the hub that PANDORA_HUB_SOCKET names"};
    app.add_option("--every", settings.every_ms, "milliseconds between two calls")->check(CLI::PositiveNumber);
    app.add_option("--width", settings.width, "of the frame asked for");
    app.add_option("--crash-every", settings.crash_every_s, "seconds, on average; 0 = never")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--rendered-every", settings.rendered_every, "events a line of output")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, argc, argv);
    try {
        return run(settings);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "web: %s\n", error.what());
        return 1;
    }
}
