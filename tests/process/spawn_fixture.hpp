// Runs programs with the launcher and reads what they write.
#pragma once

#include "supervisor/os/spawn.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace fs = std::filesystem;

struct Output {
    std::string text;
    siginfo_t end{};
};

class SpawnTest : public testing::Test {
protected:
    SpawnTest()
    {
        auto pattern = (fs::temp_directory_path() / "pandora-spawn-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }

    ~SpawnTest() override { fs::remove_all(folder_); }

    static SpawnRequest shell(const std::string& script)
    {
        SpawnRequest request;
        request.argv = {"/bin/sh", "-c", script};
        request.environment = {"PATH=/usr/bin:/bin"};
        return request;
    }

    /// Runs it to its end and returns what it wrote to its standard output.
    static Output run(SpawnRequest request)
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        const UniqueFd reader{ends[0]};
        UniqueFd writer{ends[1]};
        request.standard_output = writer.get();
        const auto spawned = spawn(request);
        writer = UniqueFd{};
        Output output;
        if (spawned.has_error()) {
            ADD_FAILURE() << describe(spawned.error());
            return output;
        }
        output.text = read_all(reader);
        EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(spawned->pidfd.get()), &output.end, WEXITED), 0);
        return output;
    }

    static std::string read_all(const UniqueFd& reader)
    {
        std::string text;
        std::array<char, 4096> chunk{};
        for (ssize_t got = 0; (got = ::read(reader.get(), chunk.data(), chunk.size())) > 0;)
            text.append(chunk.data(), static_cast<std::size_t>(got));
        return text;
    }

    static void wait_for(const Spawned& spawned)
    {
        siginfo_t end{};
        EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(spawned.pidfd.get()), &end, WEXITED), 0);
    }

    UniqueFd file_with(const std::string& text) const
    {
        auto pattern = (folder_ / "file-XXXXXX").string();
        const UniqueFd made{::mkstemp(pattern.data())};
        EXPECT_EQ(::write(made.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
        return UniqueFd{::open(pattern.c_str(), O_RDONLY | O_CLOEXEC)};
    }

    static std::string error_of(const SpawnRequest& request)
    {
        const auto spawned = spawn(request);
        return spawned.has_error() ? describe(spawned.error()) : "";
    }

    fs::path folder_;
};

} // namespace pandora::supervisor::os
