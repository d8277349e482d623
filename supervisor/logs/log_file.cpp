#include "supervisor/logs/log_file.hpp"

#include <algorithm>
#include <utility>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t gathered_bytes_max = 64 * 1024;
constexpr std::size_t small_bytes_max = 4 * 1024; // below, a copy costs less than a write of its own
constexpr std::chrono::hours expiry_period{1};

} // namespace

LogFile::LogFile(const std::filesystem::path& path, Compressor& compressor, Say say)
    : backups_{std::make_shared<Backups>(path)}, file_{backups_},
      compressor_{compressor}, say_{std::move(say)}, losses_{path.string()}
{}

void LogFile::say(const std::optional<std::string>& text) const
{
    if (text) say_(*text);
}

/// With the first block: what a crash left half done is put right before anything is rotated.
void LogFile::begin(const Output& output, SteadyTime now)
{
    rotation_ = output.rotation;
    if (rotation_.max_age.count() > 0 && !next_expiry_) next_expiry_ = now;
    if (std::exchange(begun_, true)) return;
    std::error_code ignored;
    if (rotation_.compression != procfiles::Compression::none ||
        std::filesystem::exists(backups_->unfinished(), ignored))
        compressor_.request(backups_, rotation_.compression, true);
}

void LogFile::add(const Passage& passage, SteadyTime now)
{
    const auto& origin = passage.origin;
    if (retry_at_ && now < *retry_at_) return drop(passage.block.text, *origin->counters, error_, now);
    begin(*origin->source.output, now);
    wall_ = passage.time;
    const auto rendered = text_.render(origin->source, origin->number, passage.block, passage.time, scratch_);
    if (rendered.ends_line) take(origin, "\n", now);
    take(origin, rendered.text, now);
}

void LogFile::take(const std::shared_ptr<const Origin>& origin, std::string_view text, SteadyTime now)
{
    if (text.empty()) return;
    if (text.size() > small_bytes_max || pending_.size() + text.size() > gathered_bytes_max) flush(now);
    if (text.size() > small_bytes_max) return write(text, {{origin, text.size()}}, now);
    pending_.append(text);
    if (shares_.empty() || shares_.back().origin != origin)
        shares_.push_back({origin, pending_.size()});
    else
        shares_.back().end = pending_.size();
}

void LogFile::flush(SteadyTime now)
{
    if (pending_.empty()) return;
    const auto text = std::exchange(pending_, {});
    const auto shares = std::exchange(shares_, {});
    write(text, shares, now);
}

void LogFile::write(std::string_view text, const std::vector<Share>& shares, SteadyTime now)
{
    const auto written = file_.write(text, rotation_, wall_, now);
    settle(written, *shares.front().origin->counters);
    if (written.bytes == text.size()) return say(losses_.over());
    retry_at_ = now + retry_delay;
    text_.broken();
    error_ = written.error.message();
    std::size_t begin = written.bytes;
    for (const auto& share : shares) {
        if (share.end <= begin) continue;
        drop(text.substr(begin, share.end - begin), *share.origin->counters, error_, now);
        begin = share.end;
    }
}

/// What came of writing or rotating, but for the lost bytes.
void LogFile::settle(const RotatingFile::Written& written, Counters& counters)
{
    if (written.error) Counters::add(counters.write_errors, 1);
    if (written.rotations > 0) {
        Counters::add(counters.rotations, written.rotations);
        next_expiry_ = rotation_.max_age.count() > 0 ? std::optional{SteadyTime::min()} : std::nullopt;
        if (rotation_.compression != procfiles::Compression::none)
            compressor_.request(backups_, rotation_.compression, false);
    }
    const bool cannot_rotate = written.error && file_.is_open();
    if (cannot_rotate && !cannot_rotate_)
        say_(path().string() + ": cannot be rotated: " + written.error.message() + "; it goes on growing");
    if (cannot_rotate || written.rotations > 0) cannot_rotate_ = cannot_rotate;
}

void LogFile::drop(std::string_view text, Counters& counters, std::string_view why, SteadyTime now)
{
    const auto lines = count_lines(text);
    Counters::add(counters.dropped_bytes, text.size());
    Counters::add(counters.dropped_lines, lines);
    say(losses_.lost(lines, text.size(), why, now));
}

void LogFile::close(SteadyTime now)
{
    flush(now);
    file_.close();
    text_.broken(); // whoever opens it again ends the line
}

std::optional<SteadyTime> LogFile::due() const
{
    const auto rotation = file_.due(rotation_);
    if (!rotation || !next_expiry_) return rotation ? rotation : next_expiry_;
    return std::min(*rotation, *next_expiry_);
}

void LogFile::perform_due(SteadyTime now)
{
    if (const auto time = file_.due(rotation_); time && *time <= now) {
        Counters nobody; // a rotation that nobody's line caused
        settle(file_.rotate_if_due(rotation_, std::chrono::system_clock::now(), now), nobody);
    }
    if (!next_expiry_ || *next_expiry_ > now) return;
    backups_->remove_older(std::filesystem::file_time_type::clock::now() - rotation_.max_age);
    next_expiry_ = now + expiry_period;
}

} // namespace pandora::supervisor::logs
