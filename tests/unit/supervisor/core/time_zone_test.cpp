#include "supervisor/core/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pandora::supervisor::core {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

/// A zone file, made by hand.
struct File {
    struct Change {
        std::int64_t at;
        std::uint8_t type;
    };

    std::vector<std::int32_t> offsets{0};
    std::vector<Change> changes;
    std::string rule;
    std::uint32_t leap_seconds = 0;
    char version = '2';

    static std::string big_endian(std::uint64_t value, int bytes)
    {
        std::string out;
        for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
        return out;
    }

    std::string header(bool full) const
    {
        std::string out = "TZif";
        out += version;
        out.append(15, '\0');
        const std::uint64_t counts[] = {
            0, 0, full ? leap_seconds : 0, full ? changes.size() : 0, full ? offsets.size() : 1, 4};
        for (const auto count : counts) out += big_endian(count, 4);
        return out;
    }

    std::string bytes() const
    {
        auto out = header(false) + std::string(6 + 4, '\0') + header(true);
        for (const auto& change : changes) out += big_endian(static_cast<std::uint64_t>(change.at), 8);
        for (const auto& change : changes) out += static_cast<char>(change.type);
        for (const auto offset : offsets)
            out += big_endian(static_cast<std::uint32_t>(offset), 4) + std::string(2, '\0');
        out += std::string(4, '\0') + std::string(leap_seconds * 12, '\0');
        return out + "\n" + rule + "\n";
    }
};

sys_seconds at(std::int64_t time) { return sys_seconds{seconds{time}}; }

TEST(TimeZone, IsUtcUnlessToldOtherwise)
{
    EXPECT_EQ(TimeZone{}.at(at(0)), (ZoneSpan{0s, distant_past, distant_future}));
}

TEST(TimeZone, ReadsChangesAndTheRuleAfterThem)
{
    const File file{{1234, 3600, 7200}, {{1000, 1}, {2000, 2}}, "CET-1CEST,M3.5.0,M10.5.0/3"};
    const auto zone = TimeZone::parse(file.bytes());
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->at(at(999)), (ZoneSpan{1234s, distant_past, at(1000)}));
    EXPECT_EQ(zone->at(at(1000)), (ZoneSpan{3600s, at(1000), at(2000)}));
    EXPECT_EQ(zone->at(at(1999)), (ZoneSpan{3600s, at(1000), at(2000)}));
    const auto after = zone->at(at(2000)); // from here on the rule says what holds
    EXPECT_EQ(after.offset, 1h);
    EXPECT_EQ(after.begin, at(2000));
    EXPECT_EQ(zone->at(sys_days{2040y / 7 / 1}).offset, 2h);
}

TEST(TimeZone, WithoutARuleTheLastChangeHoldsForEver)
{
    const auto zone = TimeZone::parse(File{{0, -3600}, {{-5, 1}}, ""}.bytes());
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->at(at(1'000'000)), (ZoneSpan{-1h, at(-5), distant_future}));
}

TEST(TimeZone, AFileMayBeginWithTheBeginningOfTime)
{
    const auto zone = TimeZone::parse(File{{0, 60}, {{-(std::int64_t{1} << 59), 1}}, "<+0001>-0:01"}.bytes());
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->at(at(-1)), (ZoneSpan{60s, distant_past, distant_future}));
}

TEST(TimeZone, ReadsAPosixRuleAsItIs)
{
    const auto zone = TimeZone::parse("EST5EDT,M3.2.0,M11.1.0");
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->at(sys_days{2026y / 7 / 1}).offset, -4h);
}

TEST(TimeZone, RefusesDamagedFiles)
{
    const File good{{0, 3600}, {{1000, 1}}, "UTC0"};
    const auto bytes = good.bytes();
    ASSERT_TRUE(TimeZone::parse(bytes));
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_FALSE(TimeZone::parse(bytes.substr(0, length))) << length << " of " << bytes.size() << " bytes";

    auto file = good;
    file.version = '\0';
    EXPECT_FALSE(TimeZone::parse(file.bytes())) << "32 bits only";
    file = good;
    file.leap_seconds = 1;
    EXPECT_FALSE(TimeZone::parse(file.bytes())) << "counts leap seconds";
    file = good;
    file.changes = {{1000, 2}};
    EXPECT_FALSE(TimeZone::parse(file.bytes())) << "a type that is not there";
    file = good;
    file.changes = {{1000, 1}, {1000, 0}};
    EXPECT_FALSE(TimeZone::parse(file.bytes())) << "not in order";
    file = good;
    file.rule = "nonsense";
    EXPECT_FALSE(TimeZone::parse(file.bytes())) << "no rule";
    auto huge = bytes;
    huge.replace(20, 24, std::string(24, '\xff'));
    EXPECT_FALSE(TimeZone::parse(huge)) << "counts without end";
}

} // namespace
} // namespace pandora::supervisor::core
