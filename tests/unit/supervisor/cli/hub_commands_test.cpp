#include "supervisor/cli/hub_commands.hpp"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The code of the command line, without performing it: whether it makes sense.
int parse(std::vector<std::string> words)
{
    CLI::App program;
    program.require_subcommand(1);
    bool chosen = false;
    HubCommands commands{program, "/nonexistent", [&](const HubCommands::Act&) { chosen = true; }};
    words.insert(words.begin(), "hub");
    commands.take_literal(words);
    const std::vector<std::string> reversed{words.rbegin(), std::prev(words.rend())};
    try {
        program.parse(std::vector{reversed});
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
        {"call", "store", "get", "--args", "[1,2]", "--raw", "--idempotent", "--wait", "--sticky", "k"},
        {"call", "store", "get", "--all"},
        {"send", "store", "put", "--string", "7", "--instance", "1", "--process", "web"},
        {"call", "store", "get", "--timeout", "1s", "--", "--x", "-y", "--", "hub", "call"},
        {"call", "store", "--", "--get"},
        {"call", "--process", "web", "--", "store", "get", "--x"},
        {"send", "--", "store", "put", "-x"},
        {"wait-for", "--", "store"},
        {"call", "store", "get", ""},
        {"publish", "__PANDORA_HUB_CONFIG_MANAGER", "--method", "get=x"},
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
                                                      {"call", "store", "get", "--all", "--raw"},
                                                      {"call", "store", "get", "-x"},
                                                      {"call", "store", "get", "--instance", "1"},
                                                      {"call", "--", "store"},
                                                      {"call", "store", "--", ""},
                                                      {"call", "", "get"},
                                                      {"call", "store", ""},
                                                      {"call", "store", "get", "--process", ""},
                                                      {"call", "store", "get", "--args", ""},
                                                      {"call", "store", "get", "--tag", ""},
                                                      {"call", "store", "get", "--sticky", ""},
                                                      {"send", "", "put"},
                                                      {"introspect", ""},
                                                      {"wait-for", ""},
                                                      {"publish", "", "--method", "now=date"},
                                                      {"subscribe", ""},
                                                      {"subscribe", "store", ""},
                                                      {"monitor", "--object", ""},
                                                      {"routes", "--socket", ""},
                                                      {"routes", "--app", ""},
                                                      {"routes", "--app", "shop", "--socket", "/s"},
                                                      {"publish", "clock"},
                                                      {"publish", "pandora.hub", "--method", "stats=date"},
                                                      {"publish", "clock", "--method", "a=x", "--method", "a=y"},
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

TEST(HubCommands, HelpNamesTheWordsAndNoNumbersOfOurOwn)
{
    CLI::App program;
    HubCommands commands{program, "/nonexistent", [](const HubCommands::Act&) {}};
    const auto help = [&](const char* verb) { return program.get_subcommand(verb)->help(); };
    EXPECT_THAT(help("subscribe"), HasSubstr("drop-new, drop-old, last-value or disconnect"));
    for (const char* verb : {"call", "send"}) EXPECT_THAT(help(verb), HasSubstr("ARGUMENT: each is JSON"));
    EXPECT_THAT(help("subscribe"), Not(HasSubstr("ENUM")));
    EXPECT_THAT(help("send"), HasSubstr("nobody tells whether it arrives"));
    for (const char* verb : {"call", "stats", "publish"}) {
        EXPECT_THAT(help(verb), HasSubstr("141")) << verb;
        EXPECT_THAT(help(verb), HasSubstr("143")) << verb;
    }
}

TEST(HubCommands, AWordThatIsRefusedIsNamedInALineOfReasonableLength)
{
    CLI::App program;
    HubCommands commands{program, "/nonexistent", [](const HubCommands::Act&) {}};
    const auto complaint = [&](std::vector<std::string> reversed) {
        try {
            program.parse(std::move(reversed));
        } catch (const CLI::ParseError& error) {
            return std::string{error.what()};
        }
        return std::string{};
    };
    EXPECT_THAT(complaint({"", "wait-for"}), HasSubstr("OBJECT"));
    EXPECT_THAT(complaint({"", "--process", "get", "store", "call"}), HasSubstr("--process"));
    const auto speed = complaint({"-1", "--speed", "f", "replay"});
    EXPECT_THAT(speed, HasSubstr("--speed"));
    EXPECT_LT(speed.size(), 100u) << speed;
}

} // namespace
} // namespace pandora::supervisor::cli
