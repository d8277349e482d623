// FileWatch against the real kernel: what people, editors, package managers and deployments do to files.
#include "supervisor/os/file_watch.hpp"
#include "supervisor/os/inotify.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace pandora::supervisor::os {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using procfiles::Watch;
using procfiles::WatchedPath;

void write(const fs::path& path, const std::string& text = "text") { std::ofstream{path} << text; }

class FileWatchTest : public testing::Test {
protected:
    FileWatchTest()
    {
        char name[] = "/tmp/pandora-watch-XXXXXX";
        folder_ = ::mkdtemp(name);
        root_ = folder_ / "root";
        fs::create_directory(root_);
    }

    ~FileWatchTest() override { fs::remove_all(folder_); }

    FileWatchTest(const FileWatchTest&) = delete;
    FileWatchTest& operator=(const FileWatchTest&) = delete;

    /// Watches from now on: when this returns, all folders that are there have been read.
    void watch(std::vector<WatchedPath> paths, procfiles::Millis debounce = 0ms)
    {
        watch_.emplace(io_, Watch{.paths = std::move(paths), .debounce = debounce},
                       FileWatch::Handlers{[this](const fs::path& first) { changes_.push_back(first); },
                                           [this](const std::string& what) { complaints_.push_back(what); }});
        run_ready();
    }

    void run_ready()
    {
        io_.restart();
        while (io_.poll() > 0) {
        }
    }

    /// What is told next; empty after a time in which nothing but a fault takes so long.
    fs::path next_change()
    {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (changes_.empty() && std::chrono::steady_clock::now() < end) {
            io_.restart();
            io_.run_one_for(100ms);
        }
        if (changes_.empty()) return {};
        const auto first = changes_.front();
        run_ready();
        changes_.clear(); // the same deed, told again
        return first;
    }

    /// Nothing that was done so far is told: events come in order, and the next is of a file made now.
    void expect_nothing_but(const fs::path& sentinel)
    {
        write(sentinel);
        EXPECT_EQ(next_change(), sentinel);
    }

    boost::asio::io_context io_;
    fs::path folder_;
    fs::path root_;
    std::optional<FileWatch> watch_;
    std::vector<fs::path> changes_;
    std::vector<std::string> complaints_;
};

TEST_F(FileWatchTest, TellsWhatBecomesOfAFile)
{
    const auto file = root_ / "a.txt";
    watch({{root_, {}, {}}});
    write(file);
    EXPECT_EQ(next_change(), file) << "created";
    write(file, "more");
    EXPECT_EQ(next_change(), file) << "written";
    fs::last_write_time(file, fs::last_write_time(file) + 1h);
    EXPECT_EQ(next_change(), file) << "touched";
    fs::permissions(file, fs::perms::owner_all);
    EXPECT_EQ(next_change(), file) << "another mode";
    fs::rename(file, root_ / "b.txt");
    EXPECT_EQ(next_change(), file) << "renamed";
    fs::remove(root_ / "b.txt");
    EXPECT_EQ(next_change(), root_ / "b.txt") << "removed";
}

TEST_F(FileWatchTest, ReadingAndOpeningIsNoChange)
{
    write(root_ / "data.db");
    watch({{root_, {}, {}}});
    const UniqueFd opened{::open((root_ / "data.db").c_str(), O_RDWR | O_CLOEXEC)};
    std::string text;
    std::ifstream{root_ / "data.db"} >> text;
    expect_nothing_but(root_ / "z");
}

TEST_F(FileWatchTest, FollowsFoldersThatAreMadeLater)
{
    watch({{root_, {}, {}}});
    fs::create_directories(root_ / "a/b/c");
    write(root_ / "a/b/c/1"); // before anybody could watch that folder
    EXPECT_EQ(next_change(), root_ / "a/b/c/1");
    write(root_ / "a/b/c/2");
    EXPECT_EQ(next_change(), root_ / "a/b/c/2");
    fs::create_directories(root_ / "a/empty");
    expect_nothing_but(root_ / "z");
}

TEST_F(FileWatchTest, FollowsFoldersThatAreRenamed)
{
    fs::create_directories(root_ / "old/deep");
    fs::create_directories(folder_ / "outside");
    write(root_ / "old/deep/1");
    watch({{root_, {}, {}}});

    fs::rename(root_ / "old", root_ / "new");
    EXPECT_EQ(next_change(), root_ / "old");
    write(root_ / "new/deep/1", "more");
    EXPECT_EQ(next_change(), root_ / "new/deep/1");

    fs::rename(root_ / "new", folder_ / "outside/new");
    EXPECT_EQ(next_change(), root_ / "new");
    write(folder_ / "outside/new/deep/1", "it is no business of ours any more");
    expect_nothing_but(root_ / "z");
}

