// load() on real files: what is read, what the system refuses, and that the examples and the reference are
// right.
#include "procfiles/keys.hpp"
#include "procfiles/limits.hpp"
#include "procfiles/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace pandora::procfiles {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// An empty folder of the test's own, gone with it.
class LoadTest : public testing::Test {
protected:
    LoadTest()
    {
        std::string pattern = testing::TempDir() + "pandora-load-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }

    ~LoadTest() override { fs::remove_all(folder_); }

    fs::path write(const std::string& name, const std::string& text) const
    {
        std::ofstream{folder_ / name} << text;
        return folder_ / name;
    }

    static std::string error_of(const fs::path& file)
    {
        try {
            static_cast<void>(load({file}));
        } catch (const LoadError& error) {
            return error.what();
        }
        return "no error";
    }

    const fs::path& folder() const { return folder_; }

private:
    fs::path folder_;
};

TEST_F(LoadTest, ReadsAProcfileAndItsEnvFile)
{
    write("shop.env", "A=1\n");
    const fs::path file = write("shop.yml", "env_file: shop.env\nprocesses: {web: {command: run, replicas: auto}}\n");
    const AppSpec app = load({file}).app;
    EXPECT_EQ(app.file, file);
    EXPECT_EQ(app.name, folder().filename().string().substr(0, app_name_bytes_max));
    EXPECT_THAT(app.environment, ElementsAre(Variable{"A", "1"}));
    EXPECT_EQ(app.processes.at(0).working_dir, folder());
    EXPECT_GE(app.processes.at(0).replicas, 1U);
}

TEST_F(LoadTest, TakesVariablesFromItsOwnEnvironment)
{
    const char* path = std::getenv("PATH");
    ASSERT_NE(path, nullptr);
    const AppSpec app = load({write("shop.yml", "environment: ['P=${PATH}', 'Q=${PANDORA_LOAD_TEST_UNSET:-none}']\n"
                                                "processes: {web: {command: run}}\n")})
                            .app;
    EXPECT_THAT(app.environment, ElementsAre(Variable{"P", path}, Variable{"Q", "none"}));
}

TEST_F(LoadTest, SaysInOneLineWhyAFileCannotBeRead)
{
    const fs::path missing = folder() / "none.yml";
    EXPECT_EQ(error_of(missing), missing.string() + ": cannot be read: No such file or directory");
    EXPECT_EQ(error_of(folder()), folder().string() + ": cannot be read: it is a directory");
    const fs::path large = write("large.yml", std::string(file_bytes_max + 1, '#'));
    EXPECT_EQ(error_of(large), large.string() + ": cannot be read: larger than 4 MiB");
    const fs::path full = write("full.yml", std::string(file_bytes_max, '#'));
    EXPECT_EQ(error_of(full), full.string() + ": the file is empty");
    EXPECT_EQ(error_of("/dev/zero"), "/dev/zero: cannot be read: larger than 4 MiB");
    EXPECT_EQ(error_of("/dev/null"), "/dev/null: the file is empty");
}

TEST_F(LoadTest, DoesNotWaitForSomebodyToWriteIntoAPipe)
{
    const fs::path pipe = folder() / "pipe.yml";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(error_of(pipe), pipe.string() + ": cannot be read: it is a pipe that nobody writes into");
}

TEST_F(LoadTest, ReadsWhatIsInAPipe)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    constexpr std::string_view text = "name: piped\nprocesses: {web: {command: run}}\n";
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    EXPECT_EQ(load({"/proc/self/fd/" + std::to_string(ends[0])}).app.name, "piped");
    ::close(ends[0]);
}

TEST_F(LoadTest, TellsTheNameOfAnAppThatHasOtherProblems)
{
    const auto app_of = [&](const std::string& text) {
        try {
            static_cast<void>(load({write("shop.yml", text)}));
        } catch (const LoadError& error) {
            return error.app;
        }
        return std::string{"no error"};
    };
    const auto by_folder = folder().filename().string().substr(0, app_name_bytes_max);
    EXPECT_EQ(app_of("name: shop\nprocesses: {web: {command: run, replicas: many}}\n"), "shop");
    EXPECT_EQ(app_of("processes: {web: {comand: run}}\n"), by_folder);
    EXPECT_EQ(app_of("name: \"${PANDORA_LOAD_TEST_UNSET}\"\nprocesses: {web: {command: run}}\n"), "");
    EXPECT_EQ(app_of("name: [shop]\nprocesses: {web: {command: run}}\n"), "");
    EXPECT_EQ(app_of("name: shop\nprocesses: {web\n"), "");
    EXPECT_EQ(app_of(""), "");
}

TEST_F(LoadTest, SaysWhyAnEnvFileCannotBeRead)
{
    const fs::path file = write("shop.yml", "env_file: [none.env, .]\nprocesses: {web: {command: run}}\n");
    EXPECT_EQ(error_of(file), file.string() + ":1:12: env file `none.env` cannot be read: No such file or directory\n" +
                                  file.string() + ":1:22: env file `.` cannot be read: it is a directory");
}

