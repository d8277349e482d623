#include "supervisor/cli/table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace pandora::supervisor::cli {

namespace {

/// A cell that is longer is shown whole, and shifts the rest of its line: else one long name would be paid for in
/// blanks by all other lines. Choice: two names of usual length.
constexpr std::size_t column_max = 80;

std::vector<std::size_t> widths_of(const std::vector<Row>& rows)
{
    std::vector<std::size_t> widths(rows.empty() ? 0 : rows.front().size());
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], std::min(row[i].size(), column_max));
    return widths;
}

/// "3m 20s": the larger unit and what is left of it in the smaller.
std::string two_units(std::uint64_t whole, std::uint64_t unit, char larger, std::uint64_t part, char smaller)
{
    return std::to_string(whole / unit) + larger + ' ' + std::to_string(whole % unit / part) + smaller;
}

} // namespace

std::string printable(std::string text)
{
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text.empty() ? "-" : text;
}

std::string table(const std::vector<Row>& rows)
{
    std::vector<Row> cells = rows;
    for (Row& row : cells)
        for (auto& cell : row) cell = printable(std::move(cell));
    const auto widths = widths_of(cells);
    std::string text;
    for (const Row& row : cells) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            text.append(row[i]).append(widths[i] - std::min(row[i].size(), widths[i]) + 2, ' ');
        text.append(row.back()).push_back('\n');
    }
    return text;
}

std::string bytes_text(std::uint64_t bytes)
{
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; amount >= 1024 && unit + 1 < units.size(); ++unit) amount /= 1024;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text.data();
}

std::string duration_text(double seconds)
{
    constexpr std::uint64_t minute = 60, hour = 60 * minute, day = 24 * hour;
    const auto whole = seconds > 0 ? static_cast<std::uint64_t>(seconds) : 0;
    if (whole < minute) return std::to_string(whole) + "s";
    if (whole < hour) return two_units(whole, minute, 'm', 1, 's');
    if (whole < day) return two_units(whole, hour, 'h', minute, 'm');
    return two_units(whole, day, 'd', hour, 'h');
}

std::string time_text(double unix_seconds)
{
    const auto time = static_cast<std::time_t>(std::floor(unix_seconds));
    std::tm parts{};
    std::array<char, 32> text{};
    if (!::localtime_r(&time, &parts)) return "-";
    return {text.data(), std::strftime(text.data(), text.size(), "%F %T", &parts)};
}

std::string instance_text(const std::string& process, std::uint32_t instance)
{
    return process + "/" + std::to_string(instance);
}

} // namespace pandora::supervisor::cli
