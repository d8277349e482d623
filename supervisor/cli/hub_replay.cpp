#include "supervisor/cli/hub_replay.hpp"

#include "supervisor/cli/hub_capture.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/hub_replay_plan.hpp"
#include "supervisor/cli/table.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;
using Time = std::chrono::steady_clock;

/// A sixteenth of what the hub lets one client have unanswered.
constexpr std::size_t in_flight_max = 256;

ReplayPlan read_plan(const ReplayOptions& options)
{
    std::ifstream file{options.file, std::ios::binary};
    if (!file)
        throw std::runtime_error{
            printable("cannot read " + options.file.string() + ": " + std::generic_category().message(errno))};
    ReplayPlan plan{options.filter};
    try {
        CaptureReader reader{file};
        while (const auto record = reader.next()) plan.add(*record);
        if (reader.torn()) complain(options.file.string() + ": its last record is cut off, and left out");
    } catch (const BadCapture& error) {
        throw std::runtime_error{printable(options.file.string() + ": " + error.what())};
    }
    return plan;
}

class Replay {
public:
    explicit Replay(const ReplayOptions& options)
        : options_{options}, plan_{read_plan(options)}, requests_{plan_.take()}, session_{hub_path(options.hub)}
    {}

    int run()
    {
        begin_ = Time::now();
        go_on();
        const int code = session_.run();
        complain(summary());
        return code == exit_code::ok && differences_ != 0 ? exit_code::failed : code;
    }

private:
    /// Sends what is due, then waits for the time of the next one or for an answer.
    void go_on()
    {
        for (; next_ < requests_.size(); ++next_) {
            const auto& request = requests_[next_];
            const auto at = begin_ + due(request, options_.speed);
            if (in_flight_ >= in_flight_max) return;
            if (at > Time::now()) return wait_until(at);
            send(request);
        }
        if (in_flight_ == 0) session_.leave(exit_code::ok);
    }

    void wait_until(Time::time_point at)
    {
        timer_.expires_at(at); // an answer meanwhile comes here again, and the wait before is given up
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (!error) go_on();
        });
    }

    void send(const ReplayRequest& request)
    {
        if (request.way == ReplayRequest::Way::send)
            return session_.client().send(request.object, request.method, request.params);
        ++in_flight_;
        session_.client().invoke(request.object, request.method, request.params,
                                 [this, &request](const client::Outcome& outcome) {
                                     --in_flight_;
                                     compare(request, outcome);
                                     go_on();
                                 },
                                 {.timeout = options_.timeout, .bytes = true});
    }

    void compare(const ReplayRequest& request, const client::Outcome& outcome)
    {
        const auto* error = std::get_if<client::CallError>(&outcome);
        const auto text = difference(request, error ? outcome_name(*error) : "ok", error ? failure_text(*error) : "ok");
        if (text.empty()) return;
        ++differences_;
        session_.print(printable(text));
    }

    std::string summary() const
    {
        auto text = std::to_string(next_) + " of " + std::to_string(requests_.size()) + " requests sent, " +
                    std::to_string(differences_) + " ended otherwise";
        if (plan_.incomplete() != 0)
            text += "; " + std::to_string(plan_.incomplete()) + " left out: their payload was not captured";
        return text;
    }

    const ReplayOptions& options_;
    ReplayPlan plan_;
    const std::vector<ReplayRequest> requests_;
    HubSession session_;
    boost::asio::steady_timer timer_{session_.io()};
    Time::time_point begin_;
    std::size_t next_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t differences_ = 0;
};

} // namespace

int hub_replay(const ReplayOptions& options) { return Replay{options}.run(); }

} // namespace pandora::supervisor::cli
