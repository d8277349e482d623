// The kinds of values that key tables name: each reads one value and says what it expected instead.
#pragma once

#include "procfiles/limits.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/reader.hpp"
#include "procfiles/scalars.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pandora::procfiles {

/// One of the words that a key takes.
template <class Value>
struct Word {
    std::string_view name;
    Value value;
};

/// "`a`, `b` or `c`".
template <class Words>
std::string listed(const Words& words)
{
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += quote(words[i].name);
    }
    return text;
}

/// Dashes do for underscores: `on-failure` is what Docker and systemd write.
template <const auto& words>
void read_word(Reader& reader, const Node& node, std::remove_cvref_t<decltype(words[0].value)>& into)
{
    using Value = std::remove_cvref_t<decltype(words[0].value)>;
    const auto parse = [](std::string word) -> std::optional<Value> {
        std::replace(word.begin(), word.end(), '-', '_');
        for (const auto& [name, value] : words)
            if (name == word) return value;
        return std::nullopt;
    };
    reader.scalar(node, listed(words), parse, into);
}

inline void read_duration(Reader& reader, const Node& node, Millis& into)
{
    reader.scalar(node, "a duration such as `500ms`, `1.5s` or `2m` (a bare number is seconds)", parse_duration, into);
}

/// Parts of a second are dropped.
inline void read_seconds(Reader& reader, const Node& node, std::chrono::seconds& into)
{
    Millis duration = into;
    read_duration(reader, node, duration);
    into = std::chrono::duration_cast<std::chrono::seconds>(duration);
}

/// For settings where no time at all has no meaning.
inline void read_positive_duration(Reader& reader, const Node& node, Millis& into)
{
    const auto parse = [](std::string_view text) {
        const auto duration = parse_duration(text);
        return duration && *duration > Millis{0} ? duration : std::nullopt;
    };
    reader.scalar(node, "a duration above 0 such as `500ms`, `1.5s` or `2m` (a bare number is seconds)", parse, into);
}

inline void read_switch(Reader& reader, const Node& node, bool& into)
{
    reader.scalar(node, "`true` or `false`", parse_switch, into);
}

/// For keys that say the opposite of the setting.
inline void read_inverse(Reader& reader, const Node& node, bool& into)
{
    bool off = !into;
    read_switch(reader, node, off);
    into = !off;
}

inline void read_signal(Reader& reader, const Node& node, int& into)
{
    reader.scalar(node, "a signal such as `SIGTERM`, `TERM` or 15", parse_signal, into);
}

template <std::uint32_t low, std::uint32_t high>
void read_count(Reader& reader, const Node& node, std::uint32_t& into)
{
    const auto parse = [](std::string_view text) -> std::optional<std::uint64_t> {
        const auto count = parse_count(text);
        return count && *count >= low && *count <= high ? count : std::nullopt;
    };
    reader.scalar(node, "a whole number from " + std::to_string(low) + " to " + std::to_string(high), parse, into);
}

template <int low, int high>
void read_integer(Reader& reader, const Node& node, int& into)
{
    const auto parse = [](std::string_view text) {
        const auto number = parse_integer(text);
        return number && *number >= low && *number <= high ? number : std::nullopt;
    };
    reader.scalar(node, "a whole number from " + std::to_string(low) + " to " + std::to_string(high), parse, into);
}

/// `read` for a setting that may be absent; it stays so where the value is wrong.
template <auto read, class Value>
void optionally(Reader& reader, const Node& node, std::optional<Value>& into)
{
    const std::size_t before = reader.problem_count();
    Value value{};
    read(reader, node, value);
    if (reader.problem_count() == before) into = std::move(value);
}

/// As field(), for a member that may be absent.
template <auto member, auto read, class Target>
void optional_field(Reader& reader, const Node& node, Target& into)
{
    optionally<read>(reader, node, into.*member);
}

/// Bytes.
inline void read_size(Reader& reader, const Node& node, std::uint64_t& into)
{
    reader.scalar(node, "a size such as `64KiB` or `512MB` (a bare number is bytes)", parse_size, into);
}

/// File modes and masks: octal digits, with `0` or `0o` before them or not.
inline void read_octal(Reader& reader, const Node& node, unsigned& into)
{
    reader.scalar(node, "an octal number such as 022, at most 7777", parse_octal, into);
}

inline void read_text(Reader& reader, const Node& node, std::string& into)
{
    if (auto text = reader.text(node)) into = *std::move(text);
}

inline void read_nonempty_text(Reader& reader, const Node& node, std::string& into)
{
    const auto parse = [](std::string_view text) {
        const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
        return blank ? std::nullopt : std::optional{std::string{text}};
    };
    reader.scalar(node, "text that is not empty", parse, into);
}

/// A list of texts that are not empty, or one alone.
inline void read_texts(Reader& reader, const Node& node, std::vector<std::string>& into)
{
    const auto add = [&](const Node& item) {
        std::string text;
        read_nonempty_text(reader, item, text);
        if (!text.empty()) into.push_back(std::move(text));
    };
    if (std::holds_alternative<Scalar>(node.content)) return add(node);
    if (const List* list = reader.list(node, "a text or a list of texts"))
        for (const Node* item : list->items) add(*item);
}

/// For keys that are known and mean nothing to us, whatever stands behind them.
template <class Target>
void ignore(Reader&, const Node&, Target&)
{}

/// The same where at least the kind of value is to be right.
template <class Target>
void ignore_text(Reader& reader, const Node& node, Target&)
{
    static_cast<void>(reader.text(node));
}

/// A text as a template argument.
template <std::size_t size>
struct Phrase {
    consteval Phrase(const char (&from)[size]) { std::copy_n(from, size, text); }

    char text[size];
};

/// For keys of process-compose that pandora cannot honour: says so, unless the key is there to turn something off.
template <Phrase why, class Target>
void unsupported(Reader& reader, const Node& node, Target&)
{
    if (const auto* scalar = std::get_if<Scalar>(&node.content))
        if (parse_switch(reader.scope().expanded(scalar->text).text) == false) return;
    reader.warning(node.place, why.text);
}

} // namespace pandora::procfiles
