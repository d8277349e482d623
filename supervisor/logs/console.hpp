// The terminal (or file, or pipe) that `pandora run` writes to: every line with the name of the process it came from.
#pragma once

#include "supervisor/logs/never_waiting.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

enum class Colours : std::uint8_t { off, on };

/// On for a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb".
Colours colours_for(int fd);

/// Lives on the logs thread. A reader that does not read (a stopped terminal, a full pipe) never makes it wait: what
/// does not fit into its buffer is dropped, counted, and announced once there is room again.
class Console {
public:
    /// `fd` is borrowed and keeps its flags: they belong to everyone who shares the terminal. Throws std::system_error.
    /// `name_width`: columns for the longest name.
    Console(boost::asio::io_context& io, int fd, Colours colours, std::size_t name_width);
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    /// `colour` chooses one of a few colours for the name; pandora's own lines have none.
    void line(std::string_view name, std::size_t colour, std::string_view text);
    void own_line(std::string_view text);

    /// Writes what is left, waiting for the reader at most `patience` in all.
    void drain(std::chrono::milliseconds patience);

    std::uint64_t dropped_lines() const { return dropped_total_; }

private:
    void append(std::string_view prefix, std::string_view name, std::string_view suffix, std::string_view text);
    void announce_drops();
    void forget_written();
    void write_some();
    void wait_for_room();
    void give_up();

    NeverWaiting out_;
    boost::asio::posix::stream_descriptor room_; // an epoll of its own: Asio would make a shared fd non-blocking
    Colours colours_;
    std::size_t name_width_;
    std::string buffer_;
    std::size_t written_ = 0;   // of buffer_
    std::uint64_t dropped_ = 0; // since the last announcement
    std::uint64_t dropped_total_ = 0;
    bool waiting_ = false;
    bool scheduled_ = false;
};

} // namespace pandora::supervisor::logs
