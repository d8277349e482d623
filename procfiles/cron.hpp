// Reads the five fields of a cron schedule. When it is due next is the supervisor's question. Pure.
#pragma once

#include "procfiles/spec.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace pandora::procfiles {

/// What is wrong with a schedule, as a clause: "the hour `25` is not from 0 to 23".
struct CronFault {
    std::string clause;
    bool operator==(const CronFault&) const = default;
};

/// `MINUTE HOUR DAY MONTH WEEKDAY`, each `*`, a number, a range `1-5`, either with a step `/2`, or a list of these by
/// commas; months and weekdays by name, too (`jan`, `mon`, the case is free), and 7 is Sunday as 0 is. Or one of
/// `@hourly @daily @midnight @weekly @monthly @yearly @annually`. A date that no year has is a fault.
std::variant<Cron, CronFault> parse_cron(std::string_view text);

} // namespace pandora::procfiles
