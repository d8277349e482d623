#include "supervisor/logs/pipe_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t default_pipe_bytes = 64 * 1024; // see pipe(7)

} // namespace

PipeReader::PipeReader(std::shared_ptr<const Origin> origin, os::UniqueFd pipe, std::shared_ptr<LogFile> file,
                       std::shared_ptr<Tail> tail)
    : origin_{std::move(origin)}, pipe_{std::move(pipe)}, file_{std::move(file)}, tail_{std::move(tail)},
      watch_{origin_->source.watch}
{
    const int flags = ::fcntl(pipe_.get(), F_GETFL);
    ::fcntl(pipe_.get(), F_SETFL, flags | O_NONBLOCK);
}

std::size_t PipeReader::capacity() const
{
    const int bytes = ::fcntl(pipe_.get(), F_GETPIPE_SZ);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : default_pipe_bytes; // a terminal has no such size
}

/// The unfinished line stands in front of what is read next: so every block is one piece of memory.
PipeReader::Read PipeReader::read(const Sinks& sinks, bool must)
{
    if (!must && file_ && !sinks.files.has_room(*file_)) return Read::no_room;
    const auto space = sinks.buffer.space();
    std::memcpy(space.data(), partial_.data(), partial_.size());
    const auto room = std::min(space.size() - partial_.size(), read_bytes_max);
    const auto got = ::read(pipe_.get(), space.data() + partial_.size(), room);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Read::emptied;
    if (got <= 0) return Read::ended; // a terminal's other side says EIO
    const auto bytes = static_cast<std::size_t>(got);
    const std::string_view text{space.data(), partial_.size() + bytes};
    Counters::add(origin_->counters->bytes, bytes);
    const auto ready = ready_bytes(text);
    partial_.assign(text.substr(ready));
    hand_on(sinks, text.substr(0, ready));
    if (bytes >= default_pipe_bytes && may_grow_) grow();
    return bytes < room && bytes < default_pipe_bytes ? Read::emptied : Read::some;
}

void PipeReader::flush(const Sinks& sinks, bool at_end)
{
    const auto ready = at_end ? partial_.size() : ready_bytes_when_idle(partial_);
    if (ready == 0) return;
    const auto text = std::exchange(partial_, {});
    partial_ = text.substr(ready);
    const auto space = sinks.buffer.space();
    std::memcpy(space.data(), text.data(), ready);
    hand_on(sinks, {space.data(), ready});
    if (at_end && in_line_) Counters::add(origin_->counters->lines, 1); // without a newline, but a line
}

void PipeReader::hand_on(const Sinks& sinks, std::string_view text)
{
    if (text.empty()) return;
    const auto& source = origin_->source;
    const auto now = std::chrono::system_clock::now();
    const Block block{text, in_line_};
    in_line_ = !text.ends_with('\n');
    notes.show_partial_at.reset();
    Counters::add(origin_->counters->lines, count_lines(text));
    tail_->add(block, source.stream, now, source.output->tail_lines);
    if (watch_ && watch_->look(text)) watch_.reset();
    if (source.output->console)
        for_each_line(block,
                      [&](std::string_view line, bool) { sinks.console.line(source.label, source.colour, line); });
    if (!file_) return;
    if (!sinks.files.can_take(*file_, text.size())) return sinks.dropped(file_, text, *origin_->counters);
    sinks.files.write(file_, {origin_, sinks.buffer.keep(text.size()), block, now});
}

/// Only a pipe that is filled between two reads: a user's pipes together may hold fs.pipe-user-pages-soft pages, and
/// beyond that new ones are made very small.
void PipeReader::grow()
{
    may_grow_ = false;
    ::fcntl(pipe_.get(), F_SETPIPE_SZ, static_cast<int>(read_bytes_max));
}

} // namespace pandora::supervisor::logs
