// Compresses rotated files, one after the other, on a thread of its own with little claim to the CPU: neither capture
// nor the writing of logs ever waits for it.
#pragma once

#include "supervisor/logs/backups.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace pandora::supervisor::logs {

/// Every function may be called from any thread. The thread starts with the first request.
class Compressor {
public:
    /// `say` tells the operator, on the compressor's thread.
    explicit Compressor(std::function<void(std::string)> say);

    /// Gives up what is under way: it is done over when the file is next opened.
    ~Compressor();
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;

    /// Compresses all of its backups that are not yet. `leftovers`: first removes what a crash left behind.
    void request(std::shared_ptr<Backups> backups, procfiles::Compression kind, bool leftovers);

private:
    struct Request {
        std::shared_ptr<Backups> backups;
        procfiles::Compression kind = procfiles::Compression::none;
        bool leftovers = false;
        auto operator<=>(const Request&) const = default;
    };

    void run();
    void work(const Request& request);
    std::error_code compress_one(const Backups& backups, const std::filesystem::path& backup,
                                 procfiles::Compression kind);
    bool ending();

    std::function<void(std::string)> say_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<Request> requests_;    // a set: a file that rotates faster than it compresses asks once
    std::set<Backups*> complained_; // the thread's own
    bool ending_ = false;
    std::thread thread_;
};

} // namespace pandora::supervisor::logs
