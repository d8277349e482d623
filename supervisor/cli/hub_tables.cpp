#include "supervisor/cli/hub_tables.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/table.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pandora::supervisor::cli {

namespace {

/// Each object once, in the order of publishing, with its tag.
std::vector<std::string> object_names(const Json& client)
{
    std::vector<std::string> names;
    std::set<std::string> known;
    for (const Json& selector : array_field(client, "selectors")) {
        auto name = text_field(selector, "objectName");
        if (name.empty()) continue;
        if (const auto tag = text_field(selector, "objectTag"); !tag.empty()) name += ":" + tag;
        if (known.insert(name).second) names.push_back(std::move(name));
    }
    return names;
}

/// "snapshot, mailer:smtp": of many the first, "a, b, c and 997 more". A line is for one look; --json has them all.
std::string objects(const Json& client)
{
    constexpr std::size_t bytes_max = 60;
    const auto names = object_names(client);
    std::string joined;
    std::size_t shown = 0;
    for (; shown < names.size(); ++shown) {
        if (shown != 0 && joined.size() + names[shown].size() > bytes_max) break;
        joined += (shown == 0 ? "" : ", ") + names[shown];
    }
    const auto left = names.size() - shown;
    return left == 0 ? joined : joined + " and " + std::to_string(left) + " more";
}

std::string age(const Json& of)
{
    const auto seconds = number_field(of, "age_s");
    return seconds ? duration_text(*seconds) : "";
}

std::string size(const Json& of, const char* key)
{
    const auto bytes = number_field(of, key);
    constexpr double bytes_max = 1e18; // beyond it no count
    return bytes && *bytes >= 0 && *bytes < bytes_max ? bytes_text(static_cast<std::uint64_t>(*bytes)) : "";
}

/// "draining, unresponsive"; "ok" for a client of which there is nothing to say.
std::string state(const Json& client)
{
    std::string words;
    const auto add = [&words](const char* word) { words += (words.empty() ? "" : ", ") + std::string{word}; };
    if (const Json* online = field(client, "online"); online && *online == false) add("offline");
    for (const char* flag : {"unready", "draining", "unresponsive", "builtin"})
        if (flag_field(client, flag)) add(flag);
    return words.empty() ? "ok" : words;
}

Row client_row(const Json& client)
{
    return {text_field(client, "client"),
            instance_field(client),
            count_field(client, "pid"),
            text_field(client, "dialect"),
            age(client),
            size(client, "queued_bytes"),
            count_field(client, "in_flight"),
            count_field(client, "outstanding"),
            objects(client),
            state(client)};
}

Row channel_row(const Json& channel)
{
    const Json* const caller = field(channel, "caller");
    const Json* const callee = field(channel, "callee");
    const Json& told = caller ? *caller : channel;
    return {count_field(channel, "channel"),
            text_field(channel, "object"),
            who_field(told),
            who_field(callee ? *callee : channel),
            age(channel),
            count_field(told, "calls"),
            count_field(told, "errors"),
            size(told, "bytes_sent"),
            size(told, "bytes_received")};
}

std::string cut_table(const Json& cut)
{
    std::vector<Row> rows{{"AT", "CLIENT", "PROCESS", "PID", "REASON"}};
    for (const Json& client : cut) {
        const auto at = number_field(client, "at");
        rows.push_back({at ? time_text(*at) : "", text_field(client, "client"), instance_field(client),
                        count_field(client, "pid"), text_field(client, "reason")});
    }
    return table(rows);
}

/// Rows for `numbers`; of a group, whose `prefix` is not empty, without those that are 0. Returns how many these are.
std::size_t add_numbers(std::vector<Row>& rows, const std::string& prefix, const Json& numbers)
{
    std::size_t zeros = 0;
    for (const auto& [name, value] : numbers.items()) {
        if (value.is_object())
            zeros += add_numbers(rows, prefix + name + ".", value);
        else if (!prefix.empty() && value.is_number() && value == 0)
            ++zeros;
        else
            rows.push_back({prefix + name, value.is_string() ? value.get<std::string>() : json_text(value)});
    }
    return zeros;
}

} // namespace

std::string routes_table(const Json& routes)
{
    std::vector<Row> rows{{"CLIENT", "PROCESS", "PID", "OBJECTS"}};
    for (const Json& route : routes)
        rows.push_back({text_field(route, "client"), instance_field(route), count_field(route, "pid"), objects(route)});
    return table(rows);
}

std::string clients_table(const Json& answer)
{
    std::vector<Row> rows{
        {"CLIENT", "PROCESS", "PID", "DIALECT", "AGE", "QUEUE", "IN FLIGHT", "OUTSTANDING", "OBJECTS", "STATE"}};
    for (const Json& client : array_field(answer, "clients")) rows.push_back(client_row(client));
    auto text = table(rows);
    if (const Json& cut = array_field(answer, "cut"); !cut.empty()) text += "\nended by the hub:\n" + cut_table(cut);
    return text;
}

std::string channels_table(const Json& channels)
{
    std::vector<Row> rows{{"CHANNEL", "OBJECT", "CALLER", "CALLEE", "AGE", "CALLS", "ERRORS", "SENT", "RECEIVED"}};
    for (const Json& channel : channels) rows.push_back(channel_row(channel));
    return table(rows);
}

std::string stats_table(const Json& stats)
{
    std::vector<Row> rows;
    const auto zeros = stats.is_object() ? add_numbers(rows, "", stats) : 0;
    const auto text = table(rows);
    return zeros == 0 ? text : text + "(" + std::to_string(zeros) + " more are 0: --json has them)\n";
}

std::string introspection_table(const Json& description)
{
    std::vector<Row> rows{{"NAME", "KIND", "TYPE", "PARAMETERS"}};
    for (const Json& method : array_field(description, "methods"))
        rows.push_back(
            {text_field(method, "name"), "method", text_field(method, "type"), count_field(method, "length")});
    for (const Json& property : array_field(description, "properties"))
        rows.push_back({text_field(property, "name"), "property", text_field(property, "type"), ""});
    return table(rows);
}

} // namespace pandora::supervisor::cli
