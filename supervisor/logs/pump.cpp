#include "supervisor/logs/pump.hpp"

#include "supervisor/logs/inbox.hpp"
#include "supervisor/logs/pipe_set.hpp"
#include "supervisor/logs/reader_patience.hpp"
#include "supervisor/logs/worker_thread.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/epoll.h>
#include <system_error>
#include <thread>
#include <utility>

namespace pandora::supervisor::logs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int events_a_turn = 64;

os::UniqueFd make_epoll()
{
    os::UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
    return epoll;
}

/// Rounded up: to wake a little early would be to wake twice.
int milliseconds_until(std::optional<SteadyTime> time)
{
    if (!time) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*time - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, std::chrono::milliseconds{1h}.count()));
}

} // namespace

/// Reads, and owns everything that does.
class Pump::Impl {
public:
    Impl(int console_fd, std::size_t name_width)
        : console_{console_fd, colours_for(console_fd), name_width}, files_{calls()}, epoll_{make_epoll()},
          pipes_{epoll_.get(), console_, files_}
    {
        watch(inbox_->descriptor(), EPOLLIN, inbox_.get());
        watch(console_.descriptor(), EPOLLONESHOT, &console_); // a file is refused, and always takes everything
        thread_ = start_thread("logs", [this] { run(); });
    }

    ~Impl()
    {
        inbox_->post([this] { ending_ = true; });
        thread_.join();
    }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void attach(Source source, os::UniqueFd pipe)
    {
        if (!source.output) source.output = std::make_shared<Output>();
        const auto process = source.instance.process;
        const auto tail = tails_.of(source.instance);
        const auto origin =
            std::make_shared<const Origin>(Origin{std::move(source), ++pipes_attached_, counters_of(process)});
        // A posted task is copied, a descriptor is not: hence the shared owner.
        const auto shared = std::make_shared<os::UniqueFd>(std::move(pipe));
        inbox_->post([this, origin, tail, shared] { pipes_.adopt(origin, std::move(*shared), tail); });
    }

    void finish(std::function<void(std::uint64_t)> done)
    {
        inbox_->post([this, done = std::move(done)] {
            done_ = done;
            ending_ = true;
        });
    }

    void hurry()
    {
        inbox_->post([this] { hurried_ = true; });
    }

    void ended(InstanceKey instance)
    {
        inbox_->post([this, instance = std::move(instance)] { pipes_.ended(instance); });
    }

    Inbox& inbox() { return *inbox_; }

    void say(std::string text)
    {
        inbox_->post([this, text = std::move(text)] { console_.own_line(text); });
    }

    const Tails& tails() const { return tails_; }

    std::map<std::string, Counts> counts() const
    {
        const std::lock_guard lock{counters_mutex_};
        std::map<std::string, Counts> result;
        for (const auto& [process, counters] : counters_) result.emplace(process, counters->read());
        return result;
    }

private:
    /// A disk that is stuck may keep its thread beyond our end: then nobody takes its words from the inbox.
    FileWriter::Calls calls()
    {
        const auto post = [weak = std::weak_ptr{inbox_}](Inbox::Task task) {
            if (const auto inbox = weak.lock()) inbox->post(std::move(task));
        };
        return {[this, post](std::string text) { post([this, text = std::move(text)] { console_.own_line(text); }); },
                [this, post] { post([this] { pipes_.resume_held(); }); }};
    }

    std::shared_ptr<Counters> counters_of(const std::string& process)
    {
        const std::lock_guard lock{counters_mutex_};
        auto& counters = counters_[process];
        if (!counters) counters = std::make_shared<Counters>();
        return counters;
    }

    void watch(int descriptor, std::uint32_t events, void* whose, int operation = EPOLL_CTL_ADD)
    {
        epoll_event event{};
        event.events = events;
        event.data.ptr = whose;
        ::epoll_ctl(epoll_.get(), operation, descriptor, &event);
    }

    void run()
    {
        while (!ending_) {
            std::array<epoll_event, events_a_turn> events; // NOLINT: filled by epoll_wait
            const int count =
                ::epoll_wait(epoll_.get(), events.data(), events_a_turn, milliseconds_until(pipes_.due()));
            for (int n = 0; n < count; ++n) handle(events.at(static_cast<std::size_t>(n)).data.ptr);
            run_tasks(); // after the events: a task may close pipes that they name
            pipes_.perform_due(Clock::now());
            write_console();
        }
        finish();
    }

    void handle(void* whose)
    {
        if (whose == &console_)
            console_is_full_ = false;
        else if (whose != inbox_.get())
            pipes_.readable(*static_cast<PipeReader*>(whose));
    }

    void run_tasks()
    {
        for (const auto& task : inbox_->take()) task();
    }

    /// One write for all lines of a turn.
    void write_console()
    {
        if (console_is_full_ || console_.write_some()) return;
        console_is_full_ = true;
        watch(console_.descriptor(), EPOLLOUT | EPOLLONESHOT, &console_, EPOLL_CTL_MOD);
    }

    void finish()
    {
        const auto end = Clock::now() + disk_patience;
        pipes_.finish(end);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (!files_.finish(std::max(left, left.zero())))
            console_.own_line("a disk is stuck: the last lines of some logs are lost");
        run_tasks(); // what the files still had to say
        console_.end();
        await_reader();
        if (done_) done_(console_.lines_lost());
    }

    void await_reader()
    {
        ReaderPatience patience{console_patience, Clock::now()};
        while (!console_.write_some() && !hurried_ && !patience.is_over(console_.unread_bytes(), Clock::now())) {
            std::array<pollfd, 2> awaited{{{console_.descriptor(), POLLOUT, 0}, {inbox_->descriptor(), POLLIN, 0}}};
            ::poll(awaited.data(), awaited.size(), static_cast<int>(console_look.count()));
            run_tasks();
        }
    }

    std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
    Console console_;
    FileWriter files_;
    os::UniqueFd epoll_;
    PipeSet pipes_;
    Tails tails_;
    std::map<std::string, std::shared_ptr<Counters>> counters_;
    mutable std::mutex counters_mutex_; // over the map
    std::atomic<std::uint64_t> pipes_attached_{0};
    std::function<void(std::uint64_t lines_lost)> done_;
    bool ending_ = false;
    bool hurried_ = false;
    bool console_is_full_ = false;
    std::thread thread_; // last: it uses all of the above
};

Pump::Pump(int console_fd, std::size_t name_width) : impl_{std::make_unique<Impl>(console_fd, name_width)} {}

Pump::~Pump() = default;

void Pump::attach(Source source, os::UniqueFd pipe) { impl_->attach(std::move(source), std::move(pipe)); }

void Pump::finish(std::function<void(std::uint64_t lines_lost)> done) { impl_->finish(std::move(done)); }

void Pump::hurry() { impl_->hurry(); }

void Pump::ended(InstanceKey instance) { impl_->ended(std::move(instance)); }

void Pump::say(std::string text) { impl_->say(std::move(text)); }

std::vector<TailLine> Pump::tail(const InstanceKey& instance, std::size_t lines, std::uint64_t from) const
{
    return impl_->tails().last(instance, lines, from);
}

std::map<std::string, Counts> Pump::counts() const { return impl_->counts(); }

Pump::Batch::Batch(Pump& pump) : pump_{pump} { pump_.impl_->inbox().hold(); }

Pump::Batch::~Batch() { pump_.impl_->inbox().release(); }

} // namespace pandora::supervisor::logs
