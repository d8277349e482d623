#include "supervisor/logs/console.hpp"

#include "supervisor/logs/lines.hpp"
#include "supervisor/logs/terminal_text.hpp"

#include <array>
#include <cstdlib>
#include <unistd.h>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t buffer_bytes_max = 16 * 1024 * 1024; // some 200,000 lines while a terminal is stopped

constexpr std::array<std::string_view, 6> name_colours{"\x1b[36m", "\x1b[33m", "\x1b[32m",
                                                       "\x1b[35m", "\x1b[34m", "\x1b[96m"};
constexpr std::string_view own_colour = "\x1b[1m";
constexpr std::string_view plain = "\x1b[0m";

} // namespace

Colours colours_for(int fd)
{
    const char* term = std::getenv("TERM");
    const char* no_color = std::getenv("NO_COLOR");
    const bool on = ::isatty(fd) == 1 && !(no_color && *no_color) && term && std::string_view{term} != "dumb";
    return on ? Colours::on : Colours::off;
}

Console::Console(int fd, Colours colours, std::size_t name_width) : out_{fd}, colours_{colours}, name_width_{name_width}
{}

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
    // Not before there is some room again, or every other line would be such a one.
    if (buffer_.size() - written_ <= buffer_bytes_max / 2) announce_drops();
    buffer_.append(prefix).append(name);
    if (name.size() < name_width_) buffer_.append(name_width_ - name.size(), ' ');
    buffer_.append(" | ").append(suffix);
    append_for_terminal(buffer_, text);
    buffer_.push_back('\n');
}

void Console::announce_drops()
{
    if (dropped_ == 0) return;
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

bool Console::write_some()
{
    while (written_ < buffer_.size()) {
        const auto rest = std::string_view{buffer_}.substr(written_);
        const auto written = out_.write(rest.substr(0, whole_lines(rest, out_.whole_bytes_max())));
        switch (written.what) {
        case NeverWaiting::Written::What::some: written_ += written.bytes; break;
        case NeverWaiting::Written::What::no_room: forget_written(); return false;
        case NeverWaiting::Written::What::gone: give_up(); return true;
        }
    }
    give_up(); // nothing is left
    return true;
}

/// Supervision goes on without a reader.
void Console::give_up()
{
    buffer_.clear();
    written_ = 0;
}

void Console::end() { announce_drops(); }

std::uint64_t Console::lines_lost() const
{
    const auto rest = std::string_view{buffer_}.substr(written_);
    return rest.empty() ? 0 : dropped_total_ + count_lines(rest);
}

} // namespace pandora::supervisor::logs
