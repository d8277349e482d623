#include "supervisor/core/zone_rule.hpp"

#include "supervisor/core/overloaded.hpp"

#include <algorithm>
#include <cctype>

namespace pandora::supervisor::core {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::month;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::weekday;
using std::chrono::year;

/// Takes a rule from the front of a text, part by part; nullopt where there is something else.
class ZoneRule::Parser {
public:
    explicit Parser(std::string_view text) : text_{text} {}

    std::optional<ZoneRule> rule()
    {
        ZoneRule rule;
        if (!name()) return std::nullopt;
        const auto standard = offset();
        if (!standard) return std::nullopt;
        rule.standard_ = *standard;
        if (text_.empty()) return rule;
        rule.summer_ = summer(*standard);
        if (!rule.summer_ || !text_.empty()) return std::nullopt;
        return rule;
    }

private:
    bool take(char wanted)
    {
        if (text_.empty() || text_.front() != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }

    /// At least three letters, or anything alphanumeric with signs in angle brackets.
    bool name()
    {
        const bool quoted = take('<');
        std::size_t length = 0;
        while (length < text_.size()) {
            const auto c = static_cast<unsigned char>(text_[length]);
            const bool fits = quoted ? std::isalnum(c) || c == '+' || c == '-' : std::isalpha(c) != 0;
            if (!fits) break;
            ++length;
        }
        text_.remove_prefix(length);
        return length >= 3 && (!quoted || take('>'));
    }

    std::optional<int> number(int max)
    {
        std::optional<int> value;
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
            value = value.value_or(0) * 10 + (text_.front() - '0');
            if (*value > max) return std::nullopt;
            text_.remove_prefix(1);
        }
        return value;
    }

    /// [+-]hh[:mm[:ss]]
    std::optional<seconds> time()
    {
        const bool negative = take('-');
        if (!negative) take('+');
        const auto hour = number(167);
        if (!hour) return std::nullopt;
        seconds total = hours{*hour};
        for (const seconds unit : {seconds{minutes{1}}, seconds{1}}) {
            if (!take(':')) break;
            const auto part = number(59);
            if (!part) return std::nullopt;
            total += *part * unit;
        }
        return negative ? -total : total;
    }

    /// POSIX counts westward: what must be added to local time to have UTC.
    std::optional<seconds> offset()
    {
        const auto west = time();
        if (!west || *west > hours{25} || *west < -hours{25}) return std::nullopt;
        return -*west;
    }

    std::optional<Summer> summer(seconds standard)
    {
        Summer summer{standard + hours{1}, {}, {}};
        if (!name()) return std::nullopt;
        if (!text_.empty() && text_.front() != ',') {
            const auto own = offset();
            if (!own) return std::nullopt;
            summer.offset = *own;
        }
        for (auto* end : {&summer.begins, &summer.ends}) {
            if (!take(',')) return std::nullopt;
            auto read = change();
            if (!read) return std::nullopt;
            *end = *read;
        }
        return summer;
    }

    std::optional<Change> change()
    {
        Change change;
        if (take('M')) {
            const auto of_month = weekday_of_month();
            if (!of_month) return std::nullopt;
            change.day = *of_month;
        } else if (take('J')) {
            const auto day = number(365);
            if (!day || *day == 0) return std::nullopt;
            change.day = DayWithoutLeap{*day};
        } else {
            const auto day = number(365);
            if (!day) return std::nullopt;
            change.day = DayOfYear{*day};
        }
        if (take('/')) {
            const auto at = time();
            if (!at) return std::nullopt;
            change.time = *at;
        }
        return change;
    }

    std::optional<WeekdayOfMonth> weekday_of_month()
    {
        const auto in_month = number(12);
        if (!in_month || !take('.')) return std::nullopt;
        const auto week = number(5);
        if (!week || !take('.')) return std::nullopt;
        const auto day = number(6);
        if (!day || *in_month == 0 || *week == 0) return std::nullopt;
        return WeekdayOfMonth{month{static_cast<unsigned>(*in_month)}, static_cast<unsigned>(*week),
                              weekday{static_cast<unsigned>(*day)}};
    }

    std::string_view text_;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) { return Parser{text}.rule(); }

sys_days ZoneRule::day_of(const Change& change, year in_year)
{
    const auto first = sys_days{in_year / 1 / 1};
    return std::visit(Overloaded{[&](const WeekdayOfMonth& day) -> sys_days {
                                     if (day.week == 5) return in_year / day.month / day.weekday[std::chrono::last];
                                     return in_year / day.month / day.weekday[day.week];
                                 },
                                 [&](const DayWithoutLeap& day) {
                                     const bool after_leap = in_year.is_leap() && day.day >= 60;
                                     return first + days{day.day - (after_leap ? 0 : 1)};
                                 },
                                 [&](const DayOfYear& day) { return first + days{day.day}; }},
                      change.day);
}

/// Of the year and two on each side, in order: the hours of a change can take it a week out of its year. Where two fall
/// on one moment (summer that lasts all year), the beginning of summer stands last, and so holds.
std::vector<ZoneRule::Transition> ZoneRule::transitions_around(year middle) const
{
    std::vector<Transition> found;
    for (auto y = middle - std::chrono::years{2}; y <= middle + std::chrono::years{2}; ++y) {
        found.push_back({day_of(summer_->ends, y) + summer_->ends.time - summer_->offset, standard_});
        found.push_back({day_of(summer_->begins, y) + summer_->begins.time - standard_, summer_->offset});
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    return found;
}

ZoneSpan ZoneRule::at(sys_seconds time) const
{
    if (!summer_) return {standard_, distant_past, distant_future};
    const auto day = std::chrono::floor<days>(time + standard_);
    const auto transitions = transitions_around(std::chrono::year_month_day{day}.year());
    const auto after = std::upper_bound(transitions.begin(), transitions.end(), time,
                                        [](sys_seconds t, const Transition& change) { return t < change.at; });
    const auto& last = *std::prev(after); // there is one on both sides, because of the neighbouring years
    return {last.offset, last.at, after->at};
}

} // namespace pandora::supervisor::core
