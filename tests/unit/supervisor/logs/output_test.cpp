#include "supervisor/logs/output.hpp"

#include <gtest/gtest.h>

namespace pandora::supervisor::logs {
namespace {

using procfiles::LogsInDirectory;
using procfiles::LogsInFile;

procfiles::AppSpec app(procfiles::LogTarget target, std::uint32_t replicas = 1)
{
    procfiles::AppSpec spec;
    for (const char* name : {"web", "store"}) {
        procfiles::ProcessSpec process;
        process.name = name;
        process.replicas = replicas;
        process.logs.target = target;
        spec.processes.push_back(std::move(process));
    }
    return spec;
}

Output output(const procfiles::AppSpec& spec, std::uint32_t instance = 0)
{
    return output_of(spec.processes[0], instance, "/var/log/app", writers_by_file(spec.processes));
}

TEST(Output, GoesNowhereUnlessAskedFor)
{
    const auto nowhere = output(app({}));
    EXPECT_TRUE(nowhere.out_file.empty() && nowhere.err_file.empty());
    EXPECT_TRUE(nowhere.console);
}

TEST(Output, InADirectoryIsAFileForEachInstance)
{
    struct Row {
        LogsInDirectory target;
        std::uint32_t replicas;
        std::string out;
        std::string err;
    };

    for (const auto& [target, replicas, out, err] :
         {Row{{}, 1, "/var/log/app/web.log", "/var/log/app/web.log"},
          Row{{"/logs/./x"}, 1, "/logs/x/web.log", "/logs/x/web.log"},
          Row{{"/logs"}, 3, "/logs/web-2.log", "/logs/web-2.log"},
          Row{{"/logs", true}, 1, "/logs/web.out.log", "/logs/web.err.log"},
          Row{{"/logs", true}, 3, "/logs/web-2.out.log", "/logs/web-2.err.log"}}) {
        const auto got = output(app(target, replicas), replicas - 1);
        EXPECT_EQ(got.out_file, out);
        EXPECT_EQ(got.err_file, err);
        EXPECT_FALSE(got.name_in_front);
    }
}

TEST(Output, InAFileThatOthersWriteToCarriesTheName)
{
    auto spec = app(LogsInFile{"/logs/../logs/all.log"});
    EXPECT_EQ(output(spec).out_file, "/logs/all.log");
    EXPECT_TRUE(output(spec).name_in_front);
    spec.processes[0].logs.metadata = false;
    EXPECT_FALSE(output(spec).name_in_front);
    spec.processes[0].logs.metadata = true;
    spec.processes.pop_back();
    EXPECT_FALSE(output(spec).name_in_front) << "nobody else writes to it";
    spec.processes[0].replicas = 2;
    EXPECT_TRUE(output(spec).name_in_front);
}

} // namespace
} // namespace pandora::supervisor::logs
