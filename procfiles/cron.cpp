#include "procfiles/cron.hpp"

#include "procfiles/quote.hpp"
#include "procfiles/scalars.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pandora::procfiles {

namespace {

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::size_t, 12> days_of_month{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/// What one of the five fields may hold.
struct Field {
    std::string_view what;
    std::uint64_t low;
    std::uint64_t high;
    std::span<const std::string_view> names{}; // the first means `low`
};

constexpr Field minute{"minute", 0, 59};
constexpr Field hour{"hour", 0, 23};
constexpr Field day{"day", 1, 31};
constexpr Field month{"month", 1, 12, month_names};
constexpr Field weekday{"weekday", 0, 7, weekday_names};

struct Shorthand {
    std::string_view word;
    std::string_view fields;
};

constexpr std::array shorthands{
    Shorthand{"@hourly", "0 * * * *"},   Shorthand{"@daily", "0 0 * * *"},   Shorthand{"@midnight", "0 0 * * *"},
    Shorthand{"@weekly", "0 0 * * 0"},   Shorthand{"@monthly", "0 0 1 * *"}, Shorthand{"@yearly", "0 0 1 1 *"},
    Shorthand{"@annually", "0 0 1 1 *"},
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators, bool keep_empty)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        if (end > 0 || keep_empty) parts.push_back(text.substr(0, end));
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

std::uint64_t value_of(const Field& field, std::string_view text)
{
    const std::string word = lowered(text);
    const auto named = std::find(field.names.begin(), field.names.end(), word);
    if (named != field.names.end()) return field.low + static_cast<std::uint64_t>(named - field.names.begin());
    const auto number = parse_count(text);
    if (!number || *number < field.low || *number > field.high)
        throw CronFault{"the " + std::string{field.what} + " " + quote(text) + " is not from " +
                        std::to_string(field.low) + " to " + std::to_string(field.high)};
    return *number;
}

/// `*`, `5`, `1-5`, each perhaps with `/STEP`. As in cron, `5/15` goes on to the end.
template <std::size_t size>
void add_part(const Field& field, std::string_view part, std::bitset<size>& into)
{
    const std::size_t slash = part.find('/');
    const std::string_view range = part.substr(0, slash);
    std::uint64_t step = 1;
    if (slash != std::string_view::npos) {
        step = parse_count(part.substr(slash + 1)).value_or(0);
        if (step == 0)
            throw CronFault{"the step of the " + std::string{field.what} + " " + quote(part) + " is no number"};
    }
    const std::size_t dash = range.find('-');
    std::uint64_t first = field.low, last = field.high;
    if (range != "*") {
        first = value_of(field, range.substr(0, dash));
        if (dash != std::string_view::npos)
            last = value_of(field, range.substr(dash + 1));
        else if (slash == std::string_view::npos)
            last = first;
    }
    if (last < first) throw CronFault{"the " + std::string{field.what} + " " + quote(range) + " runs backwards"};
    // A step may be as large as a number can be: the sum must not wrap around.
    for (std::uint64_t value = first; value <= last; value += std::min(step, field.high + 1))
        into.set(value % size); // only the weekday 7 is beyond: Sunday again
}

template <std::size_t size>
std::bitset<size> parse_field(const Field& field, std::string_view text)
{
    std::bitset<size> values;
    for (const std::string_view part : split(text, ",", true)) add_part(field, part, values);
    return values;
}

/// Whether any month that is meant has any day that is.
bool has_a_date(const Cron& cron)
{
    if (cron.weekdays_restricted) return true; // either of the two days suffices
    for (std::size_t m = 1; m <= days_of_month.size(); ++m)
        for (std::size_t d = 1; cron.months[m] && d <= days_of_month[m - 1]; ++d)
            if (cron.days[d]) return true;
    return false;
}

Cron parse_fields(std::string_view text)
{
    const auto fields = split(text, " \t\r\n", false);
    if (fields.size() != 5)
        throw CronFault{"expected five fields (minute, hour, day, month, weekday) or a word such as `@daily`, found " +
                        std::to_string(fields.size())};
    Cron cron;
    cron.minutes = parse_field<60>(minute, fields[0]);
    cron.hours = parse_field<24>(hour, fields[1]);
    cron.days = parse_field<32>(day, fields[2]);
    cron.months = parse_field<13>(month, fields[3]);
    cron.weekdays = parse_field<7>(weekday, fields[4]);
    cron.days_restricted = !fields[2].starts_with('*');
    cron.weekdays_restricted = !fields[4].starts_with('*');
    if (!has_a_date(cron)) throw CronFault{"no year has such a date"};
    return cron;
}

} // namespace

std::variant<Cron, CronFault> parse_cron(std::string_view text)
{
    const std::string word = lowered(text);
    const auto shorthand =
        std::find_if(shorthands.begin(), shorthands.end(), [&](const Shorthand& s) { return s.word == word; });
    try {
        Cron cron = parse_fields(shorthand == shorthands.end() ? text : shorthand->fields);
        cron.text = text;
        return cron;
    } catch (CronFault& fault) {
        return std::move(fault);
    }
}

} // namespace pandora::procfiles
