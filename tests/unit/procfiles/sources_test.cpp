// Files that build on others, and processes that do.
#include "procfiles/sources.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Files = std::map<std::string, std::string>;

LoadContext context_with(const Files& files)
{
    LoadContext context = test_context();
    context.read_file = [files](const std::filesystem::path& path) -> FileText {
        const auto found = files.find(path.string());
        if (found == files.end()) return Unreadable{"No such file or directory"};
        return found->second;
    };
    return context;
}

const ProcessSpec& process(const AppSpec& app, std::string_view name)
{
    return *std::find_if(app.processes.begin(), app.processes.end(), [&](const auto& p) { return p.name == name; });
}

std::string command_of(const ProcessSpec& process) { return std::get<ShellCommand>(process.command).text; }

TEST(Sources, AFileBuildsOnAnotherFromItsOwnFolderOn)
{
    const auto context = context_with({
        {"/srv/shop/base/app.yml", "extends: ../root.yml\nprocesses: {web: {command: base, replicas: 2}}\n"},
        {"/srv/shop/root.yml", "name: root\nprocesses: {db: {command: db}, web: {command: root, working_dir: w}}\n"},
    });
    const AppSpec app = parse("extends: base/app.yml\nprocesses: {web: {command: own}}\n", context).app;
    EXPECT_EQ(app.name, "root");
    ASSERT_THAT(app.processes, SizeIs(2));
    EXPECT_EQ(command_of(process(app, "web")), "own");
    EXPECT_EQ(process(app, "web").replicas, 2U);
    EXPECT_EQ(process(app, "web").working_dir, "/srv/shop/w"); // of the file that the user named, as in all files
}

TEST(Sources, ProblemsNameTheFileTheyAreIn)
{
    const auto context = context_with({{"/srv/shop/base/app.yml", "nmae: x\nprocesses: {web: {replicas: 0}}\n"}});
    EXPECT_THAT(problems_of("extends: base/app.yml\nprocesses: {web: {comand: own}}\n", context),
                ElementsAre("2:19: unknown key `comand`; did you mean `command`?",
                            "base/app.yml:1:1: unknown key `nmae`; did you mean `name`?",
                            "base/app.yml:2:29: expected a whole number from 1 to 10000 or `auto`, found `0`"));
}

TEST(Sources, AFileCannotExtendItselfInAnyNumberOfSteps)
{
    const std::string own = "extends: shop.yml\nprocesses: {web: {command: own}}\n";
    EXPECT_THAT(problems_of(own, context_with({})), ElementsAre("1:10: files extend each other: shop.yml -> shop.yml"));
    const auto context =
        context_with({{"/srv/shop/a.yml", "extends: ./b.yml\n"}, {"/srv/shop/b.yml", "extends: shop.yml"}});
    EXPECT_THAT(problems_of("extends: a.yml\nprocesses: {web: {command: own}}\n", context),
                ElementsAre("b.yml:1:10: files extend each other: shop.yml -> a.yml -> b.yml -> shop.yml"));
}

TEST(Sources, ThereIsALimitOfFiles)
{
    Files files;
    for (int i = 0; i < 100; ++i)
        files["/srv/shop/" + std::to_string(i) + ".yml"] = "extends: " + std::to_string(i + 1) + ".yml\n";
    const auto problems = problems_of("extends: 0.yml\nprocesses: {web: {command: own}}\n", context_with(files));
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_THAT(problems[0], HasSubstr("more than 64 files"));
}

TEST(Sources, ABaseThatCannotBeReadOrIsNoPathIsAProblemOfItsPlace)
{
    const auto context = context_with({{"/srv/shop/bad.yml", "a: [\n"}});
    const std::string web = "\nprocesses: {web: {command: own}}\n";
    EXPECT_THAT(problems_of("extends: none.yml" + web, context),
                ElementsAre("1:10: file `none.yml` cannot be read: No such file or directory"));
    EXPECT_THAT(problems_of("extends: [a.yml]" + web, context),
                ElementsAre("1:10: expected the path of the procfile that this one builds on"));
    EXPECT_THAT(problems_of("extends: bad.yml" + web, context), ElementsAre(HasSubstr("bad.yml:2:1: not valid YAML")));
    EXPECT_THAT(problems_of("extends:" + web, context), IsEmpty());
}

