#include "supervisor/cli/running_apps.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace pandora::supervisor::cli {
namespace {

const RunningApp shop{"shop", "/run/p/shop", "/run/p/shop/hub.sock", 7};
const RunningApp blog{"blog", "/run/p/blog", "/run/p/blog/hub.sock", 8};

const UnreadableProcfile broken{"procfile.yml", "line 2: not valid YAML"};

struct Row {
    const char* what;
    Clues clues;
    const char* want; // a socket, or the error
};

std::string chosen(const Clues& clues)
{
    try {
        return choose_socket(clues).string();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

class Choice : public ::testing::TestWithParam<Row> {};

TEST_P(Choice, IsMadeByTheStrongestClue) { EXPECT_EQ(chosen(GetParam().clues), GetParam().want) << GetParam().what; }

INSTANTIATE_TEST_SUITE_P(
    RunningApps, Choice,
    ::testing::Values(
        Row{"named", {"blog", "/env", AppHere{"shop"}, {blog, shop}}, "/run/p/blog/hub.sock"},
        Row{"named, whatever the procfile here", {"blog", "", broken, {blog, shop}}, "/run/p/blog/hub.sock"},
        Row{"named, and not running",
            {"blgo", "/env", AppHere{"shop"}, {blog, shop}},
            "app `blgo` is not running; running: blog, shop"},
        Row{"from the environment", {"", "/env", broken, {blog, shop}}, "/env"},
        Row{"of the procfile here", {"", "", AppHere{"shop"}, {blog, shop}}, "/run/p/shop/hub.sock"},
        Row{"a procfile here means its own app, not another that happens to run",
            {"", "", AppHere{"shop"}, {blog}},
            "app `shop` (of the procfile in this folder) is not running; running: blog"},
        Row{"a procfile here that does not tell its app means none that happens to run",
            {"", "", broken, {blog}},
            "procfile.yml here does not tell its app (line 2: not valid YAML); name the app with --app; running: blog"},
        Row{"the only one", {"", "", NoProcfile{}, {blog}}, "/run/p/blog/hub.sock"},
        Row{"one of several",
            {"", "", NoProcfile{}, {blog, shop}},
            "which app? Name it with --app; running: blog, shop"},
        Row{"none", {"", "", NoProcfile{}, {}}, "no app runs here; start one with `pandora run`"}));

} // namespace
} // namespace pandora::supervisor::cli
