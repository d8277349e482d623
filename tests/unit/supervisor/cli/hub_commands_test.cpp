#include "supervisor/cli/hub_commands.hpp"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pandora::supervisor::cli {
namespace {

/// The code of the command line, without performing it: whether it makes sense.
int parse(std::vector<std::string> words)
{
    CLI::App program;
    program.require_subcommand(1);
    bool chosen = false;
    HubCommands commands{program, "/nonexistent", [&](const HubCommands::Act&) { chosen = true; }};
    std::vector<std::string> reversed{words.rbegin(), words.rend()};
    try {
        program.parse(reversed);
    } catch (const CLI::ParseError&) {
        return 2;
    }
    return chosen ? 0 : 1;
}

TEST(HubCommands, TakesWhatItsHelpSays)
{
    const std::vector<std::vector<std::string>> right{
        {"routes", "--all", "--json", "--socket", "/s"},
        {"clients", "--app", "shop"},
        {"stats", "--json"},
        {"introspect", "store", "--timeout", "500ms"},
        {"wait-for", "store", "--timeout", "10s"},
        {"call", "store", "get"},
        {"call", "store", "get", "-4", "[1,2]", "{}", "-", "routes", "a b", "--process", "web/1", "--tag", "t"},
        {"call", "store", "get", "--args", "[1,2]", "--all", "--raw", "--idempotent", "--wait", "--sticky", "k"},
        {"send", "store", "put", "--string", "7", "--instance", "1", "--process", "web"},
        {"publish", "clock", "--method", "now=date", "--method", "up=uptime", "--once", "--jobs", "2"},
        {"subscribe", "store"},
        {"subscribe", "store", "chan*", "--count", "3", "--timeout", "2s", "--overflow", "last-value"},
        {"monitor", "--object", "a*", "--object", "b", "--process", "web", "--method", "get", "--json", "--payload"},
        {"capture", "f", "--max-size", "1MiB", "--duration", "1m"},
        {"replay", "f", "--speed", "0", "--object", "store"}};
    for (const auto& words : right) EXPECT_EQ(parse(words), 0) << ::testing::PrintToString(words);
}

TEST(HubCommands, RefusesWhatMakesNoSense)
{
    const std::vector<std::vector<std::string>> wrong{{"call", "store"},
                                                      {"call"},
                                                      {"call", "store", "get", "--timeout", "soon"},
                                                      {"call", "store", "get", "--timeout", "0"},
                                                      {"call", "store", "get", "--fast"},
                                                      {"call", "store", "get", "-x"},
                                                      {"call", "store", "get", "--instance", "1"},
                                                      {"call", "store", "get", "--process", "web", "--instance", "one"},
                                                      {"send", "store", "put", "--timeout", "1s"},
                                                      {"publish", "clock", "--method", "now"},
                                                      {"publish", "clock", "--jobs", "0"},
                                                      {"subscribe", "store", "--overflow", "explode"},
                                                      {"subscribe", "store", "--count", "few"},
                                                      {"capture"},
                                                      {"capture", "f", "--max-size", "big"},
                                                      {"replay", "f", "--speed", "-1"},
                                                      {"wait-for"}};
    for (const auto& words : wrong) EXPECT_EQ(parse(words), 2) << ::testing::PrintToString(words);
}

} // namespace
} // namespace pandora::supervisor::cli
