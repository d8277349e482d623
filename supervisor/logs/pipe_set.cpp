#include "supervisor/logs/pipe_set.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <sys/epoll.h>
#include <system_error>
#include <utility>
#include <vector>

namespace pandora::supervisor::logs {

namespace {

using Clock = std::chrono::steady_clock;

} // namespace

PipeSet::PipeSet(int epoll, Console& console, FileWriter& files)
    : epoll_{epoll}, console_{console}, files_{files}, sinks_{console, files, buffer_,
                                                              [this](const auto& file, std::string_view text,
                                                                     Counters& counters) {
                                                                  dropped(file, text, counters);
                                                              }}
{}

void PipeSet::adopt(std::shared_ptr<const Origin> origin, os::UniqueFd pipe, std::shared_ptr<Tail> tail)
{
    const auto& output = *origin->source.output;
    const auto& path = origin->source.stream == Stream::out ? output.out_file : output.err_file;
    const auto file = path.empty() ? nullptr : files_.file(path);
    if (file) ++users_[file];
    auto reader = std::make_unique<PipeReader>(std::move(origin), std::move(pipe), file, std::move(tail));
    auto& added = *reader;
    readers_.emplace(&added, std::move(reader));
    watch(added);
}

/// Where the kernel takes no more watches the pipe stays open and is tried again: to close it would be the worker's
/// end.
void PipeSet::watch(PipeReader& reader)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &reader;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, reader.descriptor(), &event) == 0) return;
    const auto error = std::generic_category().message(errno);
    if (!std::exchange(cannot_watch_, true))
        console_.own_line(reader.origin().source.label + ": its output has to wait: epoll_ctl: " + error);
    hold(reader, retry_delay);
}

void PipeSet::hold(PipeReader& reader, std::chrono::milliseconds time)
{
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, reader.descriptor(), nullptr);
    reader.notes.held_since = Clock::now();
    reader.notes.held_until = *reader.notes.held_since + time;
    held_.insert(&reader);
    note(*reader.notes.held_until);
}

void PipeSet::resume_held()
{
    for (auto* reader : std::exchange(held_, {})) {
        if (reader->file() && !files_.has_room(*reader->file())) {
            held_.insert(reader);
            continue;
        }
        reader->notes.held_until.reset();
        watch(*reader);
    }
    if (!held_.empty()) files_.call_when_there_is_room();
}

void PipeSet::readable(PipeReader& reader)
{
    using enum PipeReader::Read;
    auto read = some;
    for (int n = 0; n < reads_a_turn && read == some; ++n) {
        if (reader.notes.impatient && files_.has_room(*reader.file())) reader.notes.impatient = false;
        read = reader.read(sinks_, reader.notes.impatient);
    }
    if (read == ended) return close(reader);
    if (read == no_room) {
        hold(reader, pause_max);
        files_.call_when_there_is_room();
        if (files_.has_room(*reader.file())) resume_held(); // it was made before we asked
    }
    const auto now = Clock::now();
    if (reader.notes.lingers_since) reader.notes.lingers_since = now;
    show_partial_later(reader, now);
}

/// Counted from the beginning of the line: output that comes in drops is shown, too.
void PipeSet::show_partial_later(PipeReader& reader, SteadyTime now)
{
    if (!reader.has_partial() || reader.notes.show_partial_at) return;
    reader.notes.show_partial_at = now + partial_patience;
    note(*reader.notes.show_partial_at);
}

void PipeSet::note(SteadyTime time) { due_ = due_ ? std::min(*due_, time) : time; }

void PipeSet::note_all_of(const PipeReader& reader)
{
    const auto& notes = reader.notes;
    if (notes.show_partial_at) note(*notes.show_partial_at);
    if (notes.held_until) note(*notes.held_until);
    if (notes.lingers_since) note(*notes.lingers_since + linger_max);
}