TEST_F(FileWatchTest, LeavesOutWhatIsExcluded)
{
    fs::create_directories(root_ / "node_modules/x");
    watch({{root_, {"*.js"}, {"generated/**", "*.min.js"}}});
    write(root_ / "node_modules/x/index.js");
    write(root_ / "readme.md");
    write(root_ / "app.min.js");
    fs::create_directories(root_ / "generated/deep");
    write(root_ / "generated/deep/a.js");
    expect_nothing_but(root_ / "app.js");
}

TEST_F(FileWatchTest, AFileThatAnEditorSavesByRenaming)
{
    const auto file = root_ / "app.conf";
    write(file);
    watch({{file, {}, {}}});
    for (int i = 0; i < 3; ++i) {
        write(root_ / "app.conf.new", "new");
        fs::rename(root_ / "app.conf.new", file);
        EXPECT_EQ(next_change(), file) << i;
    }
    fs::rename(file, root_ / "app.conf~"); // vim with `backupcopy=no`
    EXPECT_EQ(next_change(), file);
    write(file);
    EXPECT_EQ(next_change(), file);
    write(root_ / "other");
    write(file, "more");
    EXPECT_EQ(next_change(), file) << "its neighbours do not count";
    fs::remove(file);
    EXPECT_EQ(next_change(), file);
}

TEST_F(FileWatchTest, AFileBehindALink)
{
    fs::create_directory(folder_ / "real");
    const auto file = folder_ / "real/app.conf";
    write(file);
    fs::create_symlink(file, root_ / "app.conf");
    watch({{root_ / "app.conf", {}, {}}});
    write(file, "written where it really is");
    EXPECT_EQ(next_change(), root_ / "app.conf");
    fs::remove(root_ / "app.conf");
    EXPECT_EQ(next_change(), root_ / "app.conf");
}

TEST_F(FileWatchTest, ARootThatComesLater)
{
    const auto late = folder_ / "not/yet/here";
    watch({{late, {}, {}}});
    EXPECT_TRUE(complaints_.empty());
    fs::create_directories(late);
    run_ready();
    write(late / "1");
    EXPECT_EQ(next_change(), late / "1");
}

TEST_F(FileWatchTest, ARootThatIsRemovedAndComesBack)
{
    fs::create_directory(root_ / "deep");
    write(root_ / "deep/1");
    watch({{root_, {}, {}}});
    for (int i = 0; i < 3; ++i) {
        fs::remove_all(root_);
        EXPECT_EQ(next_change(), root_ / "deep/1") << i;
        fs::create_directories(root_ / "deep");
        write(root_ / "deep/1");
        EXPECT_EQ(next_change(), root_ / "deep/1") << i;
    }
    // Without a turn of the loop in between.
    fs::remove_all(root_);
    fs::create_directories(root_ / "deep");
    next_change();
    write(root_ / "deep/2");
    EXPECT_EQ(next_change(), root_ / "deep/2");
}

TEST_F(FileWatchTest, ARootOfWhichAFolderAboveIsReplaced)
{
    const auto source = root_ / "src";
    fs::create_directory(source);
    write(source / "1");
    watch({{source, {}, {}}});
    fs::rename(root_, folder_ / "root.old");
    EXPECT_EQ(next_change(), source);
    fs::create_directories(source);
    write(source / "1");
    EXPECT_EQ(next_change(), source / "1");
    write(folder_ / "root.old/src/1", "it is no business of ours any more");
    expect_nothing_but(source / "z");
}

TEST_F(FileWatchTest, AReleaseThatIsSwitchedByALink)
{
    fs::create_directories(folder_ / "releases/1");
    fs::create_directories(folder_ / "releases/2");
    write(folder_ / "releases/1/app");
    write(folder_ / "releases/2/app");
    const auto current = folder_ / "current";
    fs::create_directory_symlink("releases/1", current);
    watch({{current, {}, {}}});

    fs::create_directory_symlink("releases/2", folder_ / "next");
    fs::rename(folder_ / "next", current);
    EXPECT_EQ(next_change(), current / "app");
    write(folder_ / "releases/2/app", "more");
    EXPECT_EQ(next_change(), current / "app");
    write(folder_ / "releases/1/app", "the old one does not count any more");
    expect_nothing_but(current / "z");
}

TEST_F(FileWatchTest, LinksInsideAreNotFollowed)
{
    fs::create_directory(folder_ / "elsewhere");
    fs::create_directory_symlink(root_, root_ / "myself");
    fs::create_directory_symlink(folder_ / "elsewhere", root_ / "elsewhere");
    watch({{root_, {}, {}}});
    write(folder_ / "elsewhere/1");
    expect_nothing_but(root_ / "z");
}

