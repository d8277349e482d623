#include "procfiles/names.hpp"

#include "procfiles/limits.hpp"

#include <algorithm>
#include <array>

namespace pandora::procfiles {

namespace {

/// Processes that every app has without asking; `pandora ps` lists them beside the app's own.
constexpr std::array<std::string_view, 2> reserved_names{"pandora", "hub"};

// The C library's isalpha() and its like depend on the locale.
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_character(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; }

/// A leading dot would hide the files named after it, and a leading dash look like an option.
bool may_lead(char c) { return c != '.' && c != '-'; }

std::optional<std::string> name_fault(std::string_view name, std::size_t bytes_max)
{
    if (name.empty()) return "a name must not be empty";
    if (!std::all_of(name.begin(), name.end(), is_name_character))
        return "a name has only letters, digits, `_`, `.` and `-`";
    if (!may_lead(name.front())) return "a name must not start with `.` or `-`";
    if (name.size() > bytes_max) return "a name has at most " + std::to_string(bytes_max) + " characters";
    return std::nullopt;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; } // of UTF-8

} // namespace

std::optional<std::string> app_name_fault(std::string_view name) { return name_fault(name, app_name_bytes_max); }

std::optional<std::string> process_name_fault(std::string_view name)
{
    if (std::find(reserved_names.begin(), reserved_names.end(), name) != reserved_names.end())
        return "the name `" + std::string{name} + "` is reserved for a built-in process";
    return name_fault(name, process_name_bytes_max);
}

bool is_variable_name(std::string_view name)
{
    const auto allowed = [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '=' && c != '\x7F'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

std::size_t leading_name_bytes(std::string_view text)
{
    if (text.empty() || is_digit(text.front())) return 0;
    const auto in_name = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), in_name) - text.begin());
}

std::string app_name_for(const std::filesystem::path& folder)
{
    std::string name;
    for (const char c : folder.lexically_normal().filename().string())
        if (!continues_character(c)) name += is_name_character(c) ? c : '-';
    name.erase(name.begin(), std::find_if(name.begin(), name.end(), may_lead));
    name.resize(std::min(name.size(), app_name_bytes_max));
    return name.empty() ? "app" : name;
}

} // namespace pandora::procfiles
