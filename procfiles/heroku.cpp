#include "procfiles/heroku.hpp"

#include "procfiles/limits.hpp"
#include "procfiles/names.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/scalars.hpp"
#include "procfiles/text_check.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <utility>

namespace pandora::procfiles {

namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view release = "release";

constexpr std::uint64_t first_port = 5'000; // foreman's, as the step is
constexpr std::uint64_t port_step = 100;
constexpr std::uint64_t port_max = 65'535;

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

class HerokuParser {
public:
    HerokuParser(std::string_view text, std::vector<Problem>& problems) : rest_{text}, problems_{problems}
    {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    }

    std::vector<HerokuProcess> run()
    {
        for (std::size_t line = 1; !rest_.empty(); ++line) {
            const std::size_t end = std::min(rest_.find('\n'), rest_.size());
            read_line(rest_.substr(0, end), line);
            rest_.remove_prefix(std::min(end + 1, rest_.size()));
        }
        return std::move(processes_);
    }

private:
    void read_line(std::string_view line, std::size_t number)
    {
        const std::string_view content = trimmed(line);
        if (content.empty() || content.front() == '#') return;
        const auto place_of = [&](std::string_view part) {
            return Place{.line = number, .column = static_cast<std::size_t>(part.data() - line.data()) + 1};
        };
        const std::size_t colon = content.find(':');
        if (colon == std::string_view::npos)
            return problem(place_of(content), "expected NAME: COMMAND, found " + quote(content));
        const std::string_view name = content.substr(0, colon);
        const std::string_view command = trimmed(content.substr(colon + 1));
        if (const auto fault = process_name_fault(name))
            return problem(place_of(content), "process " + quote(name) + ": " + *fault);
        if (command.empty()) return problem(place_of(content), "process " + quote(name) + " has no command");
        if (command.size() > text_bytes_max)
            return problem(place_of(command), "a command of " + std::to_string(command.size()) +
                                                  " bytes is longer than Linux lets an argument be (" +
                                                  std::to_string(text_bytes_max) + ")");
        if (!names_.insert(name).second)
            return problem(place_of(content), "process " + quote(name) + " is given twice");
        processes_.push_back({std::string{name}, std::string{command}, place_of(content)});
    }

    void problem(Place place, std::string message) { problems_.push_back({place, std::move(message)}); }

    std::string_view rest_;
    std::vector<Problem>& problems_;
    std::unordered_set<std::string_view> names_;
    std::vector<HerokuProcess> processes_;
};

/// What PORT counts from; nullopt, with a problem, where somebody set it to what is no port.
std::optional<std::uint64_t> base_port(const Environment& dotenv, const Lookup& variable,
                                       std::vector<Problem>& problems)
{
    std::optional<std::string> text = variable("PORT");
    for (const Variable& own : dotenv)
        if (own.name == "PORT") text = own.value;
    if (!text || text->empty()) return first_port;
    const auto port = parse_count(*text);
    if (port && *port >= 1 && *port <= port_max) return port;
    problems.push_back({Place{}, "PORT in the environment is no port number from 1 to 65535"});
    return std::nullopt;
}

ProcessSpec process_spec(const HerokuProcess& process, std::uint64_t port, const LoadContext& context)
{
    ProcessSpec spec;
    spec.name = process.name;
    // Replicas beyond the first come by `pandora scale`; only the shell of each knows which one it is.
    spec.command = ShellCommand{.text = "export PORT=$((PORT + PANDORA_INSTANCE)); " + process.command, .shell = {}};
    spec.working_dir = context.folder;
    spec.environment = {{"PORT", std::to_string(port)}};
    spec.availability.exit_on_end = process.name != release;
    spec.place = process.place;
    return spec;
}

void run_release_first(AppSpec& app)
{
    const auto task = std::ranges::find(app.processes, release, &ProcessSpec::name);
    if (task == app.processes.end()) return;
    for (ProcessSpec& process : app.processes) {
        if (process.name == release) continue;
        process.depends_on.push_back(
            {.process = std::string{release}, .condition = Condition::completed_successfully, .place = process.place});
    }
}

} // namespace

bool is_heroku_procfile(const std::filesystem::path& file)
{
    const std::string extension = file.extension().string();
    return file.filename().string().starts_with("Procfile") && extension != ".yml" && extension != ".yaml";
}

std::vector<HerokuProcess> parse_heroku(std::string_view text, std::vector<Problem>& problems)
{
    if (auto problem = find_non_text(text)) {
        problems.push_back(*std::move(problem));
        return {};
    }
    return HerokuParser{text, problems}.run();
}

AppSpec heroku_app(std::string_view text, const Environment& dotenv, const LoadContext& context,
                   std::vector<Problem>& problems)
{
    AppSpec app;
    app.name = app_name_for(context.folder);
    app.file = (context.folder / context.file.filename()).lexically_normal();
    app.environment = dotenv;
    const std::size_t before = problems.size();
    const std::vector<HerokuProcess> processes = parse_heroku(text, problems);
    if (processes.empty() && problems.size() == before)
        problems.push_back({Place{}, "no processes: there is nothing to supervise"});
    const auto base = base_port(dotenv, context.variable, problems);
    for (std::uint64_t port = base.value_or(first_port); const HerokuProcess& process : processes) {
        if (port > port_max) {
            problems.push_back({process.place, "no port is left for " + quote(process.name) +
                                                   ": each process counts 100 on from PORT, and 65535 is the last"});
            break;
        }
        app.processes.push_back(process_spec(process, port, context));
        port += port_step;
    }
    run_release_first(app);
    return app;
}

} // namespace pandora::procfiles
