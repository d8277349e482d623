// What this machine refuses: reads its users and its time zones.
#include "supervisor/app/obstacles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::supervisor::app {
namespace {

using procfiles::ProcessSpec;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

/// An app of these, each in a line of its own.
procfiles::Loaded loaded(std::vector<ProcessSpec> processes)
{
    procfiles::Loaded all{.app = {}, .warnings = {}, .files = {"shop.yml", "more.yml"}};
    all.app.name = "shop";
    for (auto& process : processes) {
        process.place = {.line = all.app.processes.size() + 2, .column = 3, .file = all.app.processes.size() % 2};
        all.app.processes.push_back(std::move(process));
    }
    return all;
}

ProcessSpec of_user(const std::string& name, const std::string& user)
{
    ProcessSpec process;
    process.name = name;
    process.isolation.user = user;
    return process;
}

ProcessSpec in_zone(const std::string& name, const std::string& zone)
{
    ProcessSpec process;
    process.name = name;
    process.schedule.emplace().time_zone = zone;
    return process;
}

auto warns(std::size_t line, const char* file, const char* text)
{
    return AllOf(Field(&procfiles::Problem::severity, procfiles::Severity::warning),
                 Field(&procfiles::Problem::place, Field(&procfiles::Place::line, line)),
                 Field(&procfiles::Problem::file, file), Field(&procfiles::Problem::message, HasSubstr(text)));
}

TEST(Obstacles, AreNoneWhereNothingIsAskedOfTheMachine)
{
    EXPECT_THAT(obstacles(loaded({of_user("web", ""), in_zone("job", "")})), IsEmpty());
}

TEST(Obstacles, AreEveryUserAndEveryZoneThatIsNotThere)
{
    EXPECT_THAT(
        obstacles(loaded({of_user("web", "no-such-user"), in_zone("job", "Mars/Olympus"), of_user("db", "neither")})),
        ElementsAre(
            warns(2, "shop.yml", "`run` would fail here: process web: user `no-such-user` does not exist"),
            warns(3, "more.yml", "`run` would fail here: process job: time zone `Mars/Olympus`: there is no file"),
            warns(4, "shop.yml", "`run` would fail here: process db: user `neither` does not exist")));
}

TEST(Obstacles, AreThoseOfTheHub)
{
    auto app = loaded({});
    app.app.hub.allow_uids = {"no-such-user"};
    EXPECT_THAT(obstacles(app),
                ElementsAre(warns(0, "shop.yml", "hub.allow_uids: user `no-such-user` does not exist")));
}

} // namespace
} // namespace pandora::supervisor::app
