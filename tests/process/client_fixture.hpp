// Clients on a loop of the test's own, and a real hub between them: `pandora hub serve`, which may be killed.
#pragma once

#include "hub/client/cpp/client.hpp"
#include "tests/support/run_until.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace pandora::hub::client {

/// How gtest shows one in a failure.
inline void PrintTo(const CallError& error, std::ostream* out) { *out << error.name << ": " << error.message; }

/// One `pandora hub serve`. Ends with the test, however that ends.
class HubProcess {
public:
    /// `descriptors`: as many as it may have; none said: as many as this process.
    explicit HubProcess(const std::string& socket_path, std::optional<rlim_t> descriptors = {})
    {
        int out[2]{};
        if (::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::dup2(out[1], STDOUT_FILENO);
            const rlimit few{descriptors.value_or(0), descriptors.value_or(0)};
            if (descriptors && ::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(127);
            ::execl(PANDORA_BIN, PANDORA_BIN, "hub", "serve", "--socket", socket_path.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(out[1]);
        wait_until_it_listens(out[0]);
        ::close(out[0]);
    }

    ~HubProcess() { kill(); }

    HubProcess(const HubProcess&) = delete;
    HubProcess& operator=(const HubProcess&) = delete;

    /// Until resume() it does nothing, as if it had hung.
    void suspend() const
    {
        ::kill(pid_, SIGSTOP);
        ::waitpid(pid_, nullptr, WUNTRACED);
    }

    void resume() const { ::kill(pid_, SIGCONT); }

    void kill()
    {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    }

private:
    static void wait_until_it_listens(int out)
    {
        std::string said;
        for (char letter = 0; !said.ends_with("hub on") && ::read(out, &letter, 1) == 1;) said += letter;
        if (!said.ends_with("hub on")) throw std::runtime_error{"the hub ended at once: " + said};
    }

    pid_t pid_ = -1;
};

enum class Dialect : std::uint8_t { native, legacy };

inline void PrintTo(Dialect dialect, std::ostream* out) { *out << (dialect == Dialect::native ? "native" : "legacy"); }

class ClientTest : public ::testing::Test {
protected:
    ~ClientTest() override
    {
        hub.reset();
        std::filesystem::remove_all(folder);
    }

    Options options(Dialect dialect = Dialect::native) const
    {
        Options made;
        made.socket_path = folder + "/hub.sock";
        made.location = {{"appName", "shop"}, {"processName", "test"}};
        made.reconnect_delay = std::chrono::milliseconds{10};
        made.native = dialect == Dialect::native;
        return made;
    }

    /// One that is online.
    std::unique_ptr<Client> join(const Options& how, std::function<void(Client&)> prepare = {})
    {
        auto client = std::make_unique<Client>(io, how);
        if (prepare) prepare(*client);
        bool online = false;
        client->on_online([&] { online = true; });
        client->start();
        EXPECT_TRUE(until([&] { return online; }));
        client->on_online(nullptr);
        EXPECT_EQ(client->speaks_native(), how.native);
        return client;
    }

    std::unique_ptr<Client> join(Dialect dialect = Dialect::native) { return join(options(dialect)); }

    /// One that publishes `math`.
    std::unique_ptr<Client> join_with(Methods methods, Options how, Properties properties = {})
    {
        return join(how, [&](Client& client) { client.publish("math", std::move(methods), std::move(properties)); });
    }

    std::unique_ptr<Client> join_with(Methods methods) { return join_with(std::move(methods), options()); }

    /// Runs the loop until `holds`; a missed deadline means that something is wrong, not that the machine is slow.
    template <class Condition>
    bool until(Condition holds)
    {
        return tests::support::run_until(io, std::move(holds));
    }

    /// Starts a call with `start`, which is given its completion, and runs the loop to its end.
    template <class Start>
    Outcome outcome(Start start)
    {
        std::optional<Outcome> ended;
        start([&](Outcome how) { ended = std::move(how); });
        EXPECT_TRUE(until([&] { return ended.has_value(); })) << "the call has no end";
        return ended.value_or(CallError{"none", "the call has no end"});
    }

    Outcome call(Client& caller, const std::string& method, Json params = Json::array(), CallOptions how = {})
    {
        return outcome(
            [&](Completion done) { caller.invoke("math", method, std::move(params), std::move(done), how); });
    }

    /// What was sent on this connection before has reached the hub.
    void reach_hub(Client& client)
    {
        const auto answer =
            outcome([&](Completion done) { client.invoke("pandora.hub", "ping", Json::array(), std::move(done)); });
        EXPECT_TRUE(std::holds_alternative<Json>(answer));
    }

    static Json value_of(const Outcome& outcome)
    {
        const auto* value = std::get_if<Json>(&outcome);
        if (!value) ADD_FAILURE() << "no value: " << error_of(outcome).name << ": " << error_of(outcome).message;
        return value ? *value : Json{};
    }

    static CallError error_of(const Outcome& outcome)
    {
        const auto* error = std::get_if<CallError>(&outcome);
        return error ? *error : CallError{"no error", ""};
    }

    std::string folder = [] {
        std::string name = (std::filesystem::temp_directory_path() / "pandora-client-XXXXXX").string();
        return std::string{::mkdtemp(name.data())};
    }();
    boost::asio::io_context io{1};
    std::optional<HubProcess> hub{std::in_place, folder + "/hub.sock"};
};

} // namespace pandora::hub::client
