#include "hub/client/cpp/json_text.hpp"

#include "hub/wire/json_text.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace pandora::hub::client {

namespace {

template <class Integer>
void append_integer(std::string& out, Integer value)
{
    std::array<char, std::numeric_limits<Integer>::digits10 + 2> digits; // one that is not full, and the sign
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_array(std::string& out, const Json& array)
{
    char before = '[';
    for (const Json& item : array) {
        out += before;
        append_json(out, item);
        before = ',';
    }
    out += before == '[' ? "[]" : "]";
}

void append_object(std::string& out, const Json& object)
{
    char before = '{';
    for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) {
        out += before;
        wire::append_json_string(out, name);
        out += ':';
        append_json(out, value);
        before = ',';
    }
    out += before == '{' ? "{}" : "}";
}

} // namespace

void append_json(std::string& out, const Json& value)
{
    switch (value.type()) {
    case Json::value_t::null: out += "null"; return;
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::number_integer: return append_integer(out, value.get<Json::number_integer_t>());
    case Json::value_t::number_unsigned: return append_integer(out, value.get<Json::number_unsigned_t>());
    case Json::value_t::string: return wire::append_json_string(out, value.get_ref<const std::string&>());
    case Json::value_t::array: return append_array(out, value);
    case Json::value_t::object: return append_object(out, value);
    case Json::value_t::number_float:
    case Json::value_t::binary:
    case Json::value_t::discarded: out += value.dump(); return;
    }
}

std::string json_text(const Json& value)
{
    std::string out;
    append_json(out, value);
    return out;
}

} // namespace pandora::hub::client
