#include "supervisor/cli/hub_monitor.hpp"

#include "supervisor/cli/hub_capture.hpp"
#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/hub_outcome.hpp"
#include "supervisor/cli/table.hpp"
#include "supervisor/control/messages.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::cli {

namespace {

namespace client = hub::client;

/// The hub goes on for a minute after it was asked (hub/PROTOCOL.md 6).
constexpr std::chrono::seconds ask_again{20};

/// A subscription to what goes through the hub, kept up.
class Traffic {
public:
    /// `session` must outlive this. `sink` gets the records that the filter lets through.
    Traffic(HubSession& session, const TrafficFilter& filter, bool payload, std::function<void(const Json&)> sink)
        : session_{session}, filter_{filter}, payload_{payload}, sink_{std::move(sink)}, timer_{session.io()}
    {
        client::SubscribeOptions options;
        options.on_overflow = [](std::uint64_t lost) {
            complain(std::to_string(lost) + " bundles of records were lost: they came faster than they could be read");
        };
        session_.client().subscribe(
            control::hub_object_name, "traffic", [this](const Json& records) { take(records); }, options);
        ask();
    }

private:
    void take(const Json& records)
    {
        for (const auto& each : records)
            if (filter_.lets_through(each)) sink_(each);
    }

    void ask()
    {
        session_.client().invoke(control::hub_object_name, "monitor", Json::array({Json{{"payload", payload_}}}),
                                 [this](const client::Outcome& outcome) { asked(outcome); });
        timer_.expires_after(ask_again);
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (!error) ask();
        });
    }

    /// While the hub process is replaced there is nobody to ask; the next time comes.
    void asked(const client::Outcome& outcome)
    {
        const auto* error = std::get_if<client::CallError>(&outcome);
        if (!error || std::exchange(granted_, granted_ || !error)) return;
        const int code = exit_code_of(*error);
        if (code != exit_code::failed && code != exit_code::denied && code != exit_code::no_route) return;
        complain(failure_text(*error));
        session_.finish(code);
    }

    HubSession& session_;
    const TrafficFilter& filter_;
    bool payload_;
    std::function<void(const Json&)> sink_;
    boost::asio::steady_timer timer_;
    bool granted_ = false;
};

/// What goes through a hub is its app's own affair: nobody else may read the file.
std::ofstream made(const std::filesystem::path& file)
{
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        throw std::runtime_error{
            printable("cannot make " + file.string() + ": " + std::generic_category().message(errno))};
    ::close(fd);
    return std::ofstream{file, std::ios::binary};
}

} // namespace

int hub_monitor(const MonitorOptions& options)
{
    HubSession session{hub_path(options.hub)};
    const Traffic traffic{session, options.filter, options.payload, [&](const Json& record) {
                              session.print(options.json ? json_text(traffic_json(record, options.payload))
                                                         : traffic_line(record, options.payload));
                          }};
    return session.run();
}

int hub_capture(const CaptureOptions& options)
{
    HubSession session{hub_path(options.hub)};
    auto file = made(options.file);
    CaptureWriter writer{file, options.bytes_max};
    const auto end = [&] { session.finish(exit_code::ok); };
    const Traffic traffic{session, options.filter, true, [&](const Json& record) {
                              if (!writer.write(record) || !file) session.finish(exit_code::ok);
                          }};
    if (options.duration) session.after(*options.duration, end);
    const int code = session.run();
    file.close();
    if (!file) {
        complain("cannot write " + options.file.string());
        return exit_code::failed;
    }
    complain(options.file.string() + ": " + std::to_string(writer.records()) + " records, " +
             bytes_text(writer.bytes()));
    return code;
}

} // namespace pandora::supervisor::cli
