#include "supervisor/cli/hub_publish.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/shell_command.hpp"

#include <csignal>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;

constexpr std::size_t waiting_max = 1024; // calls; about what a caller's deadline leaves time for

class Publisher {
public:
    explicit Publisher(const PublishOptions& options) : options_{options}, session_{hub_path(options.hub)} {}

    int run()
    {
        client::Methods methods;
        for (const auto& [name, command] : options_.methods)
            methods[name] = [this, &name = name, &command = command](const client::Call& call,
                                                                     const client::Reply& reply) {
                take({name, command, call, reply});
            };
        session_.client().publish(options_.object, std::move(methods));
        session_.on_online([this] {
            if (!std::exchange(told_, true)) session_.print("published " + options_.object);
        });
        session_.on_signal([this](int signal) { end_by(signal); });
        return session_.run();
    }

private:
    struct Asked {
        std::string method;
        std::string command;
        client::Call call;
        client::Reply reply;
    };

    using Running = std::list<std::unique_ptr<ShellCommand>>;

    void take(Asked asked)
    {
        // At once, so that others get what comes now; calls that are on their way hear that it was withdrawn.
        if (options_.once) session_.client().unpublish(options_.object);
        if (running_.size() < options_.at_once_max) return start(std::move(asked));
        if (waiting_.size() == waiting_max) return asked.reply.error("too many calls wait for their command", "busy");
        waiting_.push_back(std::move(asked));
    }

    /// SIGTERM is how a supervisor replaces us: what has been taken on is done, and whoever supervises has a limit for
    /// that. At SIGINT somebody waits at a terminal.
    void end_by(int signal)
    {
        end_code_ = 128 + signal;
        session_.client().unpublish(options_.object);
        if (signal == SIGINT) {
            waiting_.clear(); // their callers are told
            for (auto& command : running_) command->terminate();
        }
        if (running_.empty() || signal == SIGINT) session_.leave(*end_code_);
    }

    void start(Asked asked)
    {
        const auto place = running_.emplace(running_.end());
        try {
            *place = std::make_unique<ShellCommand>(
                session_.io(), asked.command, json_text(asked.call.params) + "\n",
                std::vector{"PANDORA_CALL_METHOD=" + asked.method,
                            "PANDORA_CALL_SOURCE=" + json_text(asked.call.source)},
                [this, place, method = asked.method, reply = asked.reply](CommandEnd end) {
                    answer(reply, method, std::move(end));
                    ended(place);
                });
        } catch (const std::system_error& error) {
            running_.erase(place);
            asked.reply.error(error.what(), "CommandFailed");
            if (options_.once) session_.leave(exit_code::failed);
            return;
        }
        // Nobody waits for the answer any more. The command is there then: it is destroyed only once it has answered,
        // and what was answered is not cancelled.
        asked.call.on_cancel([command = place->get()] { command->terminate(); });
    }

    /// Says how a command failed, never which: it may hold what callers must not see.
    static void answer(const client::Reply& reply, const std::string& method, CommandEnd end)
    {
        auto result = end.failure ? BadOutput{*end.failure} : command_result(end.output);
        if (const auto* bad = std::get_if<BadOutput>(&result))
            reply.error("the command of " + method + " failed: " + bad->why, "CommandFailed");
        else
            reply.value(std::move(std::get<Json>(result)));
    }

    void ended(Running::iterator place)
    {
        running_.erase(place);
        if (options_.once) return session_.leave(exit_code::ok);
        while (!waiting_.empty() && running_.size() < options_.at_once_max) {
            auto next = std::move(waiting_.front());
            waiting_.pop_front();
            if (!next.call.canceled()) start(std::move(next));
        }
        if (end_code_ && running_.empty()) session_.leave(*end_code_);
    }

    const PublishOptions& options_;
    HubSession session_;
    Running running_; // before `session_` goes: they live on its loop
    std::deque<Asked> waiting_;
    bool told_ = false;
    std::optional<int> end_code_; // a signal has come
};

} // namespace

int hub_publish(const PublishOptions& options) { return Publisher{options}.run(); }

} // namespace pandora::supervisor::cli
