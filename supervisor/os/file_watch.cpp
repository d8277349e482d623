#include "supervisor/os/file_watch.hpp"

#include "supervisor/core/debounce.hpp"
#include "supervisor/core/watch_filter.hpp"
#include "supervisor/os/inotify.hpp"
#include "supervisor/os/watch_places.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <deque>
#include <set>
#include <sys/inotify.h>
#include <system_error>
#include <utility>
#include <vector>

namespace pandora::supervisor::os {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

// More folders than a source tree has; a procfile that watches `/` is told so. Choice.
constexpr std::size_t watches_max = 65'536;
// Folders read before others get their turn: about a millisecond.
constexpr int folders_per_turn = 32;

constexpr std::uint32_t comings = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t goings = IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t way_mask = comings | goings | IN_ONLYDIR;
// Not IN_CLOSE_WRITE: a program that opens its own database on start would be restarted for ever.
constexpr std::uint32_t file_mask = IN_MODIFY | IN_ATTRIB;
constexpr std::uint32_t folder_mask = way_mask | file_mask | IN_EXCL_UNLINK;

struct Root {
    enum class Kind { missing, file, folder };

    fs::path path;
    core::WatchFilter filter;
    Kind kind = Kind::missing;
};

/// A folder that is to be read.
struct Unread {
    std::size_t root = 0;
    std::string path;
    bool is_news = false; // its files are changes
};

std::string join(const std::string& folder, std::string_view name)
{
    return folder.empty() ? std::string{name} : folder + "/" + std::string{name};
}

fs::path without_slash(const fs::path& path)
{
    const auto normal = path.lexically_normal();
    return normal.has_filename() || !normal.has_relative_path() ? normal : normal.parent_path();
}

Root::Kind kind_of(const fs::path& path)
{
    std::error_code ignored;
    const auto status = fs::status(path, ignored);
    if (fs::is_directory(status)) return Root::Kind::folder;
    return fs::exists(status) ? Root::Kind::file : Root::Kind::missing;
}

bool is_gone(std::error_code error) { return error.value() == ENOENT || error.value() == ENOTDIR; }

} // namespace

class FileWatch::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, const procfiles::Watch& watch, Handlers handlers)
        : io_{io}, inotify_{io}, debounce_{watch.debounce}, timer_{io}, handlers_{std::move(handlers)}
    {
        for (const auto& rule : watch.paths)
            roots_.push_back({without_slash(rule.path), core::WatchFilter{rule, watch.default_excludes}});
    }

    void start()
    {
        inotify_.listen([weak = weak_from_this()](const FileEvent& event) {
            if (const auto self = weak.lock()) self->handle(event);
        });
        for (std::size_t root = 0; root < roots_.size(); ++root) bind(root, false);
    }

