#include "hub/core/labels.hpp"

#include <cstddef>

namespace pandora::hub::core {

namespace {

constexpr std::size_t label_bytes_shown_max = 64; // the longest name of a process; longer ones are none

std::string quoted(std::string_view label)
{
    std::string text = "`";
    text += label.substr(0, label_bytes_shown_max);
    return text += label.size() > label_bytes_shown_max ? "...`" : "`";
}

std::string conflict(std::string_view key, std::string_view label, std::string_view is)
{
    return std::string{key} + " says " + quoted(label) + ", but " + std::string{is};
}

/// A name of nobody's is empty.
std::optional<std::string> name_conflict(std::string_view key, std::string_view label, std::string_view name)
{
    if (label.empty() || label == name) return std::nullopt;
    return conflict(key, label,
                    name.empty() ? "the client belongs to no process of this app" : "it is " + quoted(name));
}

} // namespace

LocationLabels labels_of(const Selector& location)
{
    return {location[Key::app_name].text, location[Key::process_name].text, location[Key::pid].text};
}

std::optional<std::string> label_conflict(const Identity& identity, const LocationLabels& labels)
{
    if (auto fault = name_conflict("appName", labels.app, identity.app)) return fault;
    if (auto fault = name_conflict("processName", labels.process, identity.process)) return fault;
    if (labels.pid.empty()) return std::nullopt;
    if (identity.credentials.pid == 0) return conflict("pid", labels.pid, "that cannot be seen from here");
    return name_conflict("pid", labels.pid, std::to_string(identity.credentials.pid));
}

} // namespace pandora::hub::core
