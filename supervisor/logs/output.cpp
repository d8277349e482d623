#include "supervisor/logs/output.hpp"

#include <string_view>

namespace pandora::supervisor::logs {

namespace {

using procfiles::LogsInDirectory;
using procfiles::LogsInFile;

/// How many instances write to `file`.
std::uint64_t writers_of(const procfiles::AppSpec& app, const std::filesystem::path& file)
{
    std::uint64_t writers = 0;
    for (const auto& process : app.processes) {
        const auto* target = std::get_if<LogsInFile>(&process.logs.target);
        if (target && target->file.lexically_normal() == file) writers += process.replicas;
    }
    return writers;
}

void place_in_directory(Output& output, const std::filesystem::path& directory, std::string stem, bool separate)
{
    if (!separate) {
        output.out_file = output.err_file = (directory / stem.append(".log")).lexically_normal();
        return;
    }
    output.out_file = (directory / (stem + ".out.log")).lexically_normal();
    output.err_file = (directory / (stem + ".err.log")).lexically_normal();
}

} // namespace

Output output_of(const procfiles::AppSpec& app, const procfiles::ProcessSpec& process, std::uint32_t instance,
                 const std::filesystem::path& default_directory)
{
    const auto& logs = process.logs;
    Output output{.out_file = {},
                  .err_file = {},
                  .rotation = logs.rotation,
                  .format = logs.format,
                  .timestamps = logs.timestamps,
                  .metadata = logs.metadata,
                  .console = logs.console,
                  .tail_lines = logs.tail_lines};
    if (const auto* place = std::get_if<LogsInDirectory>(&logs.target)) {
        const auto stem = process.replicas == 1 ? process.name : process.name + "-" + std::to_string(instance);
        place_in_directory(output, place->directory.empty() ? default_directory : place->directory, stem,
                           place->separate);
    } else if (const auto* shared = std::get_if<LogsInFile>(&logs.target)) {
        output.out_file = output.err_file = shared->file.lexically_normal();
        output.name_in_front = logs.metadata && writers_of(app, output.out_file) > 1;
    }
    return output;
}

} // namespace pandora::supervisor::logs