void PipeSet::perform_due(SteadyTime now)
{
    if (!due_ || *due_ > now) return;
    due_.reset();
    std::vector<PipeReader*> silent;
    for (const auto& [reader, owner] : readers_)
        if (perform_due(*reader, now))
            note_all_of(*reader);
        else
            silent.push_back(reader);
    for (auto* reader : silent) {
        console_.own_line(reader->origin().source.label + ": its output is read no more: another process holds it, " +
                          "silent for " + std::to_string(linger_max.count()) + " s");
        read_rest(*reader, now);
        close(*reader);
    }
    for (auto& [file, losses] : losses_) {
        if (const auto text = losses.over_after(loss_quiet, now)) console_.own_line(*text);
        if (losses.going_on()) note(now + loss_quiet);
    }
}

/// False where its time is over.
bool PipeSet::perform_due(PipeReader& reader, SteadyTime now)
{
    auto& notes = reader.notes;
    if (notes.show_partial_at && *notes.show_partial_at <= now) {
        notes.show_partial_at.reset();
        reader.flush(sinks_, false);
    }
    if (notes.held_until && *notes.held_until <= now) {
        if (reader.file() && now - *notes.held_since < pause_max_when_busy && files_.waits_for_cpu()) {
            notes.held_until = now + pause_max;
        } else {
            notes.held_until.reset();
            notes.impatient = reader.file() != nullptr;
            held_.erase(&reader);
            watch(reader);
        }
    }
    return !notes.lingers_since || now - *notes.lingers_since < linger_max;
}

void PipeSet::ended(const InstanceKey& instance)
{
    const auto now = Clock::now();
    std::vector<PipeReader*> lingering;
    for (const auto& [reader, owner] : readers_) {
        if (reader->origin().source.instance != instance) continue;
        if (!reader->notes.lingers_since) reader->notes.lingers_since = now;
        note(*reader->notes.lingers_since + linger_max);
        lingering.push_back(reader);
    }
    std::ranges::sort(lingering, std::greater{}, [](const PipeReader* reader) { return reader->origin().number; });
    for (std::size_t n = lingering_pipes_max; n < lingering.size(); ++n) {
        read_rest(*lingering[n], now);
        close(*lingering[n]);
    }
}

/// As much as can be in it: whoever still writes to it must not keep us.
void PipeSet::read_rest(PipeReader& reader, SteadyTime end)
{
    const auto reads_max = reader.capacity() / read_bytes_max + 2;
    for (std::size_t n = 0; n < reads_max; ++n) {
        if (reader.file() && !files_.has_room(*reader.file())) files_.wait_for_room(*reader.file(), end);
        if (reader.read(sinks_, true) != PipeReader::Read::some) return;
    }
}

void PipeSet::close(PipeReader& reader)
{
    reader.flush(sinks_, true);
    if (const auto user = users_.find(reader.file()); user != users_.end() && --user->second == 0) {
        files_.close(user->first);
        users_.erase(user);
    }
    held_.erase(&reader);
    // Not left to close(2): a child that is just being started still shares the pipe, and would keep its events coming
    // under the number of a descriptor that is somebody else's by then.
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, reader.descriptor(), nullptr);
    readers_.erase(&reader);
}

void PipeSet::dropped(const std::shared_ptr<LogFile>& file, std::string_view text, Counters& counters)
{
    const auto now = Clock::now();
    const auto lines = count_lines(text);
    Counters::add(counters.dropped_bytes, text.size());
    Counters::add(counters.dropped_lines, lines);
    auto& losses = losses_.try_emplace(file, file->path().string()).first->second;
    if (const auto words = losses.lost(lines, text.size(), "the disk is too slow", now)) console_.own_line(*words);
    note(now + loss_quiet);
}

void PipeSet::finish(SteadyTime end)
{
    for (const auto& [reader, owner] : readers_) {
        read_rest(*reader, end);
        reader->flush(sinks_, true);
    }
}

} // namespace pandora::supervisor::logs
