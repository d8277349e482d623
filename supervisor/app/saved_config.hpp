// What the hub's config manager keeps, kept for it beyond the life of its process and, where the procfile asks for it,
// beyond that of the app.
#pragma once

#include "supervisor/control/hub_messages.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace pandora::supervisor::app {

/// Lives on the master's loop; the file is written on a thread of its own, the newest state alone where several come
/// while the disk is slow. What has been written is whole, also after a crash: a new file takes the place of the old.
class SavedConfig {
public:
    /// One sentence, for people.
    using Complain = std::function<void(const std::string& trouble)>;

    /// In `file`, which is read here where it exists; in memory alone where the path is empty. What cannot be read or
    /// written is complained about, once in a row, and kept in memory. A file with lines that are damaged is complained
    /// about, too, and kept beside as FILE.damaged: what is read of it takes its place at the next change.
    SavedConfig(boost::asio::io_context& io, std::filesystem::path file, Complain complain);

    /// Waits until what came last is written.
    ~SavedConfig();
    SavedConfig(const SavedConfig&) = delete;
    SavedConfig& operator=(const SavedConfig&) = delete;

    void add(const control::ConfigPiece& piece);

    /// What is kept, from that byte on.
    control::ConfigPiece piece_at(std::size_t offset) const;

private:
    void write();
    void written(const std::string& trouble);

    boost::asio::io_context& io_;
    std::filesystem::path file_; // empty: none
    Complain complain_;
    std::string journal_;
    std::size_t begun_at_ = 0; // where in it everything is being said again
    bool writing_ = false;
    bool newer_ = false; // than what is being written
    bool failing_ = false;
    std::optional<boost::asio::thread_pool> writer_;
};

} // namespace pandora::supervisor::app
