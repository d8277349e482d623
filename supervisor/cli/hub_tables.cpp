#include "supervisor/cli/hub_tables.hpp"

#include "supervisor/cli/hub_fields.hpp"
#include "supervisor/cli/table.hpp"

#include <algorithm>
#include <vector>

namespace pandora::supervisor::cli {

namespace {

/// "snapshot, mailer:smtp": each object once, in the order of publishing.
std::string object_names(const Json& client)
{
    std::vector<std::string> names;
    for (const Json& selector : array_field(client, "selectors")) {
        auto name = text_field(selector, "objectName");
        if (name.empty()) continue;
        if (const auto tag = text_field(selector, "objectTag"); !tag.empty()) name += ":" + tag;
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    std::string joined;
    for (const auto& name : names) joined += (joined.empty() ? "" : ", ") + name;
    return joined;
}

std::string age(const Json& client)
{
    const auto seconds = number_field(client, "age_s");
    return seconds ? duration_text(*seconds) : "";
}

std::string queue(const Json& client)
{
    const auto bytes = number_field(client, "queued_bytes");
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
            queue(client),
            count_field(client, "in_flight"),
            count_field(client, "outstanding"),
            object_names(client),
            state(client)};
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

void add_numbers(std::vector<Row>& rows, const std::string& prefix, const Json& numbers)
{
    for (const auto& [name, value] : numbers.items()) {
        if (value.is_object())
            add_numbers(rows, prefix + name + ".", value);
        else
            rows.push_back({prefix + name, value.is_string() ? value.get<std::string>() : dumped(value)});
    }
}

} // namespace

std::string routes_table(const Json& routes)
{
    std::vector<Row> rows{{"CLIENT", "PROCESS", "PID", "OBJECTS"}};
    for (const Json& route : routes)
        rows.push_back(
            {text_field(route, "client"), instance_field(route), count_field(route, "pid"), object_names(route)});
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

std::string stats_table(const Json& stats)
{
    std::vector<Row> rows;
    if (stats.is_object()) add_numbers(rows, "", stats);
    return table(rows);
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
