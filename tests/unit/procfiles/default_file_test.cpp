// Which file is taken where none is named: looks into a folder of its own.
#include "procfiles/default_file.hpp"
#include "procfiles/load.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace pandora::procfiles {
namespace {

namespace fs = std::filesystem;

class DefaultFile : public testing::Test {
protected:
    DefaultFile()
    {
        std::string pattern = testing::TempDir() + "pandora-default-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }

    ~DefaultFile() override { fs::remove_all(folder_); }

    const fs::path& folder() const { return folder_; }

private:
    fs::path folder_;
};

TEST_F(DefaultFile, IsTheFirstKindThatIsThere)
{
    for (const char* name :
         {"Procfile", "process-compose.yaml", "process-compose.yml", "procfile.yaml", "procfile.yml"}) {
        std::ofstream{folder() / name} << "x";
        EXPECT_EQ(find_default_file(folder()), folder() / name);
        EXPECT_EQ(default_file(folder()), folder() / name);
    }
}

TEST_F(DefaultFile, IsAlsoOneThatCannotBeRead)
{
    std::ofstream{folder() / "Procfile"} << "web: run";
    fs::create_directory(folder() / "procfile.yaml");
    EXPECT_EQ(find_default_file(folder()), folder() / "procfile.yaml");
    fs::create_symlink("nowhere", folder() / "procfile.yml");
    EXPECT_EQ(find_default_file(folder()), folder() / "procfile.yml");
}

TEST_F(DefaultFile, IsMissedWithAllItsNames)
{
    EXPECT_EQ(find_default_file(folder()), std::nullopt);
    try {
        static_cast<void>(default_file(folder()));
        FAIL() << "there is none";
    } catch (const LoadError& error) {
        EXPECT_STREQ(error.what(), "procfile.yml: there is no such file here, nor `procfile.yaml`, "
                                   "`process-compose.yml`, `process-compose.yaml` or `Procfile`; name your procfile as "
                                   "an argument");
    }
}

} // namespace
} // namespace pandora::procfiles
