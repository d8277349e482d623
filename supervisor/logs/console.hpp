// The terminal (or file, or pipe) that `pandora run` writes to: every line with the name of the process it came from.
#pragma once

#include "supervisor/logs/never_waiting.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

enum class Colours : std::uint8_t { off, on };

/// On for a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb".
Colours colours_for(int fd);

/// Lives on the logs thread. A reader that does not read (a stopped terminal, a full pipe) never makes it wait: what
/// does not fit into its buffer is dropped, counted, and announced once there is room again. Whoever stops reading for
/// good is left with whole lines, but for one that is longer than a pipe takes at once.
class Console {
public:
    /// `fd` is borrowed and keeps its flags: they belong to everyone who shares the terminal.
    /// `name_width`: columns for the longest name.
    Console(int fd, Colours colours, std::size_t name_width);
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    /// `colour` chooses one of a few colours for the name; pandora's own lines have none. Nothing that a terminal
    /// would obey is left in `text`, see append_for_terminal(). Written with the next write_some().
    void line(std::string_view name, std::size_t colour, std::string_view text);
    void own_line(std::string_view text);

    /// Writes as long as the reader takes it. False where it takes no more: call again once descriptor() is writable.
    bool write_some();

    /// For epoll.
    int descriptor() const { return out_.descriptor(); }

    /// Nothing more is said: what was dropped last is announced now, however full the buffer is.
    void end();

    /// What its reader has not taken: in the buffer, or written.
    std::size_t unread_bytes() const { return buffer_.size() - written_ + out_.unread_bytes(); }

    /// Were nothing written any more: what was dropped, too, which those who read on find announced. 0 where nothing is
    /// left to write.
    std::uint64_t lines_lost() const;

private:
    void append(std::string_view prefix, std::string_view name, std::string_view suffix, std::string_view text);
    void announce_drops();
    void forget_written();
    void give_up();

    NeverWaiting out_;
    Colours colours_;
    std::size_t name_width_;
    std::string buffer_;
    std::size_t written_ = 0;   // of buffer_
    std::uint64_t dropped_ = 0; // since the last announcement
    std::uint64_t dropped_total_ = 0;
};

} // namespace pandora::supervisor::logs
