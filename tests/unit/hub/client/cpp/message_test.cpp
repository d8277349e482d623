#include "hub/client/cpp/message.hpp"

#include <gtest/gtest.h>

namespace pandora::hub::client {
namespace {

TEST(Message, MatchesEventsByNameOrByWhatTheyBeginWith)
{
    struct Row {
        const char* pattern;
        const char* event;
        bool want;
    };

    for (const auto& [pattern, event, want] :
         {Row{"done", "done", true}, Row{"done", "done.all", false}, Row{"done*", "done", true},
          Row{"done*", "done.all", true}, Row{"done*", "don", false}, Row{"*", "anything", true}, Row{"*", "", true},
          Row{"", "", true}, Row{"", "x", false}}) {
        EXPECT_EQ(matches(pattern, event), want) << pattern << " " << event;
    }
}

TEST(Message, WritesOnlyWhatASelectorSays)
{
    EXPECT_EQ(text_of(Selector{}), "{}");
    EXPECT_EQ(text_of("math"), R"({"objectName":"math"})");
    Selector all{"a\"b"};
    all.tag = "t";
    all.app = "shop";
    all.process = "web";
    all.pid = "12";
    all.client_id = "u1";
    EXPECT_EQ(text_of(all), R"({"objectName":"a\"b","objectTag":"t","appName":"shop","processName":"web",)"
                            R"("pid":"12","clientId":"u1"})");
    Selector process;
    process.process = "web";
    EXPECT_EQ(text_of(process), R"({"processName":"web"})");
}

TEST(Message, GivesATraceTwentyFiveBytesAndTakesNoOthers)
{
    Trace trace;
    trace.trace_id[0] = std::byte{1};
    trace.span_id[7] = std::byte{2};
    trace.flags = 1;
    const std::string bytes = bytes_of(trace);
    EXPECT_EQ(bytes.size(), wire::trace_bytes);
    EXPECT_EQ(trace_of(bytes), trace);
    EXPECT_FALSE(trace_of(bytes.substr(1)));
    EXPECT_FALSE(trace_of(""));
}

TEST(Message, SharesTheBytesOfCopies)
{
    const Bytes bytes{std::string{"\0\xff", 2}};
    const Bytes copy = bytes; // NOLINT: the copy is what is tested
    EXPECT_EQ(copy.span().data(), bytes.span().data());
    EXPECT_EQ(copy, bytes);
    EXPECT_EQ(content_of(bytes).text(), (std::string{"\0\xff", 2}));
    EXPECT_TRUE(content_of(bytes).binary());
    EXPECT_EQ(Bytes{}.size(), 0U);
}

} // namespace
} // namespace pandora::hub::client
