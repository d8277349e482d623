#include "hub/config/journal.hpp"

#include "hub/wire/json_reader.hpp"
#include "hub/wire/json_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace pandora::hub::config {

namespace {

constexpr std::size_t checksum_digits = 16;

/// FNV-1a, 64 bits: tells a torn line from a whole one. No defence against a forger, who could write the file anyhow.
std::uint64_t checksum(std::string_view text)
{
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

std::string hex(std::uint64_t number)
{
    std::array<char, checksum_digits> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    const std::string_view written{digits.data(), static_cast<std::size_t>(end - digits.data())};
    return std::string(checksum_digits - written.size(), '0') + std::string{written};
}

std::string with_checksum(const std::string& record) { return hex(checksum(record)) + ' ' + record + '\n'; }

std::string to_record(Version version, std::string_view topic, const std::string* value)
{
    std::string out = R"({"version":)" + std::to_string(static_cast<std::uint64_t>(version));
    out += R"(,"topic":)";
    wire::append_json_string(out, topic);
    if (value) out += R"(,"value":)" + *value;
    return out += '}';
}

std::string to_record(Version version)
{
    return R"({"version":)" + std::to_string(static_cast<std::uint64_t>(version)) + '}';
}

/// What a line without its end carries; nullopt where it is not whole.
std::optional<std::string_view> record_of(std::string_view line)
{
    if (line.size() <= checksum_digits) return std::nullopt;
    const std::string_view record = line.substr(checksum_digits + 1);
    const bool whole = line[checksum_digits] == ' ' && line.substr(0, checksum_digits) == hex(checksum(record));
    return whole ? std::optional{record} : std::nullopt;
}

/// An empty topic: no topic has changed, but the version.
std::optional<Change> parse(std::string_view record)
{
    Change change;
    wire::JsonReader reader{record};
    if (!reader.open_object()) return std::nullopt;
    std::string scratch;
    for (std::string_view key; reader.next_key(key);) {
        const std::string_view raw = reader.skip_value();
        if (key == "version") {
            std::uint64_t version = 0;
            std::from_chars(raw.data(), raw.data() + raw.size(), version);
            change.version = Version{version};
        } else if (key == "topic") {
            change.topic = wire::text_of(raw, scratch);
        } else if (key == "value") {
            change.value = std::string{raw};
        }
    }
    return reader.failed() ? std::nullopt : std::optional{std::move(change)};
}

bool replay(ConfigStore& store, std::string_view line)
{
    const auto record = record_of(line);
    auto change = record ? parse(*record) : std::nullopt;
    if (!change) return false;
    if (!change->topic.empty()) return store.replay(std::move(*change));
    store.advance_to(change->version);
    return true;
}

} // namespace

std::string to_line(const Change& change)
{
    return with_checksum(to_record(change.version, change.topic, change.value ? &*change.value : nullptr));
}

std::string snapshot(const ConfigStore& store)
{
    std::string out;
    for (const auto& [topic, entry] : store.entries())
        out += with_checksum(to_record(entry.version, topic, &entry.value));
    // The last change may have been a removal, which no line above tells of.
    return out += with_checksum(to_record(store.version()));
}

Loaded load(std::string_view journal)
{
    Loaded loaded;
    while (!journal.empty()) {
        const std::size_t end = journal.find('\n');
        const std::string_view line = journal.substr(0, end);
        // Without its end a line may still be whole by its checksum; then it is.
        if (!line.empty() && !replay(loaded.store, line)) ++loaded.damaged_lines;
        journal.remove_prefix(end == std::string_view::npos ? journal.size() : end + 1);
    }
    return loaded;
}

} // namespace pandora::hub::config
