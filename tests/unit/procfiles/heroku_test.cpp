#include "procfiles/heroku.hpp"
#include "procfiles/validate.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Parsed {
    std::vector<HerokuProcess> processes;
    std::vector<Problem> problems;
};

Parsed parsed_heroku(std::string_view text)
{
    Parsed parsed;
    parsed.processes = parse_heroku(text, parsed.problems);
    return parsed;
}

struct Made {
    AppSpec app;
    std::vector<Problem> problems;
};

Made made(std::string_view text, const Environment& dotenv = {}, const std::string& own_port = "")
{
    LoadContext context = test_context();
    context.file = "Procfile";
    context.variable = [&](std::string_view name) -> std::optional<std::string> {
        if (name == "PORT" && !own_port.empty()) return own_port;
        return std::nullopt;
    };
    Made made;
    made.app = heroku_app(text, dotenv, context, made.problems);
    return made;
}

std::vector<std::string> ports_of(const AppSpec& app)
{
    std::vector<std::string> ports;
    for (const ProcessSpec& process : app.processes) ports.push_back(process.environment.at(0).value);
    return ports;
}

TEST(HerokuName, TellsAProcfileFromYaml)
{
    for (const char* name : {"Procfile", "Procfile.dev", "/srv/shop/Procfile", "Procfile.production"})
        EXPECT_TRUE(is_heroku_procfile(name)) << name;
    for (const char* name : {"procfile.yml", "Procfile.yml", "Procfile.yaml", "process-compose.yml", "procfile", ""})
        EXPECT_FALSE(is_heroku_procfile(name)) << name;
}

TEST(HerokuText, EachLineIsANameAndACommand)
{
    const Parsed parsed = parsed_heroku("# the site\n"
                                        "web: bundle exec rails server -p $PORT\n"
                                        "\n"
                                        "  worker:QUEUE=* rake jobs:work  \n"
                                        "clock-2 : no\n");
    EXPECT_THAT(parsed.processes, ElementsAre(HerokuProcess{"web", "bundle exec rails server -p $PORT", {2, 1}},
                                              HerokuProcess{"worker", "QUEUE=* rake jobs:work", {4, 3}}));
    ASSERT_EQ(parsed.problems.size(), 1U);
    EXPECT_EQ(parsed.problems[0].place, (Place{5, 1}));
    EXPECT_THAT(parsed.problems[0].message, HasSubstr("a name has only letters"));
}

TEST(HerokuText, LineEndsAndTheByteOrderMarkOfOtherSystemsDoNotCount)
{
    const Parsed parsed = parsed_heroku("\xEF\xBB\xBFweb: run\r\n\r\nworker: work\r\n");
    EXPECT_THAT(parsed.problems, IsEmpty());
    EXPECT_THAT(parsed.processes,
                ElementsAre(HerokuProcess{"web", "run", {1, 1}}, HerokuProcess{"worker", "work", {3, 1}}));
}

TEST(HerokuText, TheLastLineNeedsNoEnd) { EXPECT_EQ(parsed_heroku("web: run").processes.size(), 1U); }

TEST(HerokuText, EveryProblemIsToldWithItsPlace)
{
    struct Row {
        const char* text;
        Place place;
        const char* message;
    };

    for (const auto& [text, place, message] : {
             Row{"run this", {1, 1}, "expected NAME: COMMAND, found `run this`"},
             Row{"a: run\n  and\tthat", {2, 3}, "expected NAME: COMMAND"},
             Row{"web:", {1, 1}, "process `web` has no command"},
             Row{"web:   \t", {1, 1}, "process `web` has no command"},
             Row{": run", {1, 1}, "a name must not be empty"},
             Row{"hub: run", {1, 1}, "reserved for a built-in process"},
             Row{"a: run\na: run again", {2, 1}, "process `a` is given twice"},
             Row{"a: run\nb: \x01", {2, 4}, "control character"},
         }) {
        const Parsed parsed = parsed_heroku(text);
        ASSERT_EQ(parsed.problems.size(), 1U) << text;
        EXPECT_EQ(parsed.problems[0].place, place) << text;
        EXPECT_THAT(parsed.problems[0].message, HasSubstr(message)) << text;
    }
}

