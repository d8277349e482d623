// A disk that takes nothing more, for one file: what a dead network share does to whoever writes to it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

namespace pandora::supervisor::logs {

/// Another thread's write to the file stops half way, in the kernel, with the file's lock in its hand: it waits for
/// memory that userfaultfd(2) withholds. Every other write to the file waits for that one, until this object ends.
class StuckDisk {
public:
    /// What the other write leaves in the file.
    static constexpr std::size_t bytes_left_behind = 1;

    /// Null where the machine does not permit it (it takes root, mostly).
    static std::unique_ptr<StuckDisk> make(const std::filesystem::path& file);

    ~StuckDisk();
    StuckDisk(const StuckDisk&) = delete;
    StuckDisk& operator=(const StuckDisk&) = delete;

private:
    struct State;
    explicit StuckDisk(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace pandora::supervisor::logs