TEST(Bases, AProcessBuildsOnOneOfItsFileOrOfAnother)
{
    const auto context = context_with({{"/srv/shop/lib/common.yml", "processes:\n"
                                                                    "  web: {command: common, environment: [A=1]}\n"
                                                                    "  job: {extends: web, replicas: 4}\n"}});
    const AppSpec app = parse(R"(
processes:
  a: {command: one, environment: {A: x, B: y}, availability: {restart: always, backoff_seconds: 3}}
  b: {extends: a, command: two, environment: [B=z], availability: {backoff: 9s}}
  c: {extends: {process: b}}
  web: {extends: lib/common.yml}
  d: {extends: {file: lib/common.yml, process: job}, entrypoint: [d]}
)",
                              context)
                            .app;
    const ProcessSpec& b = process(app, "b");
    EXPECT_EQ(command_of(b), "two");
    EXPECT_THAT(b.environment, ElementsAre(Variable{"A", "x"}, Variable{"B", "y"}, Variable{"B", "z"}));
    EXPECT_EQ(b.availability.restart, Restart::always);
    EXPECT_EQ(b.availability.backoff, Millis{9'000}); // the upper spelling of a setting wins
    EXPECT_EQ(command_of(process(app, "c")), "two");
    EXPECT_EQ(command_of(process(app, "web")), "common");
    EXPECT_EQ(process(app, "d").replicas, 4U);
    EXPECT_THAT(std::get<Entrypoint>(process(app, "d").command).argv, ElementsAre("d"));
}

TEST(Bases, ThatDoNotExistOrExtendEachOtherAreProblems)
{
    const auto context = context_with({{"/srv/shop/o.yml", "processes: {p: {command: x}}\n"}});

    struct Row {
        std::string text;
        std::string want;
    };

    for (const auto& [text, want] : {
             Row{"processes: {a: {command: x, extends: b}}", "1:38: process `a` extends `b`, which does not exist"},
             Row{"processes: {a: {command: x, extends: a}}", "1:38: processes extend each other: a -> a"},
             Row{"processes: {a: {command: x, extends: o.yml}}", "1:38: process `a` extends `a`, which does not exist"},
             Row{"processes: {a: {command: x, extends: {fiel: o.yml}}}",
                 "1:39: unknown key `fiel`; did you mean `file`?"},
             Row{"processes: {a: {command: x, extends: n.yml}}",
                 "1:38: file `n.yml` cannot be read: No such file or directory"},
         })
        EXPECT_THAT(problems_of(text, context), ElementsAre(want)) << text;
    EXPECT_THAT(problems_of("processes: {a: {command: x, extends: b}, b: {command: x, extends: a}}", context),
                ElementsAre("1:67: processes extend each other: a -> b -> a"));
}

TEST(Bases, CostNoMoreThanAFileMay)
{
    std::string text = "processes:\n  base:\n    command: x\n    environment:\n";
    for (int i = 0; i < 1'000; ++i) text += "      V" + std::to_string(i) + ": x\n";
    for (int i = 0; i < 1'000; ++i) text += "  p" + std::to_string(i) + ": {extends: base}\n";
    EXPECT_THAT(problems_of(text, context_with({})), testing::Contains(HasSubstr("`extends` makes more than 200000")));

    std::string chain = "processes:\n  p0: {command: x}\n";
    for (int i = 1; i < 10'000; ++i)
        chain.insert(11, "  p" + std::to_string(i) + ": {extends: p" + std::to_string(i - 1) + "}\n");
    EXPECT_THAT(problems_of(chain, context_with({})), testing::Contains(HasSubstr("more than 64 processes extend")));
}

} // namespace
} // namespace pandora::procfiles
