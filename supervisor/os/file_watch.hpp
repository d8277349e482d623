// Tells when files change that a procfile's `watch` names.
#pragma once

#include "procfiles/spec.hpp"

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace pandora::supervisor::os {

/// Watches files and folders, with all below them, also where they come and go: folders made later, roots that are
/// replaced (a release that is switched by a link), files that an editor saves by renaming. A change is a file written,
/// created, removed, renamed, or given another mode or time; that it was opened is none. Links to folders are followed
/// as roots only. File systems on other machines and in user space tell nothing of what happens there.
/// Lives on the loop's thread. Large trees are read a few folders at a time between other work.
class FileWatch {
public:
    struct Handlers {
        /// Nothing has changed for `watch.debounce`; before that, this file was the first that did. Where the kernel
        /// lost count of the changes, a root stands for it.
        std::function<void(const std::filesystem::path& first)> changed;
        /// Something cannot be watched, in one line; the rest is.
        std::function<void(const std::string& what)> complain;
    };

    /// Throws std::system_error, with the limit to raise, where the user has too many inotify instances. Both handlers
    /// run on the loop, never in here; either may destroy the FileWatch.
    FileWatch(boost::asio::io_context& io, const procfiles::Watch& watch, Handlers handlers);
    FileWatch(FileWatch&&) noexcept;
    FileWatch& operator=(FileWatch&&) noexcept;
    ~FileWatch();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace pandora::supervisor::os