private:
    // --- what is watched

    /// Watches the way to the root, then the root, so that nothing can come or go unseen in between.
    void bind(std::size_t number, bool is_news)
    {
        auto& root = roots_[number];
        watch_way(number, root.path);
        root.kind = kind_of(root.path);
        switch (root.kind) {
        case Root::Kind::missing: return;
        case Root::Kind::folder: return read_later({number, "", is_news});
        case Root::Kind::file: break;
        }
        std::error_code ignored;
        if (const auto target = fs::canonical(root.path, ignored); !target.empty() && target != root.path)
            watch_name(number, target, true); // a link: the file itself may be written to
        if (is_news) changed(root.path);
    }

    void watch_way(std::size_t root, const fs::path& path)
    {
        std::vector<fs::path> way;
        for (auto at = path; at.has_relative_path(); at = at.parent_path()) way.push_back(at);
        for (auto at = way.rbegin(); at != way.rend(); ++at)
            if (!watch_name(root, *at, at + 1 == way.rend())) return;
    }

    /// Watches what becomes of a path in its folder. False if there is no such folder.
    bool watch_name(std::size_t root, const fs::path& path, bool is_last)
    {
        const auto folder = path.parent_path();
        const auto watch = inotify_.add(folder, is_last ? way_mask | file_mask : way_mask);
        if (watch) {
            places_.add(*watch, {root, WayToRoot{path.filename().string(), is_last}});
            return true;
        }
        if (is_gone(watch.error())) return false;
        // A folder of the way that may not be read, such as another user's home, is no reason to complain.
        if (watch.error().value() != EACCES) complain_later(describe_watch_error(folder, watch.error()), watch.error());
        return true;
    }

    void rebind(std::size_t root, bool is_news)
    {
        std::erase_if(unread_, [root](const Unread& folder) { return folder.root == root; });
        forget([root](const WatchPlace& place) { return place.root == root; });
        bind(root, is_news);
    }

    void forget(const std::function<bool(const WatchPlace&)>& matches)
    {
        for (const auto watch : places_.forget(matches)) inotify_.remove(watch);
    }

    // --- reading folders

    void read_later(Unread folder)
    {
        unread_.push_back(std::move(folder));
        if (!std::exchange(is_reading_, true)) continue_reading();
    }

    void continue_reading()
    {
        asio::post(io_, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->read_some();
        });
    }

    void read_some()
    {
        for (int i = 0; i < folders_per_turn && !unread_.empty(); ++i) {
            const auto folder = std::move(unread_.front());
            unread_.pop_front();
            read(folder);
        }
        is_reading_ = !unread_.empty();
        if (is_reading_) continue_reading();
    }

    void read(const Unread& folder)
    {
        const auto& root = roots_[folder.root];
        const auto path = folder.path.empty() ? root.path : root.path / folder.path;
        if (places_.size() >= watches_max) return complain_of_too_many(root.path);
        const auto watch = inotify_.add(path, folder_mask | (folder.path.empty() ? 0 : IN_DONT_FOLLOW));
        if (!watch) {
            if (is_gone(watch.error())) return; // it has gone again
            return complain_later(describe_watch_error(path, watch.error()), watch.error());
        }
        // Where it is known it has been read since it was watched.
        if (!places_.add(*watch, {folder.root, WatchedFolder{folder.path}})) return;
        std::error_code ignored;
        fs::directory_iterator entries{path, ignored};
        for (; !ignored && entries != fs::directory_iterator{}; entries.increment(ignored)) {
            std::error_code gone;
            const auto name = join(folder.path, entries->path().filename().string());
            if (entries->symlink_status(gone).type() != fs::file_type::directory)
                file_found(folder, name);
            else if (root.filter.wants_folder(name))
                read_later({folder.root, name, folder.is_news});
        }
    }

    void file_found(const Unread& folder, const std::string& path)
    {
        const auto& root = roots_[folder.root];
        if (folder.is_news && root.filter.wants_file(path)) changed(root.path / path);
    }

    // --- events

    void handle(const FileEvent& event)
    {
        if (event.mask & IN_Q_OVERFLOW) return start_over();
        if (event.mask & IN_IGNORED) return places_.erase(event.watch);
        for (const auto& place : places_.of(event.watch)) {
            if (const auto* folder = std::get_if<WatchedFolder>(&place.purpose))
                handle_in(place.root, folder->path, event);
            else
                handle_on_way(place.root, std::get<WayToRoot>(place.purpose), event);
        }
    }

    void handle_in(std::size_t root, const std::string& folder, const FileEvent& event)
    {
        if (event.name.empty()) return; // of the folder itself: the one above tells
        const auto path = join(folder, event.name);
        const auto& filter = roots_[root].filter;
        if (!(event.mask & IN_ISDIR)) {
            if (filter.wants_file(path)) changed(roots_[root].path / path);
            return;
        }
        if (!filter.wants_folder(path)) return;
        if (event.mask & comings) read_later({root, path, true});
        if (event.mask & IN_MOVED_FROM) { // when it is removed instead, its files are removed first
            forget([&](const WatchPlace& place) {
                const auto* other = std::get_if<WatchedFolder>(&place.purpose);
                return place.root == root && other && is_within(other->path, path);
            });
            changed(roots_[root].path / path);
        }
    }

    void handle_on_way(std::size_t number, const WayToRoot& way, const FileEvent& event)
    {
        if (event.name != way.name) return;
        const auto& root = roots_[number];
        const bool was_file = root.kind == Root::Kind::file;
        if (event.mask & goings) {
            const bool was_there = root.kind != Root::Kind::missing;
            if (was_file || (was_there && (event.mask & IN_MOVED_FROM))) changed(root.path);
        }
        if (event.mask & (comings | goings)) return rebind(number, true);
        if (way.is_last && was_file && (event.mask & file_mask)) changed(root.path);
    }

    /// The kernel dropped events: whatever is known may be wrong.
    void start_over()
    {
        for (std::size_t root = 0; root < roots_.size(); ++root) rebind(root, false);
        if (!roots_.empty()) changed(roots_.front().path);
    }

    // --- telling

    void changed(const fs::path& path)
    {
        const bool is_first = !debounce_.due();
        debounce_.add(path, core::Clock::now());
        if (is_first) arm();
    }

    void arm()
    {
        timer_.expires_at(*debounce_.due());
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            if (error) return;
            if (const auto self = weak.lock()) self->tell();
        });
    }

    void tell()
    {
        if (const auto first = debounce_.take(core::Clock::now())) return handlers_.changed(*first);
        arm(); // more changes came meanwhile
    }

    void complain_of_too_many(const fs::path& root)
    {
        complain_later("cannot watch all of " + root.string() + ": it has more than " + std::to_string(watches_max) +
                           " folders; exclude some",
                       std::make_error_code(std::errc::argument_list_too_long));
    }

    /// Of each kind only the first: the next ones say the same of other folders.
    void complain_later(const std::string& what, std::error_code kind)
    {
        if (!complained_.insert(kind).second) return;
        asio::post(io_, [weak = weak_from_this(), what] {
            if (const auto self = weak.lock()) self->handlers_.complain(what);
        });
    }

    asio::io_context& io_;
    Inotify inotify_;
    WatchPlaces places_;
    std::vector<Root> roots_;
    std::deque<Unread> unread_;
    bool is_reading_ = false;
    core::Debounce<fs::path> debounce_;
    asio::steady_timer timer_;
    Handlers handlers_;
    std::set<std::error_code> complained_;
};

FileWatch::FileWatch(asio::io_context& io, const procfiles::Watch& watch, Handlers handlers)
    : impl_{std::make_shared<Impl>(io, watch, std::move(handlers))}
{
    impl_->start();
}

FileWatch::FileWatch(FileWatch&&) noexcept = default;
FileWatch& FileWatch::operator=(FileWatch&&) noexcept = default;
FileWatch::~FileWatch() = default;

} // namespace pandora::supervisor::os
