#include "supervisor/app/saved_config.hpp"

#include "hub/config/journal.hpp"
#include "supervisor/app/config_journal.hpp"
#include "supervisor/os/durable_file.hpp"

#include <boost/asio/post.hpp>

#include <string_view>
#include <utility>

namespace pandora::supervisor::app {

namespace {

namespace fs = std::filesystem;

/// Why it is not written; empty where it is.
std::string trouble_of(const fs::path& path, std::string_view text)
{
    try {
        os::replace_file(path, text);
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

/// What was meant to be kept is not thrown away silently.
void keep_damaged(const fs::path& file, std::string_view journal, const SavedConfig::Complain& complain)
{
    const auto lines = hub::config::load(journal).damaged_lines;
    if (lines == 0) return;
    auto kept = file;
    kept += ".damaged";
    const auto trouble = trouble_of(kept, journal);
    complain("the configuration of the last run is damaged: " + std::to_string(lines) + " lines of " + file.string() +
             " say nothing any more; " +
             (trouble.empty() ? "as it was, it is kept as " + kept.string() : "as it was, it is not kept: " + trouble));
}

} // namespace

SavedConfig::SavedConfig(boost::asio::io_context& io, fs::path file, Complain complain)
    : io_{io}, file_{std::move(file)}, complain_{std::move(complain)}
{
    if (file_.empty()) return;
    try {
        journal_ = os::read_file(file_);
        keep_damaged(file_, journal_, complain_);
    } catch (const std::exception& error) {
        complain_(std::string{"the configuration of the last run is not known: "} + error.what());
    }
    writer_.emplace(1);
}

SavedConfig::~SavedConfig()
{
    if (!writer_) return;
    writer_->join();
    if (newer_) trouble_of(file_, journal_);
}

void SavedConfig::add(const control::ConfigPiece& piece)
{
    if (piece.begins) begun_at_ = journal_.size();
    journal_ += piece.text;
    if (piece.ends) journal_.erase(0, std::exchange(begun_at_, 0));
    if (file_.empty()) return;
    newer_ = true;
    if (!writing_) write();
}

control::ConfigPiece SavedConfig::piece_at(std::size_t offset) const
{
    const auto lines = lines_from(journal_, offset);
    return {.text = std::string{lines}, .begins = offset == 0, .ends = offset + lines.size() >= journal_.size()};
}

void SavedConfig::write()
{
    writing_ = true;
    newer_ = false;
    boost::asio::post(*writer_, [this, text = journal_] {
        boost::asio::post(io_, [this, trouble = trouble_of(file_, text)] { written(trouble); });
    });
}

void SavedConfig::written(const std::string& trouble)
{
    writing_ = false;
    if (!trouble.empty() && !failing_) complain_("the configuration is not kept on disk: " + trouble);
    failing_ = !trouble.empty();
    if (newer_) write();
}

} // namespace pandora::supervisor::app
