// Any bytes as a procfile: load gives a spec that validates, or problems that each name a place; it never
// crashes, hangs or lets another exception out. The same bytes serve as the env file, so that a corpus entry
// can name it.
#include "procfiles/load.hpp"
#include "procfiles/names.hpp"
#include "procfiles/replica.hpp"
#include "procfiles/validate.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace pandora::procfiles;

/// Unlike assert(), also where NDEBUG is set.
void require(bool holds)
{
    if (!holds) std::abort();
}

LoadContext context_with(std::string_view env_file)
{
    LoadContext context;
    context.file = "fuzz.yml";
    context.folder = "/srv/fuzz";
    context.variable = [](std::string_view name) {
        return name.size() % 2 == 0 ? std::optional<std::string>{name} : std::nullopt;
    };
    context.read_file = [env_file](const std::filesystem::path& path) -> FileText {
        if (path.filename().string().size() > 8) return Unreadable{"No such file or directory"};
        return std::string{env_file};
    };
    return context;
}

void check(const AppSpec& app)
{
    for (const Problem& problem : validate(app)) require(problem.severity == Severity::warning);
    for (const ProcessSpec& process : app.processes) require(!for_replica(process, 7).per_replica);
    require(!app_name_fault(app.name) && !app.processes.empty());
    for (const ProcessSpec& process : app.processes) {
        require(!process_name_fault(process.name));
        require(process.working_dir.is_absolute());
        require(process.availability.backoff >= Millis{0} && process.shutdown.timeout >= Millis{0});
        if (const auto* entrypoint = std::get_if<Entrypoint>(&process.command)) require(!entrypoint->argv.empty());
    }
}

void check(const LoadError& error)
{
    require(!error.problems.empty());
    for (const Problem& problem : error.problems) {
        require(!problem.message.empty() && problem.message.find('\n') == std::string::npos);
        require((problem.place.line == 0) == (problem.place.column == 0));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    LoadContext context = context_with(text);
    for (const char* name : {"fuzz.yml", "process-compose.yml"}) {
        context.file = name;
        try {
            check(parse(text, context).app);
        } catch (const LoadError& error) {
            check(error);
        }
    }
    return 0;
}