TEST(HerokuText, ACommandLongerThanLinuxTakesIsRefused)
{
    const Parsed parsed = parsed_heroku("web: " + std::string(200'000, 'x'));
    ASSERT_EQ(parsed.problems.size(), 1U);
    EXPECT_EQ(parsed.problems[0].place, (Place{1, 6}));
    EXPECT_THAT(parsed.problems[0].message, HasSubstr("200000 bytes"));
}

TEST(HerokuApp, IsAnAppThatRunsInTheFolderOfItsFile)
{
    const auto [app, problems] = made("web: run\nworker: work\n", {{"A", "1"}});
    EXPECT_THAT(problems, IsEmpty());
    EXPECT_THAT(validate(app), IsEmpty());
    EXPECT_EQ(app.name, "shop");
    EXPECT_EQ(app.file, "/srv/shop/Procfile");
    EXPECT_THAT(app.environment, ElementsAre(Variable{"A", "1"}));
    ASSERT_EQ(app.processes.size(), 2U);
    EXPECT_EQ(app.processes[1].name, "worker");
    EXPECT_EQ(app.processes[1].working_dir, "/srv/shop");
    EXPECT_EQ(app.processes[1].place, (Place{2, 1}));
}

TEST(HerokuApp, TheFirstProcessToEndEndsAllAndNothingIsRestarted)
{
    for (const ProcessSpec& process : made("web: run\nworker: work\n").app.processes) {
        EXPECT_EQ(process.availability.restart, Restart::no);
        EXPECT_TRUE(process.availability.exit_on_end);
    }
}

TEST(HerokuApp, EachProcessHasAHundredPortsFrom5000)
{
    EXPECT_THAT(ports_of(made("a: x\nb: x\nc: x\n").app), ElementsAre("5000", "5100", "5200"));
}

TEST(HerokuApp, PortIsCountedFromTheVariableOfThatName)
{
    EXPECT_THAT(ports_of(made("a: x\nb: x\n", {}, "3000").app), ElementsAre("3000", "3100"));
    EXPECT_THAT(ports_of(made("a: x\nb: x\n", {{"PORT", "8000"}}, "3000").app), ElementsAre("8000", "8100"))
        << ".env wins";
    EXPECT_THAT(ports_of(made("a: x\n", {{"PORT", ""}}).app), ElementsAre("5000"));
}

TEST(HerokuApp, EachReplicaAddsItsNumberToPort)
{
    const AppSpec app = made("web: node web.js").app;
    EXPECT_EQ(std::get<ShellCommand>(app.processes.at(0).command).text,
              "export PORT=$((PORT + PANDORA_INSTANCE)); node web.js");
}

TEST(HerokuApp, APortThatIsNoneIsRefused)
{
    for (const char* text : {"0", "65536", "http", "-1"}) {
        const auto problems = made("a: x\n", {{"PORT", text}}).problems;
        ASSERT_EQ(problems.size(), 1U) << text;
        EXPECT_THAT(problems[0].message, HasSubstr("no port number")) << text;
        EXPECT_THAT(problems[0].message, testing::Not(HasSubstr(std::string{"`"} + text))) << "may be a secret";
    }
}

TEST(HerokuApp, ProcessesBeyondTheLastPortAreRefusedOnce)
{
    std::string text;
    for (int i = 0; i < 1'000; ++i) text += "p" + std::to_string(i) + ": x\n";
    const auto [app, problems] = made(text);
    EXPECT_EQ(app.processes.back().environment.at(0).value, "65500");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].place, (Place{app.processes.size() + 1, 1}));
}

TEST(HerokuApp, ReleaseIsATaskThatTheOthersWaitFor)
{
    const auto [app, problems] = made("web: run\nrelease: migrate\nworker: work\n");
    EXPECT_THAT(validate(app), IsEmpty());
    for (const ProcessSpec& process : app.processes) {
        if (process.name == "release") {
            EXPECT_FALSE(process.availability.exit_on_end);
            EXPECT_THAT(process.depends_on, IsEmpty());
            continue;
        }
        ASSERT_EQ(process.depends_on.size(), 1U);
        EXPECT_EQ(process.depends_on[0].process, "release");
        EXPECT_EQ(process.depends_on[0].condition, Condition::completed_successfully);
    }
}

TEST(HerokuApp, AFileWithoutProcessesIsRefused)
{
    for (const char* text : {"", "\n\n", "# nothing yet\n"}) {
        const auto problems = made(text).problems;
        ASSERT_EQ(problems.size(), 1U) << text;
        EXPECT_THAT(problems[0].message, HasSubstr("no processes")) << text;
    }
}

} // namespace
} // namespace pandora::procfiles
