#include "supervisor/cli/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Runs a command line, and keeps what it came to.
class CommandsTest : public ::testing::Test {
protected:
    int perform(std::vector<std::string> words)
    {
        words.insert(words.begin(), "pandora");
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        ::testing::internal::CaptureStderr();
        ::testing::internal::CaptureStdout();
        int code = 0;
        try {
            code = cli::perform(static_cast<int>(argv.size()), argv.data(), deeds);
        } catch (const std::runtime_error& error) {
            code = 1;
            thrown = error.what();
        }
        output = ::testing::internal::GetCapturedStdout();
        errors = ::testing::internal::GetCapturedStderr();
        return code;
    }

    std::vector<std::string> files;
    procfiles::LoadOptions options;
    std::string socket, output, errors, thrown;
    std::optional<procfiles::Endpoint> metrics;
    std::vector<std::string> arguments;
    Deeds deeds{.run =
                    [this](const auto& given, const auto& how) {
                        for (const auto& file : given) files.push_back(file.string());
                        options = how;
                        return 7;
                    },
                .obstacles = [](const auto&) { return std::vector<procfiles::Problem>{}; },
                .hub_serve =
                    [this](const auto& where, const auto& address) {
                        socket = where.string();
                        metrics = address;
                        return 8;
                    },
                .broker =
                    [this](const auto& given) {
                        arguments = given;
                        return 9;
                    },
                .runtime_root = "/nonexistent"};
};

TEST_F(CommandsTest, RunTakesTheFileThatItIsTold)
{
    EXPECT_EQ(perform({"run", "shop.yml"}), 7);
    EXPECT_THAT(files, ElementsAre("shop.yml"));
    EXPECT_FALSE(options.strict);
    EXPECT_THAT(options.env_files, IsEmpty());
}

TEST_F(CommandsTest, ScaleTakesWhatAnAppCanHave)
{
    for (const char* count : {"0", "10001", "-1", "many", "", "1.5", "99999999999999999999"}) {
        EXPECT_EQ(perform({"scale", "web", "--", count}), 2) << count;
        EXPECT_THAT(errors, HasSubstr("`" + std::string{count} +
                                      "` is no whole number from 1 to 10000; `stop` takes a process down"));
    }
}

TEST_F(CommandsTest, ASignalBehindItsTargetIsToldFromATargetThatIsNotThere)
{
    EXPECT_EQ(perform({"signal", "ticker", "USR1"}), 2);
    EXPECT_EQ(errors, "pandora: `ticker` is no signal; the order is SIGNAL TARGET\n");
    // With no signal at all, or with one where it belongs, it is the supervisor that is asked, and none is here.
    EXPECT_EQ(perform({"signal", "ticker", "web", "--app", "none"}), 1);
    EXPECT_THAT(thrown, HasSubstr("app `none` is not running"));
    EXPECT_EQ(perform({"signal", "HUP", "term", "--app", "none"}), 1);
    EXPECT_THAT(thrown, HasSubstr("app `none` is not running"));
}

TEST_F(CommandsTest, TheHelpOfReloadDoesNotPromiseAChangedProcfile)
{
    EXPECT_EQ(perform({"reload", "--help"}), 0);
    EXPECT_THAT(output, HasSubstr("a changed procfile takes a new `pandora run`"));
}

TEST_F(CommandsTest, RunTakesSeveralFilesInTheOrderInWhichTheyWin)
{
    EXPECT_EQ(perform({"run", "a.yml", "-f", "b.yml", "--file", "c.yml", "-e", "x.env", "-e", "y.env", "--strict"}), 7);
    EXPECT_THAT(files, ElementsAre("a.yml", "b.yml", "c.yml"));
    EXPECT_THAT(options.env_files, ElementsAre("x.env", "y.env"));
    EXPECT_TRUE(options.strict);
}

TEST_F(CommandsTest, HubServeAndTheHubProcessGetWhatIsMeantForThem)
{
    EXPECT_EQ(perform({"hub", "serve", "--socket", "/s", "--metrics", ":0"}), 8);
    EXPECT_EQ(socket, "/s");
    EXPECT_EQ(metrics, (procfiles::Endpoint{"127.0.0.1", 0}));
    EXPECT_EQ(perform({"hub", "serve", "--socket", "/s"}), 8);
    EXPECT_EQ(metrics, std::nullopt);
    EXPECT_EQ(perform({"broker", "shop", "0", "16", "5000"}), 9);
    EXPECT_THAT(arguments, ElementsAre("shop", "0", "16", "5000"));
}

TEST_F(CommandsTest, WordsThatMakeNoCommandAreRefusedWithCodeTwo)
{
    const std::vector<std::vector<std::string>> wrong{{},
                                                      {"fly"},
                                                      {"stop"},
                                                      {"scale", "web"},
                                                      {"scale", "web", "many"},
                                                      {"scale", "web", "-1"},
                                                      {"signal", "HUP"},
                                                      {"run", "--fast"},
                                                      {"run", "call", "--", "not lost"}, // `call` is a file here
                                                      {"logs", "web", "-n", "-1"},
                                                      {"hub", "serve", "--socket", ""},
                                                      {"hub", "serve", "--socket", "/s", "--metrics", "foo"},
                                                      {"stop", "web", "--timeout", "soon"}};
    for (const auto& words : wrong) {
        EXPECT_EQ(perform(words), 2) << ::testing::PrintToString(words);
        EXPECT_NE(errors, "");
    }
    EXPECT_THAT(files, IsEmpty());
}

TEST_F(CommandsTest, AVerbThatIsNoneIsNamedAlsoWhereHelpIsAskedFor)
{
    struct Row {
        std::vector<std::string> words;
        const char* said;
    };

    for (const auto& [words, said] :
         {Row{{"frobnicate"}, "there is no `pandora frobnicate`; `pandora --help`"},
          Row{{"validate", "--help"}, "there is no `pandora validate`; `pandora --help`"},
          Row{{"hub", "frobnicate"}, "there is no `pandora hub frobnicate`; `pandora hub --help`"},
          Row{{"hub", "route", "--help"}, "there is no `pandora hub route`; did you mean `routes`?"}}) {
        EXPECT_EQ(perform(words), 2) << ::testing::PrintToString(words);
        EXPECT_THAT(errors, HasSubstr(said));
        EXPECT_EQ(output, "");
    }
}

TEST_F(CommandsTest, HelpIsNoMistake)
{
    EXPECT_EQ(perform({"--help"}), 0);
    for (const char* verb : {"run", "check", "ps", "describe", "logs", "list", "start", "stop", "restart", "reload",
                             "scale", "signal", "hub"})
        EXPECT_THAT(output, HasSubstr("\n  " + std::string{verb} + " "));
    EXPECT_EQ(output.find("broker"), std::string::npos) << "that is for pandora itself";
}

} // namespace
} // namespace pandora::supervisor::cli
