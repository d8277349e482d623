#include "supervisor/core/watch_filter.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::core {
namespace {

using procfiles::WatchedPath;

TEST(WatchFilter, EveryFileCountsWhereNothingIsSaid)
{
    const WatchFilter filter{WatchedPath{}, false};
    EXPECT_TRUE(filter.wants_file("a"));
    EXPECT_TRUE(filter.wants_file(".git/config"));
    EXPECT_TRUE(filter.wants_folder(".git"));
}

TEST(WatchFilter, AFileMustBeIncludedAndNotExcluded)
{
    const WatchFilter filter{WatchedPath{"/app", {"*.go", "conf/**"}, {"*_test.go", "conf/local.yml"}}, false};

    struct Row {
        const char* path;
        bool want;
    };

    for (const auto& [path, want] : {Row{"main.go", true}, Row{"pkg/a.go", true}, Row{"pkg/a_test.go", false},
                                     Row{"conf/app.yml", true}, Row{"conf/local.yml", false}, Row{"README", false}})
        EXPECT_EQ(filter.wants_file(path), want) << path;
}

TEST(WatchFilter, FoldersNeedNotBeIncludedToBeLookedInto)
{
    const WatchFilter filter{WatchedPath{"/app", {"*.go"}, {"generated/**", "tmp"}}, false};
    EXPECT_TRUE(filter.wants_folder("pkg"));
    EXPECT_TRUE(filter.wants_folder("pkg/generated"));
    EXPECT_FALSE(filter.wants_folder("generated"));
    EXPECT_FALSE(filter.wants_folder("pkg/tmp"));
}

TEST(WatchFilter, LeavesOutWhatToolsWriteUnlessTold)
{
    const WatchFilter filter{WatchedPath{}, true};
    for (const auto* folder : {".git", "web/node_modules", "__pycache__", "a/b/.venv", "build", "target"})
        EXPECT_FALSE(filter.wants_folder(folder)) << folder;
    for (const auto* file : {".main.c.swp", "src/.main.c.swx", "4913", "main.c~", ".#main.c", "#main.c#", "app.log"})
        EXPECT_FALSE(filter.wants_file(file)) << file;
    for (const auto* file : {"main.c", "src/builder.c", "49130", "git", "catalog"})
        EXPECT_TRUE(filter.wants_file(file)) << file;
    for (const auto* folder : {"src", "builds", "web"}) EXPECT_TRUE(filter.wants_folder(folder)) << folder;
}

} // namespace
} // namespace pandora::supervisor::core
