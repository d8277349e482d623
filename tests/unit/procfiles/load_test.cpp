// load() on real files: what is read, what the system refuses, and that the examples and the reference are
// right.
#include "procfiles/keys.hpp"
#include "procfiles/limits.hpp"
#include "procfiles/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

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
            static_cast<void>(load(file));
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
    const AppSpec app = load(file);
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
    const AppSpec app = load(write("shop.yml", "environment: ['P=${PATH}', 'Q=${PANDORA_LOAD_TEST_UNSET:-none}']\n"
                                               "processes: {web: {command: run}}\n"));
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

TEST_F(LoadTest, SaysWhyAnEnvFileCannotBeRead)
{
    const fs::path file = write("shop.yml", "env_file: [none.env, .]\nprocesses: {web: {command: run}}\n");
    EXPECT_EQ(error_of(file), file.string() + ":1:12: env file `none.env` cannot be read: No such file or directory\n" +
                                  file.string() + ":1:22: env file `.` cannot be read: it is a directory");
}

TEST(Examples, AllLoad)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{fs::path{PANDORA_SOURCE_DIR} / "procfiles/examples"}) {
        if (entry.path().extension() != ".yml") continue;
        EXPECT_NO_THROW(load(entry.path())) << entry.path();
        names.push_back(entry.path().filename().string());
    }
    for (const char* name : {"hello.yml", "dependencies.yml", "replicas.yml", "crash-loop.yml"})
        EXPECT_THAT(names, Contains(name));
}

TEST(Reference, DescribesEveryKeyAndNoOther)
{
    std::ostringstream text;
    text << std::ifstream{fs::path{PANDORA_SOURCE_DIR} / "procfiles/REFERENCE.md"}.rdbuf();
    std::size_t rows = 0;
    for (std::size_t at = text.str().find("\n| `"); at != std::string::npos; at = text.str().find("\n| `", at + 1))
        ++rows;
    const auto keys = known_keys();
    for (const std::string& key : keys) EXPECT_THAT(text.str(), HasSubstr("\n| `" + key + "` |"));
    EXPECT_EQ(rows, keys.size());
}

} // namespace
} // namespace pandora::procfiles
