#include "supervisor/app/places.hpp"

#include <gtest/gtest.h>

#include <map>

namespace pandora::supervisor::app {
namespace {

TEST(DefaultLogDirectory, GoesByWhoRunsTheAppAndWhatTheEnvironmentSays)
{
    struct Row {
        bool is_root;
        std::map<std::string, std::string, std::less<>> environment;
        const char* want;
    };

    const Row rows[] = {
        {true, {{"XDG_STATE_HOME", "/s"}, {"HOME", "/root"}}, "/var/log/pandora/shop"},
        {false, {{"XDG_STATE_HOME", "/s"}, {"HOME", "/users/a"}}, "/s/pandora/shop/logs"},
        {false, {{"XDG_STATE_HOME", "relative"}, {"HOME", "/users/a"}}, "/users/a/.local/state/pandora/shop/logs"},
        {false, {{"HOME", "/users/a"}}, "/users/a/.local/state/pandora/shop/logs"},
        {false, {}, "/run/shop/logs"},
    };
    for (const auto& row : rows) {
        const Variable variable = [&](std::string_view name) -> std::optional<std::string> {
            const auto found = row.environment.find(name);
            return found == row.environment.end() ? std::nullopt : std::optional{found->second};
        };
        EXPECT_EQ(default_log_directory("shop", row.is_root, variable, "/run/shop"), row.want);
    }
}

TEST(StateDirectory, OutlivesABootAndIsNobodysWithoutAHome)
{
    struct Row {
        bool is_root;
        std::map<std::string, std::string, std::less<>> environment;
        std::optional<std::filesystem::path> want;
    };

    const Row rows[] = {
        {true, {{"XDG_STATE_HOME", "/s"}}, "/var/lib/pandora/shop"},
        {false, {{"XDG_STATE_HOME", "/s"}, {"HOME", "/users/a"}}, "/s/pandora/shop"},
        {false, {{"HOME", "/users/a"}}, "/users/a/.local/state/pandora/shop"},
        {false, {}, std::nullopt},
    };
    for (const auto& row : rows) {
        const Variable variable = [&](std::string_view name) -> std::optional<std::string> {
            const auto found = row.environment.find(name);
            return found == row.environment.end() ? std::nullopt : std::optional{found->second};
        };
        EXPECT_EQ(state_directory("shop", row.is_root, variable), row.want);
    }
}

} // namespace
} // namespace pandora::supervisor::app
