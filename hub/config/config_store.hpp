// The config topics: for each a JSON value, kept until it is replaced or removed, and a version.
//
// Versions grow with every change, whichever topic it is of, and none is given twice: a topic that was removed and set
// again does not look as if nothing had happened. So a version is enough to say "unless somebody else was faster".
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::hub::config {

/// Of a change, and of a topic since its last one. 0 stands for a topic without a value.
enum class Version : std::uint64_t {};

/// A topic's value as compact JSON, in one line; nullopt: none.
using Value = std::optional<std::string>;

struct Entry {
    Version version{};
    std::string value;
    bool operator==(const Entry&) const = default;
};

/// What happened to one topic; nullopt: it was removed.
struct Change {
    Version version{};
    std::string topic;
    Value value;
    bool operator==(const Change&) const = default;
};

/// A topic without a value was to be removed.
struct Unchanged {
    bool operator==(const Unchanged&) const = default;
};

/// The topic is not as it was expected to be, but so.
struct Conflict {
    Version version{};
    Value value;
    bool operator==(const Conflict&) const = default;
};

/// Which bound of limits.hpp the change would break.
enum class Refusal : std::uint8_t {
    topic_empty,
    topic_too_long,
    value_too_large,
    value_too_deep,
    too_many_topics,
    store_full,
};

/// The sentence for whoever asked for it.
std::string describe(Refusal refusal);

using Outcome = std::variant<Change, Unchanged, Conflict, Refusal>;

/// What a topic has to be for compare_and_set() to change it: of this version (0: without a value), or of a value that
/// is equal as JSON: the order of members and the way to write a number do not matter.
using Expected = std::variant<Version, Value>;

/// Pure, not thread-safe. Values are given as one line of valid JSON.
class ConfigStore {
public:
    /// nullptr: the topic has no value. Valid until the next change.
    const Entry* get(std::string_view topic) const;

    /// nullopt removes the topic. Never a Conflict.
    Outcome set(std::string_view topic, Value value);

    Outcome compare_and_set(std::string_view topic, const Expected& expected, Value value);

    /// Takes over a change that was made before, in the order of changes; false, and nothing has happened, if it breaks
    /// a bound.
    bool replay(Change change);

    /// Every change from now on has a higher version than this.
    void advance_to(Version version);

    Version version() const { return version_; }

    /// Of all names and values.
    std::size_t bytes() const { return bytes_; }

    /// By name, in the order of bytes.
    const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }

    /// Names that begin with `prefix`, sorted.
    std::vector<std::string> topics(std::string_view prefix) const;

private:
    std::optional<Refusal> refusal(std::string_view topic, const Value& value) const;
    bool is_as(const Entry* present, const Expected& expected) const;
    void apply(const Change& change);

    std::map<std::string, Entry, std::less<>> entries_;
    std::size_t bytes_ = 0;
    Version version_{};
};

} // namespace pandora::hub::config
