#include "supervisor/logs/console.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/epoll.h>
#include <system_error>
#include <unistd.h>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t buffer_bytes_max = 16 * 1024 * 1024; // some 200,000 lines while a terminal is stopped

constexpr std::array<std::string_view, 6> name_colours{"\x1b[36m", "\x1b[33m", "\x1b[32m",
                                                       "\x1b[35m", "\x1b[34m", "\x1b[96m"};
constexpr std::string_view own_colour = "\x1b[1m";
constexpr std::string_view plain = "\x1b[0m";

boost::asio::posix::stream_descriptor make_epoll(boost::asio::io_context& io)
{
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
    return {io, fd};
}

} // namespace

Colours colours_for(int fd)
{
    const char* term = std::getenv("TERM");
    const char* no_color = std::getenv("NO_COLOR");
    const bool on = ::isatty(fd) == 1 && !(no_color && *no_color) && term && std::string_view{term} != "dumb";
    return on ? Colours::on : Colours::off;
}

Console::Console(boost::asio::io_context& io, int fd, Colours colours, std::size_t name_width)
    : out_{fd}, room_{make_epoll(io)}, colours_{colours}, name_width_{name_width}
{
    epoll_event none{};
    none.events = EPOLLONESHOT;
    ::epoll_ctl(room_.native_handle(), EPOLL_CTL_ADD, out_.descriptor(), &none);
}

void Console::line(std::string_view name, std::size_t colour, std::string_view text)
{
    if (colours_ == Colours::on)
        append(name_colours[colour % name_colours.size()], name, plain, text);
    else
        append("", name, "", text);
}

void Console::own_line(std::string_view text)
{
    if (colours_ == Colours::on)
        append(own_colour, "pandora", plain, text);
    else
        append("", "pandora", "", text);
}

void Console::append(std::string_view prefix, std::string_view name, std::string_view suffix, std::string_view text)
{
    if (buffer_.size() - written_ + text.size() > buffer_bytes_max) {
        ++dropped_;
        ++dropped_total_;
        return;
    }
    announce_drops();
    buffer_.append(prefix).append(name);
    if (name.size() < name_width_) buffer_.append(name_width_ - name.size(), ' ');
    buffer_.append(" | ").append(suffix).append(text).push_back('\n');
    if (waiting_ || scheduled_) return;
    scheduled_ = true; // one write for all lines of this turn
    boost::asio::post(room_.get_executor(), [this] {
        scheduled_ = false;
        write_some();
    });
}

void Console::announce_drops()
{
    if (dropped_ == 0 || buffer_.size() - written_ > buffer_bytes_max / 2) return;
    buffer_ += "pandora | " + std::to_string(dropped_) + " lines dropped here: nobody read them\n";
    dropped_ = 0;
}

/// What has been written goes once it is the larger part: each byte is moved at most once on average.
void Console::forget_written()
{
    if (written_ <= buffer_.size() / 2) return;
    buffer_.erase(0, written_);
    written_ = 0;
}

/// Writes as long as the reader takes it.
void Console::write_some()
{
    if (waiting_) return;
    while (written_ < buffer_.size()) {
        const auto written = out_.write(std::string_view{buffer_}.substr(written_));
        switch (written.what) {
        case NeverWaiting::Written::What::some: written_ += written.bytes; break;
        case NeverWaiting::Written::What::no_room: forget_written(); return wait_for_room();
        case NeverWaiting::Written::What::gone: return give_up();
        }
    }
    give_up(); // nothing is left
}

/// Supervision goes on without a reader.
void Console::give_up()
{
    buffer_.clear();
    written_ = 0;
}

void Console::wait_for_room()
{
    waiting_ = true;
    epoll_event writable{};
    writable.events = EPOLLOUT | EPOLLONESHOT;
    ::epoll_ctl(room_.native_handle(), EPOLL_CTL_MOD, out_.descriptor(), &writable);
    room_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
        if (error) return;
        epoll_event seen{};
        ::epoll_wait(room_.native_handle(), &seen, 1, 0);
        waiting_ = false;
        write_some();
    });
}

void Console::drain(std::chrono::milliseconds patience)
{
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + patience;
    while (written_ < buffer_.size()) {
        const auto written = out_.write(std::string_view{buffer_}.substr(written_));
        if (written.what == NeverWaiting::Written::What::gone) return;
        written_ += written.bytes;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left <= left.zero()) return;
        if (written.what == NeverWaiting::Written::What::some) continue;
        pollfd room{out_.descriptor(), POLLOUT, 0};
        ::poll(&room, 1, static_cast<int>(left.count()));
    }
}

} // namespace pandora::supervisor::logs
