#include "supervisor/cli/hub_capture.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace pandora::supervisor::cli {
namespace {

using hub::client::Json;

constexpr std::uint64_t no_bound = UINT64_MAX;

std::string capture_of(const std::vector<Json>& records)
{
    std::ostringstream out;
    CaptureWriter writer{out, no_bound};
    for (const auto& record : records) EXPECT_TRUE(writer.write(record));
    EXPECT_EQ(writer.bytes(), out.str().size());
    EXPECT_EQ(writer.records(), records.size());
    return out.str();
}

std::vector<Json> records_of(CaptureReader& reader)
{
    std::vector<Json> records;
    while (auto record = reader.next()) records.push_back(std::move(*record));
    return records;
}

TEST(Capture, HasTheFormThatItsDescriptionPromises)
{
    using namespace std::string_literals;
    EXPECT_EQ(capture_of({Json{{"a", 1}}}), "PANDCAP\n\0\0\0\1\0\0\0\7{\"a\":1}"s);
}

TEST(Capture, IsReadAsItWasWritten)
{
    const std::vector<Json> records{Json::object(), Json{{"z", 1}, {"a", "\xc3\xa9\n"}}, Json(nullptr)};
    std::istringstream in{capture_of(records)};
    CaptureReader reader{in};
    EXPECT_EQ(records_of(reader), records);
    EXPECT_FALSE(reader.torn());
}

TEST(Capture, StopsBeforeItWouldGrowBeyondItsBound)
{
    std::ostringstream out;
    CaptureWriter writer{out, 12 + 4 + 7 + 3};
    EXPECT_TRUE(writer.write(Json{{"a", 1}}));
    EXPECT_FALSE(writer.write(Json{{"a", 1}}));
    EXPECT_EQ(out.str().size(), 12u + 4 + 7) << "not even a part of what does not fit";
}

TEST(Capture, CutOffAnywhereKeepsTheRecordsBefore)
{
    const auto whole = capture_of({Json{{"a", 1}}, Json{{"b", 2}}});
    const auto first_end = whole.size() - 4 - 7;
    for (auto length = first_end; length < whole.size(); ++length) {
        std::istringstream in{whole.substr(0, length)};
        CaptureReader reader{in};
        EXPECT_EQ(records_of(reader).size(), 1u) << length;
        EXPECT_EQ(reader.torn(), length != first_end) << length;
    }
}

TEST(Capture, WhatIsNoneOrDamagedIsRefused)
{
    using namespace std::string_literals;
    for (const auto& text : {""s, "PANDCAP"s, "PANDCAP\n\0\0"s, "PANDCAP\n\0\0\0\2"s, "GIF89a..............."s}) {
        std::istringstream in{text};
        EXPECT_THROW(CaptureReader{in}, BadCapture) << text;
    }
    for (const auto& record : {"\xff\xff\xff\xff{}"s, "\1\0\0\1{}"s, "\0\0\0\2{]"s, "\0\0\0\0"s,
                               "\0\0\0\5"
                               "1e999"s}) {
        std::istringstream in{"PANDCAP\n\0\0\0\1"s + record};
        CaptureReader reader{in};
        EXPECT_THROW(reader.next(), BadCapture) << record;
    }
}

TEST(Capture, ARecordThatNestsDeeperThanTheHubWritesIsDamage)
{
    using namespace std::string_literals;
    const auto deep = std::string(100'000, '[') + std::string(100'000, ']'); // 200,000 bytes = 0x030d40
    std::istringstream in{"PANDCAP\n\0\0\0\1\0\x03\x0d\x40"s + deep};
    CaptureReader reader{in};
    EXPECT_THROW(reader.next(), BadCapture);
}

} // namespace
} // namespace pandora::supervisor::cli
