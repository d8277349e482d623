#include "supervisor/core/time_zone.hpp"

#include <algorithm>
#include <cstdint>

namespace pandora::supervisor::core {

using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

constexpr std::string_view magic = "TZif";
constexpr std::size_t header_bytes = 44;
constexpr std::size_t type_bytes = 6;

/// Big-endian, as all numbers of a zone file.
std::int64_t number_at(std::string_view bytes, std::size_t at, std::size_t size)
{
    std::uint64_t value = (static_cast<unsigned char>(bytes[at]) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < size; ++i) value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
    return static_cast<std::int64_t>(value);
}

/// How much of everything a block has, as its header says.
struct Counts {
    std::size_t ut_indicators = 0;
    std::size_t standard_indicators = 0;
    std::size_t leap_seconds = 0;
    std::size_t changes = 0;
    std::size_t types = 0;
    std::size_t characters = 0;

    /// `time_bytes`: 4 in the first block, 8 in the second.
    std::size_t block_bytes(std::size_t time_bytes) const
    {
        return changes * (time_bytes + 1) + types * type_bytes + characters + leap_seconds * (time_bytes + 4) +
               standard_indicators + ut_indicators;
    }
};

std::optional<Counts> header(std::string_view bytes)
{
    if (bytes.size() < header_bytes || !bytes.starts_with(magic)) return std::nullopt;
    // The numbers are unsigned: 2^32 - 1 of each cannot make the sums above overflow.
    const auto count = [&](std::size_t i) {
        return static_cast<std::size_t>(number_at(bytes, 20 + 4 * i, 4)) & 0xffff'ffffU;
    };
    return Counts{count(0), count(1), count(2), count(3), count(4), count(5)};
}

} // namespace

/// Reads the second block, which has times of 64 bits, and the rule after it.
class TimeZone::Reader {
public:
    static std::optional<TimeZone> read(std::string_view bytes)
    {
        const auto first = header(bytes);
        if (!first || bytes[magic.size()] < '2') return std::nullopt;
        const auto skipped = header_bytes + first->block_bytes(4);
        if (skipped > bytes.size()) return std::nullopt;
        bytes.remove_prefix(skipped);
        const auto second = header(bytes);
        if (!second || second->types == 0 || second->leap_seconds != 0) return std::nullopt;
        bytes.remove_prefix(header_bytes);
        const auto size = second->block_bytes(8);
        if (size > bytes.size()) return std::nullopt;
        TimeZone zone;
        if (!read_changes(zone, bytes, *second) || !read_rule(zone, bytes.substr(size))) return std::nullopt;
        return zone;
    }

private:
    static bool read_changes(TimeZone& zone, std::string_view block, const Counts& counts)
    {
        const auto types = counts.changes * 9;
        const auto offset_of = [&](std::size_t type) {
            return seconds{number_at(block, types + type * type_bytes, 4)};
        };
        zone.before_ = offset_of(0);
        for (std::size_t i = 0; i < counts.changes; ++i) {
            const auto type = static_cast<unsigned char>(block[counts.changes * 8 + i]);
            if (type >= counts.types) return false;
            const sys_seconds at{seconds{number_at(block, i * 8, 8)}};
            if (!zone.changes_.empty() && at <= zone.changes_.back().at) return false;
            if (at > distant_past && at < distant_future)
                zone.changes_.push_back({at, offset_of(type)});
            else if (at <= distant_past)
                zone.before_ = offset_of(type); // some files begin with the beginning of time
        }
        return true;
    }

    /// "\nRULE\n"; an empty one where no rule is known.
    static bool read_rule(TimeZone& zone, std::string_view footer)
    {
        if (footer.size() < 2 || footer.front() != '\n') return false;
        footer.remove_prefix(1);
        const auto end = footer.find('\n');
        if (end == std::string_view::npos) return false;
        if (end == 0) return true;
        zone.rule_ = ZoneRule::parse(footer.substr(0, end));
        return zone.rule_.has_value();
    }
};

std::optional<TimeZone> TimeZone::parse(std::string_view bytes)
{
    if (bytes.starts_with(magic)) return Reader::read(bytes);
    TimeZone zone;
    zone.rule_ = ZoneRule::parse(bytes);
    if (!zone.rule_) return std::nullopt;
    return zone;
}

ZoneSpan TimeZone::at(sys_seconds time) const
{
    const auto next = std::upper_bound(changes_.begin(), changes_.end(), time,
                                       [](sys_seconds t, const Change& change) { return t < change.at; });
    const auto begin = next == changes_.begin() ? distant_past : std::prev(next)->at;
    if (next == changes_.end() && rule_) {
        const auto span = rule_->at(time);
        return {span.offset, std::max(span.begin, begin), span.end};
    }
    const auto offset = next == changes_.begin() ? before_ : std::prev(next)->offset;
    return {offset, begin, next == changes_.end() ? distant_future : next->at};
}

} // namespace pandora::supervisor::core
