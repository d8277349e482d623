// Reading what a hub or a client answered. Total: whatever is missing, or of another type than it should be, reads as
// nothing, for strangers wrote it. Pure.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/client/cpp/json_text.hpp"

#include <optional>
#include <string>

namespace pandora::supervisor::cli {

using hub::client::Json;
using hub::client::json_text;

/// nullptr where `value` is no object or has no such member.
const Json* field(const Json& value, const char* key);

/// The member; an empty array where it is none.
const Json& array_field(const Json& value, const char* key);

/// Empty where it is no string.
std::string text_field(const Json& value, const char* key);

std::optional<double> number_field(const Json& value, const char* key);

/// A whole number as it stands; empty where it is none.
std::string count_field(const Json& value, const char* key);

bool flag_field(const Json& value, const char* key);

/// "web/0" of {process, instance}; the process alone where it has no instance; empty where the hub knows neither.
std::string instance_field(const Json& who);

/// The same, or the hub's name of the connection.
std::string who_field(const Json& who);

} // namespace pandora::supervisor::cli
