#include "hub/client/cpp/body_reader.hpp"

#include "hub/client/cpp/envelope.hpp"
#include "hub/wire/json_text.hpp"
#include "hub/wire/legacy_json.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pandora::hub::client {

namespace {

using Member = std::pair<std::string, Json>;

/// Leaves one member of each name: where the first stood, with the value of the last.
void keep_last_of_each_name(std::vector<Member>& members)
{
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        const int names = members[a].first.compare(members[b].first);
        return names != 0 ? names < 0 : a < b;
    });
    std::size_t first = 0; // in `order`: of the members with this name
    for (std::size_t i = 1; i < order.size(); ++i) {
        Member& kept = members[order[first]];
        Member& later = members[order[i]];
        if (kept.first == later.first)
            kept.second = std::exchange(later.second, Json(Json::value_t::discarded));
        else
            first = i;
    }
    std::erase_if(members, [](const Member& member) { return member.second.is_discarded(); });
}

Json object_of(std::vector<Member>& members)
{
    if (members.size() > 1) keep_last_of_each_name(members);
    Json::object_t object;
    object.reserve(members.size()); // its members cannot be moved once they are in it: growing would copy them all
    for (Member& member : members) object.emplace_back(std::move(member.first), std::move(member.second));
    return Json(std::move(object));
}

/// Receives the library's parse events and puts the value together.
class Builder {
public:
    explicit Builder(std::size_t nesting_max) : nesting_max_{nesting_max} {}

    Json take() { return std::move(root_); }

    bool null() { return add(nullptr); }

    bool boolean(bool value) { return add(value); }

    bool number_integer(Json::number_integer_t value) { return add(value); }

    bool number_unsigned(Json::number_unsigned_t value) { return add(value); }

    bool number_float(Json::number_float_t value, const std::string&) { return add(value); }

    bool string(std::string& value) { return add(std::move(value)); }

    bool binary(Json::binary_t&) { return false; } // JSON text has none

    bool start_object(std::size_t) { return open(true); }

    bool key(std::string& name)
    {
        open_.back().members.emplace_back(std::move(name), nullptr);
        return true;
    }

    bool end_object()
    {
        Json object = object_of(open_.back().members);
        open_.pop_back();
        return add(std::move(object));
    }

    bool start_array(std::size_t) { return open(false); }

    bool end_array()
    {
        Json array(std::move(open_.back().items));
        open_.pop_back();
        return add(std::move(array));
    }

    bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

private:
    struct Container {
        bool is_object = false;
        std::vector<Member> members;
        Json::array_t items;
    };

    bool open(bool is_object)
    {
        if (open_.size() == nesting_max_) return false;
        open_.push_back({is_object, {}, {}});
        return true;
    }

    bool add(Json value)
    {
        if (open_.empty())
            root_ = std::move(value);
        else if (open_.back().is_object)
            open_.back().members.back().second = std::move(value);
        else
            open_.back().items.push_back(std::move(value));
        return true;
    }

    std::size_t nesting_max_;
    std::vector<Container> open_;
    Json root_;
};

std::optional<Json> build(std::string_view text, std::size_t nesting_max)
{
    Builder builder{nesting_max};
    if (!Json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
    return builder.take();
}

/// The code unit of the \uXXXX at `text[at]`; nullopt where there is none.
std::optional<std::uint32_t> unicode_escape(std::string_view text, std::size_t at)
{
    if (text.substr(std::min(at, text.size()), 2) != "\\u" || text.size() - at < 6) return std::nullopt;
    std::uint32_t unit = 0;
    const auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + 6, unit, 16);
    if (error != std::errc{} || end != text.data() + at + 6) return std::nullopt;
    return unit;
}

bool is_high(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }

bool is_low(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// `text` with U+FFFD in place of each escape that is half of a surrogate pair. No escape changes its length.
std::string without_lone_surrogates(std::string_view text)
{
    std::string out{text};
    for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
        const auto unit = unicode_escape(text, at);
        if (!unit) {
            at += 2; // a backslash and what it escapes
            continue;
        }
        const auto next = is_high(*unit) ? unicode_escape(text, at + 6) : std::nullopt;
        const bool pair = next && is_low(*next);
        if (!pair && (is_high(*unit) || is_low(*unit))) out.replace(at, 6, "\\ufffd");
        at += pair ? 12 : 6;
    }
    return out;
}

} // namespace

std::optional<Json> read_body(std::string_view text, std::size_t nesting_max)
{
    if (auto body = build(text, nesting_max)) return body;
    const std::string repaired = without_lone_surrogates(text);
    if (repaired == text) return std::nullopt;
    return build(repaired, nesting_max);
}

std::optional<std::uint32_t> answered_by(std::string_view unreadable)
{
    constexpr std::string_view before_action = R"({"action":")";
    if (!unreadable.starts_with(before_action)) return std::nullopt;
    unreadable.remove_prefix(before_action.size());
    return envelope::answered_id(unreadable.substr(0, unreadable.find('"')));
}

bool expects_answer(std::string_view unreadable)
{
    constexpr std::string_view message = R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN")";
    if (!unreadable.starts_with(message)) return false;
    const auto parsed = wire::parse_legacy(unreadable);
    const auto* body = std::get_if<wire::LegacyBody>(&parsed);
    return !body || wire::truthy(body->need_reply);
}

} // namespace pandora::hub::client
