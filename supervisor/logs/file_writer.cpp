#include "supervisor/logs/file_writer.hpp"

#include "supervisor/logs/worker_thread.hpp"
#include "supervisor/os/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::supervisor::logs {

namespace {

struct Write {
    std::shared_ptr<LogFile> file;
    Passage passage;
};

struct Close {
    std::shared_ptr<LogFile> file;
};

using Request = std::variant<Write, Close>;
using Clock = std::chrono::steady_clock;

} // namespace

class FileWriter::Thread {
public:
    explicit Thread(Calls calls) : calls_{std::move(calls)}, compressor_{calls_.say} {}

    /// `self` keeps this object for as long as the thread runs, whoever else lets go of it.
    static void start(const std::shared_ptr<Thread>& self)
    {
        self->thread_ = start_thread("logs-files", [self] { self->run(); });
    }

    std::shared_ptr<LogFile> file(const std::filesystem::path& path)
    {
        auto& file = files_[path];
        if (!file) file = std::make_shared<LogFile>(path, compressor_, calls_.say);
        return file;
    }

    bool has_room(LogFile& file) const
    {
        return file.queued() < queued_bytes_to_pause_at && can_take(file, line_bytes_max + read_bytes_max);
    }

    bool can_take(LogFile& file, std::size_t bytes) const
    {
        return file.queued() + bytes <= queued_bytes_max_of_file && queued_ + bytes <= queued_bytes_max;
    }

    void call_when_there_is_room() { room_wanted_ = true; }

    /// Its state in proc(5) is the kernel's word on what it waits for: "R" would run, "D" and "S" wait for something.
    bool waits_for_cpu() const
    {
        const auto path = "/proc/self/task/" + std::to_string(id_) + "/stat";
        const os::UniqueFd stat{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        std::array<char, 64> text{};
        const auto got = ::read(stat.get(), text.data(), text.size());
        const std::string_view begin{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
        return begin.find(") R ") != std::string_view::npos;
    }

    bool wait_for_room(LogFile& file, SteadyTime end)
    {
        std::unique_lock lock{mutex_};
        return progress_.wait_until(lock, end, [&] {
            room_wanted_ = true; // before looking: see tell_of_room()
            return has_room(file);
        });
    }

    void write(std::shared_ptr<LogFile> file, Passage passage)
    {
        const auto bytes = passage.block.text.size();
        file->queued() += bytes;
        queued_ += bytes;
        put(Write{std::move(file), std::move(passage)});
    }

    void close(std::shared_ptr<LogFile> file) { put(Close{std::move(file)}); }

    bool finish(std::chrono::milliseconds patience)
    {
        if (!thread_.joinable()) return true;
        std::unique_lock lock{mutex_};
        ending_ = true;
        work_.notify_one();
        const bool in_time = progress_.wait_for(lock, patience, [this] { return ended_; });
        lock.unlock();
        if (in_time)
            thread_.join();
        else
            thread_.detach();
        return in_time;
    }

private:
    void put(Request request)
    {
        const std::lock_guard lock{mutex_};
        requests_.push_back(std::move(request));
        if (std::exchange(idle_, false)) work_.notify_one();
    }

    void run()
    {
        id_ = ::gettid();
        std::vector<Request> batch;
        while (take(batch)) {
            for (auto& request : batch) std::visit([this](auto& what) { perform(what); }, request);
            batch.clear();
            flush_touched();
            perform_due();
        }
        const std::lock_guard lock{mutex_};
        ended_ = true;
        progress_.notify_all();
    }

    /// Everything that waits. False at the end.
    bool take(std::vector<Request>& batch)
    {
        std::unique_lock lock{mutex_};
        const auto wake = [this] { return ending_ || !requests_.empty(); };
        idle_ = requests_.empty();
        if (due_)
            work_.wait_until(lock, *due_, wake);
        else
            work_.wait(lock, wake);
        idle_ = false;
        batch.swap(requests_);
        return !batch.empty() || !ending_;
    }

    void perform(Write& request)
    {
        const auto& file = request.file;
        const auto bytes = request.passage.block.text.size();
        file->add(request.passage, Clock::now());
        request.passage = {}; // the chunk is free for reading again
        touched_.insert(file);
        file->queued() -= bytes;
        queued_ -= bytes;
        if (file->queued() <= queued_bytes_to_pause_at / 2) tell_of_room();
    }

    void perform(Close& request) { request.file->close(Clock::now()); }

    /// Room is made first and the wish looked at then; who wishes does it the other way round. So one sees the other.
    void tell_of_room()
    {
        if (!room_wanted_.exchange(false)) return;
        calls_.room();
        const std::lock_guard lock{mutex_};
        progress_.notify_all();
    }

    void flush_touched()
    {
        for (const auto& file : touched_) {
            file->flush(Clock::now());
            note_due(file);
        }
        touched_.clear();
    }

    void note_due(const std::shared_ptr<LogFile>& file)
    {
        const auto time = file->due();
        if (!time) return;
        timed_.insert(file);
        due_ = due_ ? std::min(*due_, *time) : *time;
    }

    void perform_due()
    {
        const auto now = Clock::now();
        if (!due_ || *due_ > now) return;
        due_.reset();
        for (const auto& file : std::exchange(timed_, {})) {
            file->perform_due(now);
            note_due(file);
        }
    }

    Calls calls_;
    Compressor compressor_;
    std::map<std::filesystem::path, std::shared_ptr<LogFile>> files_; // the reading thread's
    std::set<std::shared_ptr<LogFile>> touched_;                      // by this batch
    std::set<std::shared_ptr<LogFile>> timed_;                        // those that have something due
    std::optional<SteadyTime> due_;                                   // the earliest of them
    std::atomic<std::size_t> queued_{0};
    std::atomic<bool> room_wanted_{false};

    std::mutex mutex_;
    std::condition_variable work_;
    std::condition_variable progress_;
    std::vector<Request> requests_;
    bool idle_ = false; // the thread waits for requests
    bool ending_ = false;
    bool ended_ = false;
    std::atomic<pid_t> id_{0};
    std::thread thread_;
};

FileWriter::FileWriter(Calls calls) : thread_{std::make_shared<Thread>(std::move(calls))} { Thread::start(thread_); }

FileWriter::~FileWriter() { finish(std::chrono::milliseconds::zero()); }

std::shared_ptr<LogFile> FileWriter::file(const std::filesystem::path& path) { return thread_->file(path); }

bool FileWriter::has_room(LogFile& file) const { return thread_->has_room(file); }

bool FileWriter::can_take(LogFile& file, std::size_t bytes) const { return thread_->can_take(file, bytes); }

void FileWriter::call_when_there_is_room() { thread_->call_when_there_is_room(); }

bool FileWriter::waits_for_cpu() const { return thread_->waits_for_cpu(); }

bool FileWriter::wait_for_room(LogFile& file, SteadyTime end) const { return thread_->wait_for_room(file, end); }

void FileWriter::write(std::shared_ptr<LogFile> file, Passage passage)
{
    thread_->write(std::move(file), std::move(passage));
}

void FileWriter::close(std::shared_ptr<LogFile> file) { thread_->close(std::move(file)); }

bool FileWriter::finish(std::chrono::milliseconds patience) { return thread_->finish(patience); }

} // namespace pandora::supervisor::logs
