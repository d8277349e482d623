#include "supervisor/os/time_zone.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace pandora::supervisor::os {

namespace {

namespace fs = std::filesystem;

// The largest zone file of tzdata has under 4 KiB; whatever is longer than this is something else.
constexpr std::size_t file_bytes_max = 1024 * 1024;

fs::path zone_folder()
{
    const char* named = std::getenv("TZDIR");
    return named && *named ? named : "/usr/share/zoneinfo";
}

[[noreturn]] void fail(const std::string& zone, const std::string& why)
{
    throw std::runtime_error{"time zone `" + zone + "`: " + why};
}

std::optional<std::string> read_file(const fs::path& path)
{
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return std::nullopt; // a name such as "Europe" is a folder
    std::ifstream file{path, std::ios::binary};
    if (!file) return std::nullopt;
    std::string bytes(file_bytes_max, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

core::TimeZone parse_file(const std::string& zone, const fs::path& path)
{
    const auto bytes = read_file(path);
    if (!bytes) fail(zone, "there is no file " + path.string() + " that can be read (package tzdata)");
    auto parsed = bytes->starts_with("TZif") ? core::TimeZone::parse(*bytes) : std::nullopt;
    if (!parsed) fail(zone, path.string() + " is no zone file without leap seconds");
    return std::move(*parsed);
}

/// No way out of the folder: a procfile names zones, not files.
bool is_zone_name(const fs::path& name)
{
    if (name.is_absolute()) return false;
    for (const auto& part : name)
        if (part == ".." || part == ".") return false;
    return true;
}

core::TimeZone named_zone(const std::string& name)
{
    if (!is_zone_name(name)) fail(name, "is no name of a zone, such as Europe/Berlin");
    return parse_file(name, zone_folder() / name);
}

/// As tzset(3) reads it.
core::TimeZone zone_of_environment(std::string text)
{
    if (text.starts_with(':')) text.erase(0, 1);
    if (text.empty()) return {};
    if (text.starts_with('/')) return parse_file(text, text);
    if (is_zone_name(text) && fs::exists(zone_folder() / text)) return named_zone(text);
    if (auto rule = core::TimeZone::parse(text)) return std::move(*rule);
    return named_zone(text); // says what is wrong
}

} // namespace

core::TimeZone load_time_zone(const std::string& name)
{
    if (!name.empty()) return named_zone(name);
    if (const char* environment = std::getenv("TZ")) return zone_of_environment(environment);
    const fs::path machine = "/etc/localtime";
    if (!fs::exists(machine)) return {}; // as localtime(3) takes it
    return parse_file("of this machine", machine);
}

} // namespace pandora::supervisor::os
