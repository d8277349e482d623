#include "supervisor/logs/output.hpp"

#include <string_view>

namespace pandora::supervisor::logs {

namespace {

using procfiles::LogsInDirectory;
using procfiles::LogsInFile;

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

Writers writers_by_file(const std::vector<procfiles::ProcessSpec>& processes)
{
    Writers writers;
    for (const auto& process : processes)
        if (const auto* target = std::get_if<LogsInFile>(&process.logs.target))
            writers[target->file.lexically_normal()] += process.replicas;
    return writers;
}

Output output_of(const procfiles::ProcessSpec& process, std::uint32_t instance,
                 const std::filesystem::path& default_directory, const Writers& writers)
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
        const auto found = writers.find(output.out_file);
        output.name_in_front = logs.metadata && found != writers.end() && found->second > 1;
    }
    return output;
}

} // namespace pandora::supervisor::logs
