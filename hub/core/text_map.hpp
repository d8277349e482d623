// A hash map by text, which is looked up without making a string of what is asked for.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pandora::hub::core {

struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
};

template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

} // namespace pandora::hub::core