TEST_F(LoadTest, LaysLaterFilesOverEarlierOnesAndPathsStartAtTheFirst)
{
    const fs::path base = write("base.yml", "processes: {web: {command: run, environment: [A=1], working_dir: w}}\n");
    fs::create_directory(folder() / "over");
    const fs::path over = write("over/local.yml", "processes: {web: {environment: [A=2]}, db: {command: db}}\n");
    const AppSpec app = load({base, over}).app;
    ASSERT_EQ(app.processes.size(), 2U);
    EXPECT_EQ(app.file, base);
    EXPECT_THAT(app.processes[0].environment, ElementsAre(Variable{"A", "1"}, Variable{"A", "2"}));
    EXPECT_EQ(app.processes[0].working_dir, folder() / "w");
}

TEST_F(LoadTest, NamesTheFileOfEachProblem)
{
    const fs::path base = write("base.yml", "processes: {web: {comand: run}}\n");
    const fs::path over = write("over.yml", "processes: {web: {command: run, port: 1}}\n");
    std::string text = "no error";
    try {
        static_cast<void>(load({base, over, folder() / "none.yml"}));
    } catch (const LoadError& error) {
        text = error.what();
    }
    EXPECT_EQ(text, (folder() / "none.yml").string() + ": cannot be read: No such file or directory");
    try {
        static_cast<void>(load({base, over}));
    } catch (const LoadError& error) {
        text = error.what();
    }
    EXPECT_EQ(text, base.string() + ":1:19: unknown key `comand`; did you mean `command`?\n" + over.string() +
                        ":1:33: unknown key `port`");
}

TEST_F(LoadTest, TakesTheOverrideBesideAProcessComposeFile)
{
    const fs::path base = write("process-compose.yml", "processes: {web: {command: run}}\n");
    const fs::path over = write("process-compose.override.yml", "processes: {web: {command: other}}\n");
    const auto command = [](const Loaded& loaded) {
        return std::get<ShellCommand>(loaded.app.processes.at(0).command).text;
    };
    EXPECT_EQ(command(load({base})), "other");
    const fs::path dev = write("process-compose.dev.yml", "{}\n");
    EXPECT_EQ(command(load({base, dev})), "run"); // who names several files means those
}

TEST_F(LoadTest, TakesDotenvOrTheEnvFilesThatWereNamedInstead)
{
    write(".env", "PANDORA_LOAD_TEST_A=dot\n");
    const fs::path other = write("other.env", "PANDORA_LOAD_TEST_A=other\n");
    const fs::path file = write("shop.yml", "processes: {web: {command: 'x ${PANDORA_LOAD_TEST_A:-none}'}}\n");
    const auto command = [&](const LoadOptions& options) {
        return std::get<ShellCommand>(load({file}, options).app.processes.at(0).command).text;
    };
    EXPECT_EQ(command({}), "x dot");
    EXPECT_EQ(command({.dotenv = false}), "x none");
    EXPECT_EQ(command({.env_files = {other}}), "x other");
    EXPECT_THROW(load({file}, {.env_files = {folder() / "none.env"}}), LoadError);
    write(".env", "top secret\n");
    EXPECT_EQ(error_of(file), (folder() / ".env").string() + ":1:1: expected NAME=VALUE");
}

TEST_F(LoadTest, IsStrictWhereItIsToldTo)
{
    const fs::path file = write("process-compose.yml", "processes: {web: {command: run, ports: []}}\n");
    EXPECT_EQ(load({file}).warnings.size(), 1U);
    EXPECT_THROW(load({file}, {.strict = true}), LoadError);
}

TEST(Examples, AllLoad)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{fs::path{PANDORA_SOURCE_DIR} / "procfiles/examples"}) {
        if (entry.path().extension() != ".yml") continue;
        EXPECT_NO_THROW(load({entry.path()})) << entry.path();
        names.push_back(entry.path().filename().string());
    }
    for (const char* name : {"hello.yml", "dependencies.yml", "replicas.yml", "crash-loop.yml"})
        EXPECT_THAT(names, Contains(name));
}

/// The keys that have a row in the reference, in its order.
std::vector<std::string> described_keys()
{
    std::ostringstream text;
    text << std::ifstream{fs::path{PANDORA_SOURCE_DIR} / "procfiles/REFERENCE.md"}.rdbuf();
    std::istringstream lines{text.str()};
    std::vector<std::string> keys;
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("| `")) keys.push_back(line.substr(3, line.find('`', 3) - 3));
    return keys;
}

TEST(Reference, DescribesEveryKeyOnceAndNoOther)
{
    std::vector<std::string> known = known_keys(), described = described_keys();
    std::sort(known.begin(), known.end());
    std::sort(described.begin(), described.end());
    std::vector<std::string> missing, strange;
    std::set_difference(known.begin(), known.end(), described.begin(), described.end(), std::back_inserter(missing));
    std::set_difference(described.begin(), described.end(), known.begin(), known.end(), std::back_inserter(strange));
    EXPECT_THAT(missing, testing::IsEmpty());
    EXPECT_THAT(strange, testing::IsEmpty());
}

} // namespace
} // namespace pandora::procfiles
