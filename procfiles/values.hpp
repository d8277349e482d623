// The kinds of values that key tables name: each reads one value and says what it expected instead.
#pragma once

#include "procfiles/limits.hpp"
#include "procfiles/reader.hpp"
#include "procfiles/scalars.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::procfiles {

inline void read_duration(Reader& reader, const Node& node, Millis& into)
{
    reader.scalar(node, "a duration such as `500ms`, `1.5s` or `2m` (a bare number is seconds)", parse_duration, into);
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

/// For keys that are known and mean nothing to us.
template <class Target>
void ignore_text(Reader& reader, const Node& node, Target&)
{
    static_cast<void>(reader.text(node));
}

} // namespace pandora::procfiles
