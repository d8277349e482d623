// A folder of a test's own, and what is in it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace pandora::supervisor::logs {

class TemporaryFolder {
public:
    TemporaryFolder()
    {
        auto name = (std::filesystem::temp_directory_path() / "pandora-logs-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error{"mkdtemp"};
        path_ = name;
    }

    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

    std::string text(const std::string& name) const
    {
        std::ifstream file{path_ / name, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream{path_ / name, std::ios::binary} << text;
    }

    std::set<std::string> names() const
    {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator{path_}) found.insert(entry.path().filename());
        return found;
    }

private:
    std::filesystem::path path_;
};

} // namespace pandora::supervisor::logs
