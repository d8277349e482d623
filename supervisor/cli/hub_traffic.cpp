#include "supervisor/cli/hub_traffic.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/table.hpp"
#include "supervisor/control/messages.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fnmatch.h>

namespace pandora::supervisor::cli {

namespace {

bool matches_any(const std::vector<std::string>& patterns, const std::string& name)
{
    return std::ranges::any_of(
        patterns, [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

bool wanted(const std::vector<std::string>& patterns, const std::string& name)
{
    return patterns.empty() || matches_any(patterns, name);
}

/// By "web" as well as by "web/0".
bool is_party(const std::vector<std::string>& patterns, const Json& record, const char* side)
{
    const Json* who = field(record, side);
    if (!who) return false;
    const auto process = text_field(*who, "process");
    return (!process.empty() && matches_any(patterns, process)) || matches_any(patterns, who_field(*who));
}

std::string who(const Json& record, const char* side)
{
    const Json* found = field(record, side);
    return printable(found ? who_field(*found) : "");
}

/// "12:00:00.123456" of a Unix time, in the local time zone.
std::string time_of_day(double unix_seconds)
{
    const auto whole = std::floor(unix_seconds);
    const auto time = static_cast<std::time_t>(whole);
    std::tm parts{};
    std::array<char, 32> text{};
    if (!::localtime_r(&time, &parts)) return "-";
    const auto length = std::strftime(text.data(), text.size(), "%T", &parts);
    const auto micros = static_cast<int>((unix_seconds - whole) * 1e6);
    std::snprintf(text.data() + length, text.size() - length, ".%06d", micros);
    return text.data();
}

std::string milliseconds(double microseconds)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f ms", microseconds / 1000);
    return text.data();
}

std::string called(const Json& record)
{
    const auto object = text_field(record, "object");
    const auto method = text_field(record, "method");
    return method.empty() ? printable(object) : printable(object) + "." + printable(method);
}

} // namespace

bool TrafficFilter::lets_through(const Json& record) const
{
    const bool asks_for_this = text_field(record, "object") == control::hub_object_name &&
                               text_field(record, "method") == "monitor" && objects.empty() && methods.empty();
    if (asks_for_this) return false;
    if (!processes.empty() && !is_party(processes, record, "from") && !is_party(processes, record, "to")) return false;
    return wanted(objects, text_field(record, "object")) && wanted(methods, text_field(record, "method"));
}

Json traffic_json(Json record, bool with_payload)
{
    if (!with_payload && record.is_object()) record.erase("payload");
    return record;
}

std::string call_id(const Json& record)
{
    auto id = count_field(record, "id");
    return id == "0" ? "" : id;
}

std::string traffic_line(const Json& record, bool with_payload)
{
    constexpr double time_max = 253'402'300'800; // the year 10000: beyond it no time of day
    const auto at = number_field(record, "at");
    const auto took = number_field(record, "duration_us");
    const auto status = text_field(record, "status");
    const auto bytes = count_field(record, "bytes");
    const auto id = call_id(record);
    std::string line = at && *at >= 0 && *at < time_max ? time_of_day(*at) : "-";
    const auto add = [&line](const std::string& part) { line += "  " + part; };
    add(who(record, "from") + " -> " + who(record, "to"));
    add(printable(text_field(record, "verb")));
    add(called(record));
    if (!status.empty()) add(printable(status));
    if (took) add(milliseconds(*took));
    if (!bytes.empty()) add(bytes + " B");
    if (!id.empty()) add("#" + id);
    if (const Json* payload = field(record, "payload"); payload && with_payload) add(printable(json_text(*payload)));
    return line;
}

} // namespace pandora::supervisor::cli
