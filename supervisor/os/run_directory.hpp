// The folder where a running app's sockets, lock and pid live. Its locks are what makes an app's master the only one.
#pragma once

#include "supervisor/os/unique_fd.hpp"

#include <filesystem>
#include <string>

namespace pandora::supervisor::os {

/// $PANDORA_RUNTIME_DIR, else /run/pandora for root, else $XDG_RUNTIME_DIR/pandora, else /tmp/pandora-<uid>. An
/// $XDG_RUNTIME_DIR that is relative counts as not set (XDG Base Directory Specification).
std::filesystem::path runtime_root();

/// Two locks (flock(2)): the file `lock`, and the folder itself. The folder's cannot be removed as a file can, and it
/// keeps systemd-tmpfiles from removing any: in /tmp it takes what is ten days old, a living app's sockets too, unless
/// their folder is locked (tmpfiles.d(5)).
class RunDirectory {
public:
    /// Creates <runtime_root>/<app> with mode 0700 where it is missing and locks it for this process.
    /// Throws std::runtime_error, in one line: another master of the app runs (and which), the folder cannot be made,
    /// belongs to somebody else, or has too long a path for the sockets in it.
    explicit RunDirectory(const std::string& app);
    ~RunDirectory();
    RunDirectory(const RunDirectory&) = delete;
    RunDirectory& operator=(const RunDirectory&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// Whether its name still leads to it; if not, what is found there now is another master's.
    bool is_there() const;

    std::filesystem::path hub_socket() const { return path_ / "hub.sock"; }

    /// Where npm's pandora-hub looks for the hub when PANDORA_TMP_DIR names this folder; a symlink to hub_socket().
    std::filesystem::path legacy_hub_socket() const { return path_ / "pandorajs_pandora_msg_hub.sock"; }

private:
    std::filesystem::path path_;
    UniqueFd folder_;
    UniqueFd lock_;
};

} // namespace pandora::supervisor::os
