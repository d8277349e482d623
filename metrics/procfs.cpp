#include "metrics/procfs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <unistd.h>

namespace pandora::metrics {

namespace {

namespace fs = std::filesystem;

// Places in the line, counted from 1 as proc(5) does. The first one after the command's name is 3.
constexpr std::size_t first_after_name = 3;
constexpr std::size_t user_ticks_place = 14;
constexpr std::size_t system_ticks_place = 15;
constexpr std::size_t threads_place = 20;
constexpr std::size_t resident_place = 24;

// 52 numbers of at most 20 digits and a name of at most 64 bytes fill less than a third of it.
constexpr std::size_t stat_line_bytes_max = 4096;

/// The fields from `first_after_name` to `resident_place`; fewer if the line ends early.
struct Fields {
    std::array<std::string_view, resident_place - first_after_name + 1> text;

    std::optional<std::uint64_t> number(std::size_t place) const
    {
        const std::string_view field = text[place - first_after_name];
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
        return value;
    }
};

Fields split(std::string_view rest)
{
    Fields fields;
    for (auto& field : fields.text) {
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        field = rest.substr(0, rest.find_first_of(" \n"));
        rest.remove_prefix(field.size());
    }
    return fields;
}

/// Empty when the file cannot be read, which for a process that ended in between is an error of read(2), not
/// open(2).
std::string read_line(const fs::path& path)
{
    // "e": close-on-exec from birth, which a std::ifstream is not; another thread may be starting a worker
    // right now.
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "re"), &std::fclose};
    if (!file) return {};
    std::string line(stat_line_bytes_max, '\0');
    line.resize(std::fread(line.data(), 1, line.size(), file.get()));
    return line;
}

std::optional<std::uint64_t> count_entries(const fs::path& directory)
{
    std::error_code error;
    std::uint64_t count = 0;
    for (fs::directory_iterator entry{directory, error}; !error && entry != fs::directory_iterator{};
         entry.increment(error))
        ++count;
    if (error) return std::nullopt;
    return count;
}

} // namespace

std::optional<StatFields> parse_stat(std::string_view line)
{
    // The name stands in parentheses and may itself hold spaces, parentheses and line breaks; what follows it
    // cannot.
    const auto name_end = line.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;

    const Fields fields = split(line.substr(name_end + 1));
    const auto user = fields.number(user_ticks_place);
    const auto system = fields.number(system_ticks_place);
    const auto threads = fields.number(threads_place);
    const auto resident = fields.number(resident_place);
    if (!user || !system || !threads || !resident) return std::nullopt;
    return StatFields{*user, *system, *threads, *resident};
}

std::optional<ProcessUsage> read_usage(pid_t pid, const fs::path& proc)
{
    static const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));

    const fs::path home = proc / std::to_string(pid);
    const auto stat = parse_stat(read_line(home / "stat"));
    if (!stat) return std::nullopt;

    return ProcessUsage{
        .cpu_seconds = static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks_per_second,
        .resident_bytes = stat->resident_pages * page_bytes,
        .open_fds = count_entries(home / "fd"),
        .threads = stat->threads,
    };
}

} // namespace pandora::metrics
