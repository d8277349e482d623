#include "supervisor/logs/file_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace pandora::supervisor::logs {
namespace {

using procfiles::LogFormat;

constexpr WallTime some_time = WallTime{} + std::chrono::seconds{1'700'000'000} + std::chrono::microseconds{42};

Source source(Output output, const std::string& label = "web/1", Stream stream = Stream::out)
{
    return {.instance = {"web", 1},
            .label = label,
            .stream = stream,
            .output = std::make_shared<const Output>(std::move(output)),
            .watch = {}};
}

/// What a file holds after this.
class Text {
public:
    Text& add(const Source& from, std::uint64_t stream, std::string_view text, bool continues = false)
    {
        std::string scratch;
        const auto rendered = file_.render(from, stream, {text, continues}, some_time, scratch);
        if (rendered.ends_line) text_.push_back('\n');
        text_.append(rendered.text);
        return *this;
    }

    void broken() { file_.broken(); }

    const std::string& operator*() const { return text_; }

private:
    FileText file_;
    std::string text_;
};

TEST(FileText, IsTheOutputByteForByte)
{
    const auto web = source({});
    const std::string long_line(3 * line_bytes_max, 'x');
    EXPECT_EQ(*Text{}.add(web, 1, "a\r\n\xFF\x1b[m\n").add(web, 1, long_line).add(web, 1, "end\n", true),
              "a\r\n\xFF\x1b[m\n" + long_line + "end\n");
}

TEST(FileText, EndsAnUnfinishedLineBeforeAnothersBegins)
{
    const auto web = source({});
    EXPECT_EQ(*Text{}.add(web, 1, "half").add(web, 2, "other\n").add(web, 1, "rest\n", true), "half\nother\nrest\n");
}

TEST(FileText, PutsTimeAndNameInFrontOfEachLineOnce)
{
    const auto web = source({.timestamps = "%Y", .name_in_front = true});
    EXPECT_EQ(*Text{}.add(web, 1, "one\ntwo").add(web, 1, " and more\n", true).add(web, 1, "three\n"),
              "2023 web/1 | one\n2023 web/1 | two and more\n2023 web/1 | three\n");
}

TEST(FileText, OfSeveralSourcesSaysWhoseEachLineIs)
{
    const auto web = source({.name_in_front = true});
    const auto store = source({.name_in_front = true}, "store");
    EXPECT_EQ(*Text{}.add(web, 1, "half").add(store, 2, "whole\n").add(web, 1, "rest\n", true),
              "web/1 | half\nstore | whole\nweb/1 | rest\n");
}

TEST(FileText, AsJsonIsARecordALine)
{
    const auto errors = source({.format = LogFormat::json}, "web/1", Stream::err);
    EXPECT_EQ(*Text{}.add(errors, 1, "say \"hi\"\r\n"),
              R"({"time":"2023-11-14T22:13:20.000042Z","process":"web","instance":1,"stream":"stderr",)"
              "\"message\":\"say \\\"hi\\\"\"}\n");
    const auto bare = source({.format = LogFormat::json, .metadata = false});
    EXPECT_EQ(*Text{}.add(bare, 1, "x\n"),
              "{\"time\":\"2023-11-14T22:13:20.000042Z\",\"stream\":\"stdout\",\"message\":\"x\"}\n");
}

TEST(FileText, AsJsonMarksThePiecesOfALine)
{
    const auto web = source({.format = LogFormat::json});
    const auto text = *Text{}.add(web, 1, std::string(line_bytes_max + 1, 'x')).add(web, 1, "end\n\n", true);
    std::vector<nlohmann::json> records;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
        records.push_back(nlohmann::json::parse(text.substr(at, end - at)));
    ASSERT_EQ(records.size(), 4U);
    EXPECT_EQ(records[0]["message"].get<std::string>().size(), line_bytes_max);
    EXPECT_EQ(records[0]["partial"], true);
    EXPECT_EQ(records[1]["message"], "x");
    EXPECT_EQ(records[2]["message"], "end");
    EXPECT_FALSE(records[2].contains("partial"));
    EXPECT_EQ(records[3]["message"], "");
}

TEST(FileText, BeginsALineAnewAfterAFailure)
{
    Text text;
    const auto web = source({.name_in_front = true});
    text.add(web, 1, "half");
    text.broken();
    text.add(web, 1, "rest\n", true);
    EXPECT_EQ(*text, "web/1 | halfweb/1 | rest\n") << "the file itself sees to the newline";
}

TEST(Stamps, AreOfTheSecondThatIsAskedFor)
{
    Stamp stamp;
    EXPECT_EQ(stamp.utc(some_time), "2023-11-14T22:13:20.000042Z");
    EXPECT_EQ(stamp.utc(some_time + std::chrono::milliseconds{7}), "2023-11-14T22:13:20.007042Z");
    EXPECT_EQ(stamp.utc(some_time + std::chrono::seconds{1}), "2023-11-14T22:13:21.000042Z");
    EXPECT_EQ(stamp.local(some_time, "%S"), "20");
    EXPECT_EQ(stamp.local(some_time, "x%S"), "x20");
    EXPECT_EQ(stamp.utc(some_time), "2023-11-14T22:13:20.000042Z");
}

} // namespace
} // namespace pandora::supervisor::logs