TEST_F(FileWatchTest, RootsMayOverlap)
{
    fs::create_directory(root_ / "css");
    watch({{root_, {"*.js"}, {}}, {root_ / "css", {"*.css"}, {}}, {root_ / "css/one.txt", {}, {}}});
    write(root_ / "css/a.css");
    EXPECT_EQ(next_change(), root_ / "css/a.css");
    write(root_ / "css/a.js");
    EXPECT_EQ(next_change(), root_ / "css/a.js");
    write(root_ / "css/one.txt");
    EXPECT_EQ(next_change(), root_ / "css/one.txt");
    write(root_ / "css/two.txt");
    write(root_ / "a.css");
    expect_nothing_but(root_ / "z.js");
}

TEST_F(FileWatchTest, ManyChangesInARowAreOne)
{
    constexpr auto quiet = 100ms;
    watch({{root_, {}, {}}}, quiet);
    write(root_ / "b");
    run_ready();
    for (int i = 0; i < 100; ++i) write(root_ / ("a" + std::to_string(i)));
    const auto written = std::chrono::steady_clock::now();
    EXPECT_EQ(next_change(), root_ / "b") << "the first of them";
    EXPECT_GE(std::chrono::steady_clock::now(), written + quiet);
    write(root_ / "z");
    EXPECT_EQ(next_change(), root_ / "z");
}

TEST_F(FileWatchTest, FindsItsWayBackWhenTheKernelDropsEvents)
{
    watch({{root_, {}, {"noise*"}}});
    int limit = 0;
    std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> limit;
    for (int i = 0; i < limit; ++i) { // two events each, of a file that does not count
        write(root_ / "noise");
        fs::remove(root_ / "noise");
    }
    fs::create_directory(root_ / "unseen");
    EXPECT_EQ(next_change(), root_) << "something may have changed";
    write(root_ / "unseen/1");
    EXPECT_EQ(next_change(), root_ / "unseen/1");
}

TEST_F(FileWatchTest, ReadsALargeTreeInParts)
{
    for (int i = 0; i < 200; ++i) fs::create_directories(root_ / std::to_string(i) / "deep");
    watch_.emplace(io_, Watch{.paths = {{root_, {}, {}}}, .debounce = 0ms},
                   FileWatch::Handlers{[this](const fs::path& first) { changes_.push_back(first); }, {}});
    io_.restart();
    std::size_t turns = 0;
    while (io_.poll_one() > 0) ++turns;
    EXPECT_GT(turns, 10U);
    write(root_ / "199/deep/1");
    EXPECT_EQ(next_change(), root_ / "199/deep/1");
}

TEST_F(FileWatchTest, MayBeDestroyedWhileItTells)
{
    watch_.emplace(io_, Watch{.paths = {{root_, {}, {}}}, .debounce = 0ms},
                   FileWatch::Handlers{[this](const fs::path& first) {
                                           watch_.reset();
                                           changes_.push_back(first);
                                       },
                                       {}});
    run_ready();
    write(root_ / "a");
    EXPECT_EQ(next_change(), root_ / "a");
    write(root_ / "b");
    run_ready();
    EXPECT_TRUE(changes_.empty());
}

TEST_F(FileWatchTest, AFolderThatMayNotBeReadIsNamedAndTheRestIsWatched)
{
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    fs::create_directory(root_ / "locked");
    fs::permissions(root_ / "locked", fs::perms::none);
    watch({{root_, {}, {}}});
    EXPECT_EQ(complaints_, std::vector{"cannot watch " + (root_ / "locked").string() + ": Permission denied"});
    expect_nothing_but(root_ / "z");
    fs::permissions(root_ / "locked", fs::perms::owner_all);
}

/// Runs in a user namespace of its own, where the limit of watches is lower. 77 = there are no such namespaces here.
int complain_of_the_limit(const fs::path& root)
{
    if (::unshare(CLONE_NEWUSER) != 0) return 77;
    std::ofstream limit{"/proc/sys/user/max_inotify_watches"};
    limit << 5 << std::flush;
    if (!limit) return 77;
    boost::asio::io_context io;
    std::vector<std::string> complaints;
    const FileWatch watch{io,
                          Watch{.paths = {{root, {}, {}}}},
                          {[](const fs::path&) {}, [&](const std::string& what) { complaints.push_back(what); }}};
    while (io.poll() > 0) {
    }
    for (const auto& complaint : complaints) std::fprintf(stderr, "complaint: %s\n", complaint.c_str());
    return complaints.size() == 1 && complaints[0].starts_with("cannot watch " + root.string()) &&
                   complaints[0].find("the limit fs.inotify.max_user_watches = ") != std::string::npos
               ? 0
               : 1;
}

TEST_F(FileWatchTest, NamesTheLimitOfWatches)
{
    for (int i = 0; i < 20; ++i) fs::create_directory(root_ / std::to_string(i));
    const auto child = ::fork();
    if (child == 0) ::_exit(complain_of_the_limit(root_));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no user namespaces here";
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

} // namespace
} // namespace pandora::supervisor::os
