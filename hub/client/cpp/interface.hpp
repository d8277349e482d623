// What an object that is published here can be asked for, and how it is listed for those who ask that. Pure.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <string>
#include <vector>

namespace pandora::hub::client {

/// The names of an object's methods and properties.
struct Interface {
    std::vector<std::string> methods;
    std::vector<std::string> properties = {};
};

/// A property and what was read of it.
struct PropertyRead {
    std::string name;
    Outcome value;
};

/// The answer to INTROSPECT. The type of a property is that of its value at the moment, as JavaScript's `typeof` has
/// it; one that cannot be read is "undefined".
Json introspection(const std::vector<std::string>& methods, const std::vector<PropertyRead>& properties);

} // namespace pandora::hub::client
