#include "hub/client/cpp/names.hpp"

#include "hub/client/cpp/body_reader.hpp"
#include "hub/client/cpp/envelope.hpp"
#include "hub/wire/limits.hpp"

namespace pandora::hub::client {

namespace {

constexpr unsigned asked_at_use = 2; // a name that is used once would cost the hub a number for ever

} // namespace

std::optional<ObjectName> object_name_of(std::string_view selector)
{
    const auto read = read_body(selector, wire::json_depth_max);
    if (!read || !read->is_object()) return std::nullopt;
    return ObjectName{envelope::string_member(*read, "objectName"), envelope::string_member(*read, "objectTag")};
}

std::uint32_t Names::use(wire::NameKind kind, const std::string& text)
{
    Texts& all = texts(kind);
    auto found = all.find(text);
    if (found == all.end()) {
        if (all.size() >= texts_max) return 0;
        found = all.emplace(text, Text{}).first;
    }
    Text& used = found->second;
    if (used.number == 0 && ++used.uses == asked_at_use) wish(kind, text);
    return used.number;
}

bool Names::need(wire::NameKind kind, const std::string& text)
{
    const auto found = texts(kind).find(text);
    if (found == texts(kind).end() || found->second.refused) return false;
    Text& needed = found->second;
    if (needed.uses < asked_at_use) {
        needed.uses = asked_at_use;
        wish(kind, text);
    }
    return true;
}

void Names::numbered(wire::NameKind kind, const std::string& text, std::uint32_t number)
{
    const auto found = texts(kind).find(text);
    if (found == texts(kind).end()) return;
    found->second.number = number;
    found->second.refused = number == 0;
    if (number != 0) learn(kind, number, text);
}

void Names::learn(wire::NameKind kind, std::uint32_t number, std::string text)
{
    if (kind == wire::NameKind::name) {
        known_names_.insert_or_assign(number, std::move(text));
    } else if (auto object = object_name_of(text)) {
        known_objects_.insert_or_assign(number, std::move(*object));
    }
}

const std::string* Names::name(std::uint32_t number) const
{
    const auto found = known_names_.find(number);
    return found == known_names_.end() ? nullptr : &found->second;
}

const ObjectName* Names::object(std::uint32_t number) const
{
    const auto found = known_objects_.find(number);
    return found == known_objects_.end() ? nullptr : &found->second;
}

} // namespace pandora::hub::client
