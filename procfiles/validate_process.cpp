#include "procfiles/quote.hpp"
#include "procfiles/validate.hpp"

#include <algorithm>
#include <regex>
#include <string>
#include <utility>

namespace pandora::procfiles {

namespace {

constexpr int first_passed_fd = 3; // see sd_listen_fds(3)
constexpr int notification_fd_max = 255;

class ProcessCheck {
public:
    ProcessCheck(const ProcessSpec& process, std::vector<Problem>& problems) : process_{process}, problems_{problems} {}

    void run()
    {
        if (process_.replicas == 0) problem(process_.place, name() + " has no replicas");
        check(process_.availability);
        check(process_.readiness);
        if (process_.readiness.probe) check("readiness_probe", *process_.readiness.probe);
        if (process_.liveness) check("liveness_probe", *process_.liveness);
        for (const ResourceLimit& limit : process_.limits.resources) check(limit);
        check_start();
        check_replacing();
    }

private:
    std::string name() const { return "process " + quote(process_.name); }

    void problem(Place place, std::string message) { problems_.push_back({place, std::move(message)}); }

    void warning(std::string message) { problems_.push_back({process_.place, std::move(message), Severity::warning}); }

    void check(const Availability& availability)
    {
        if (availability.backoff_multiplier < 1)
            problem(availability.place, "`backoff_multiplier` must be at least 1: delays do not shrink");
        if (availability.backoff_jitter < 0 || availability.backoff_jitter > 1)
            problem(availability.place, "`backoff_jitter` must be from 0 to 1: it is a fraction of the delay");
        if (availability.backoff_max < availability.backoff)
            problem(availability.place, "`backoff_max` (" + std::to_string(availability.backoff_max.count()) +
                                            " ms) must not be below `backoff` (" +
                                            std::to_string(availability.backoff.count()) + " ms)");
    }

    void check(const Readiness& readiness)
    {
        if (readiness.notification_fd) check_notification_fd(*readiness.notification_fd);
        if (!readiness.log_line.empty()) check_log_line(readiness.log_line);
    }

    void check_notification_fd(int fd)
    {
        const int first_free = first_passed_fd + static_cast<int>(process_.sockets.size());
        if (fd < first_passed_fd || fd > notification_fd_max)
            problem(process_.place, name() + ": `notification_fd` must be from 3 to 255");
        else if (fd < first_free)
            problem(process_.place, name() + ": `notification_fd` " + std::to_string(fd) +
                                        " is where one of its sockets is; the first that is free is " +
                                        std::to_string(first_free));
    }

    void check_log_line(const std::string& pattern)
    {
        try {
            const std::regex compiled{pattern};
        } catch (const std::regex_error&) {
            warning(name() + ": `ready_log_line` " + quote(pattern) +
                    " is no regular expression; it is looked for as it is written");
        }
    }

    void check(std::string_view key, const Probe& probe)
    {
        if (probe.success_threshold == 0 || probe.failure_threshold == 0)
            problem(process_.place, name() + ": the thresholds of `" + std::string{key} + "` must be at least 1");
        if (probe.period <= Millis{0} || probe.timeout <= Millis{0})
            problem(process_.place, name() + ": the period and timeout of `" + std::string{key} + "` must be above 0");
    }

    void check(const ResourceLimit& limit)
    {
        if (limit.hard && (!limit.soft || *limit.soft > *limit.hard))
            problem(process_.place, name() + ": a soft limit must not be above its hard one (" +
                                        (limit.soft ? std::to_string(*limit.soft) : "unlimited") + " and " +
                                        std::to_string(*limit.hard) + ")");
    }

    /// What starts it, and what stands against that.
    void check_start()
    {
        if (process_.schedule && process_.replicas > 1)
            problem(process_.place, name() + " has a `schedule` and replicas; runs that overlap are `max_concurrent`");
        if (process_.schedule && process_.on_demand)
            problem(process_.place, name() + " has a `schedule` and `on_demand`; only one can start it");
        if (process_.on_demand && process_.sockets.empty())
            problem(process_.place, name() + ": `on_demand` needs `sockets`, whose first connection starts it");
        if (process_.is_daemon && process_.shutdown.command.empty())
            warning(name() +
                    " has `is_daemon` and no `shutdown.command`: what it leaves in the background is stopped by "
                    "signals, if it can be found");
        for (std::size_t i = 0; i < process_.sockets.size(); ++i)
            if (std::find(process_.sockets.begin(), process_.sockets.begin() + static_cast<std::ptrdiff_t>(i),
                          process_.sockets[i]) != process_.sockets.begin() + static_cast<std::ptrdiff_t>(i))
                problem(process_.place, name() + " lists socket " + quote(process_.sockets[i]) + " twice");
    }

    void check_replacing()
    {
        if (process_.rollout.max_surge == 0 && process_.rollout.max_unavailable == 0)
            problem(process_.place,
                    name() + ": `max_surge` and `max_unavailable` are both 0: nothing could be replaced");
        if (process_.recycle.spread > Millis{0} && process_.recycle.age == Millis{0})
            warning(name() + ": `recycle.spread` does nothing without `recycle.age`");
    }

    const ProcessSpec& process_;
    std::vector<Problem>& problems_;
};

} // namespace

void validate_process(const ProcessSpec& process, std::vector<Problem>& problems)
{
    ProcessCheck{process, problems}.run();
}

} // namespace pandora::procfiles
