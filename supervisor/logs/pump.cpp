#include "supervisor/logs/pump.hpp"

#include "supervisor/logs/line_assembler.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <pthread.h>
#include <set>
#include <thread>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::logs {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes = 64 * 1024; // a pipe's default size: one read empties it
constexpr int reads_a_turn = 4;               // then the other streams get their turn
constexpr std::chrono::milliseconds partial_patience{
    1'000}; // then an unfinished line is shown: a prompt, a progress bar
constexpr std::chrono::milliseconds drain_patience{1'000};

/// One worker's pipe.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    Stream(asio::io_context& io, Console& console, std::string name, std::size_t colour, os::UniqueFd pipe)
        : console_{console}, name_{std::move(name)}, colour_{colour}, pipe_{io}, idle_{io}
    {
        pipe_.assign(pipe.get());
        (void)pipe.release();
        pipe_.non_blocking(true); // our end of the pipe is ours alone
    }

    using Closed = std::function<void(const std::shared_ptr<Stream>&)>;

    void start(Closed closed)
    {
        closed_ = std::move(closed);
        wait();
    }

    /// Everything that can be read now. False at the end of the stream.
    bool read_all(int reads_max)
    {
        std::array<char, read_bytes> chunk; // NOLINT: filled by read
        for (int n = 0; n < reads_max; ++n) {
            const auto got = ::read(pipe_.native_handle(), chunk.data(), chunk.size());
            if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
            if (got < 0) return true;
            lines_.feed({chunk.data(), static_cast<std::size_t>(got)}, sink());
        }
        return true;
    }

    void flush() { lines_.flush(sink()); }

private:
    LineAssembler::Sink sink()
    {
        return [this](std::string_view line, bool) { console_.line(name_, colour_, line); };
    }

    void wait()
    {
        pipe_.async_wait(asio::posix::descriptor_base::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                             if (!error) self->readable();
                         });
    }

    void readable()
    {
        if (!read_all(reads_a_turn)) {
            flush();
            idle_.cancel();
            return closed_(shared_from_this());
        }
        if (!lines_.empty()) show_partial_later();
        wait();
    }

    /// Counted from the first chunk: output that comes in drops is shown, too.
    void show_partial_later()
    {
        if (std::exchange(waiting_to_show_, true)) return;
        idle_.expires_after(partial_patience);
        idle_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!self || error) return;
            self->waiting_to_show_ = false;
            self->flush();
        });
    }

    Console& console_;
    std::string name_;
    std::size_t colour_;
    asio::posix::stream_descriptor pipe_;
    asio::steady_timer idle_;
    bool waiting_to_show_ = false;
    LineAssembler lines_;
    Closed closed_;
};

} // namespace

class Pump::Impl {
public:
    Impl(int console_fd, std::size_t name_width)
        : console_{io_, console_fd, colours_for(console_fd), name_width}, thread_{[this] { run(); }}
    {}

    ~Impl()
    {
        asio::post(io_, [this] { finish(); });
        thread_.join();
    }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void attach(std::string name, std::size_t colour, os::UniqueFd pipe)
    {
        // A posted handler is copied, a descriptor is not: hence the shared owner.
        const auto shared = std::make_shared<os::UniqueFd>(std::move(pipe));
        asio::post(io_, [this, name = std::move(name), colour, shared] { adopt(name, colour, std::move(*shared)); });
    }

    void say(std::string text)
    {
        asio::post(io_, [this, text = std::move(text)] { console_.own_line(text); });
    }

private:
    void run()
    {
        ::pthread_setname_np(::pthread_self(), "logs");
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr); // the main thread's business, SIGCHLD above all
        io_.run();
    }

    void adopt(const std::string& name, std::size_t colour, os::UniqueFd pipe)
    {
        try {
            const auto stream = std::make_shared<Stream>(io_, console_, name, colour, std::move(pipe));
            streams_.insert(stream);
            stream->start([this](const std::shared_ptr<Stream>& closed) { streams_.erase(closed); });
        } catch (const boost::system::system_error& error) { // the loop takes no more descriptors
            console_.own_line(name + ": its output cannot be read: " + error.what());
        }
    }

    void finish()
    {
        for (const auto& stream : streams_) {
            stream->read_all(1024); // bounded: a leftover that writes without end must not keep us
            stream->flush();
        }
        console_.drain(drain_patience);
        io_.stop();
    }

    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    Console console_;
    std::set<std::shared_ptr<Stream>> streams_;
    std::thread thread_; // last: it uses all of the above
};

Pump::Pump(int console_fd, std::size_t name_width) : impl_{std::make_unique<Impl>(console_fd, name_width)} {}

Pump::~Pump() = default;

void Pump::attach(std::string name, std::size_t colour, os::UniqueFd pipe)
{
    impl_->attach(std::move(name), colour, std::move(pipe));
}

void Pump::say(std::string text) { impl_->say(std::move(text)); }

} // namespace pandora::supervisor::logs
