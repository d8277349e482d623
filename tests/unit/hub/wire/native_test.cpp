#include "hub/wire/native.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pandora::hub::wire {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

/// A block of zeros that says to be `units` of 4 bytes long, and as many bytes of `rest`.
std::string body_of(int units, const std::string& rest)
{
    return "\0"s + static_cast<char>(units) + std::string(30, '\0') + rest;
}

TEST(NativeBlock, IsReadAsItWasWritten)
{
    const RoutingBlock block{.verb = 1,
                             .status = 2,
                             .nfds = 3,
                             .dst = 0x01020304,
                             .src = 0xFFFEFDFC,
                             .method = 0x80000001,
                             .deadline = 0x8102030405060708,
                             .credit = credit_of(5, 6),
                             .options = 0x0f,
                             .act = 4,
                             .schema = 0xABCD};
    const auto head = encode_head(block, {});
    ASSERT_TRUE(head);
    EXPECT_EQ(head->size(), block_bytes_min);
    const std::string body = *head + "payload";
    const auto read = parse_native(body);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->block, block);
    EXPECT_EQ(read->payload, "payload");
    EXPECT_EQ(read->after_block, "payload");
    EXPECT_EQ(head_bytes(*read), block_bytes_min);
}

TEST(NativeBlock, StandsInTheOrderOfBytesThatTheProtocolGives)
{
    // PROTOCOL.md 9.12
    const auto head = encode_head({}, {.selector = R"({"objectName":"math"})", .name = "abs"});
    ASSERT_TRUE(head);
    const std::string want = "\0\x11\0\0"s + std::string(28, '\0') + "\1\0\0\x15"s + R"({"objectName":"math"})" +
                             "\0\0\0"s + "\2\0\0\3"s + "abs\0"s;
    EXPECT_EQ(*head, want);
    EXPECT_EQ(want.size(), 68U);
    EXPECT_EQ(encode_tlvs({.selector = R"({"objectName":"math"})", .name = "abs"}), want.substr(block_bytes_min));
    EXPECT_EQ(encode_tlvs({}), "");
}

TEST(NativeBlock, TlvsAreReadAsTheyWereWrittenInWhateverCombination)
{
    const std::string trace(trace_bytes, 't');
    const Tlvs all{.selector = "{}",
                   .name = "m",
                   .trace = trace,
                   .schema = "s",
                   .sticky = "key",
                   .shared = SharedPlace{1, 2, 0xFFFFFFFF}};
    for (unsigned some = 0; some < 64; ++some) {
        Tlvs tlvs;
        if (some & 1) tlvs.selector = all.selector;
        if (some & 2) tlvs.name = all.name;
        if (some & 4) tlvs.trace = all.trace;
        if (some & 8) tlvs.schema = all.schema;
        if (some & 16) tlvs.sticky = all.sticky;
        if (some & 32) tlvs.shared = all.shared;
        const std::string body = *encode_head({}, tlvs) + "p";
        const auto read = parse_native(body);
        ASSERT_TRUE(read) << some;
        EXPECT_EQ(read->tlvs.selector, tlvs.selector) << some;
        EXPECT_EQ(read->tlvs.name, tlvs.name) << some;
        EXPECT_EQ(read->tlvs.trace, tlvs.trace) << some;
        EXPECT_EQ(read->tlvs.schema, tlvs.schema) << some;
        EXPECT_EQ(read->tlvs.sticky, tlvs.sticky) << some;
        EXPECT_EQ(read->tlvs.shared, tlvs.shared) << some;
        EXPECT_FALSE(read->tlvs.misunderstood) << some;
        EXPECT_EQ(read->payload, "p") << some;
    }
}

TEST(NativeBlock, OfAnotherFormIsNone)
{
    struct Row {
        std::string why, body;
    };

    for (const auto& [why, body] :
         {Row{"empty", ""}, Row{"short", std::string(31, '\x08')}, Row{"length of 7 units", body_of(7, "")},
          Row{"length of 0", body_of(0, "")}, Row{"length beyond the body", body_of(9, "123")},
          Row{"a TLV beyond the block", body_of(9, "\1\0\0\1"s)},
          Row{"one far beyond", body_of(10, "\1\0\xff\xff{}\0\0"s)},
          Row{"the padding of one beyond", body_of(10, "\1\0\0\5"s + "12345678")}})
        EXPECT_FALSE(parse_native(body)) << why;
}

TEST(NativeBlock, ATlvOfLengthZeroIsAbsent)
{
    const auto read = parse_native(body_of(9, "\1\0\0\0"s));
    EXPECT_TRUE(parse_native(body_of(9, "\1\0\0\0"s)));
    EXPECT_TRUE(read && read->tlvs.selector.empty() && !read->tlvs.misunderstood);
}

TEST(NativeBlock, WhatMustBeUnderstoodAndIsNotAndWhatMakesNoSenseAreSaid)
{
    struct Row {
        std::string tlv;
        bool misunderstood, malformed;
    };

    for (const auto& [tlv, misunderstood, malformed] :
         {Row{"\x09\0\0\1x\0\0\0"s, false, false}, Row{"\x89\0\0\1x\0\0\0"s, true, false},
          Row{"\x80\0\0\1x\0\0\0"s, true, false}, Row{"\x81\0\0\2{}\0\0"s, false, false},
          Row{"\x03\0\0\1x\0\0\0"s, false, true}, Row{"\x05\0\0\4"s + "1234", false, true},
          Row{"\x06\0\0\0"s + "\x09\0\0\0"s, false, true}}) {
        const std::string body = body_of(10, tlv);
        const auto read = parse_native(body);
        ASSERT_TRUE(read) << testing::PrintToString(tlv);
        EXPECT_EQ(read->tlvs.misunderstood, misunderstood) << testing::PrintToString(tlv);
        EXPECT_EQ(read->tlvs.malformed, malformed) << testing::PrintToString(tlv);
    }
}

TEST(NativeBlock, AStickyKeyIsAtMost64BytesLong)
{
    for (const std::size_t length : {1U, 64U, 65U}) {
        const std::string key(length, 'k');
        const auto head = encode_head({}, {.sticky = key});
        ASSERT_TRUE(head);
        EXPECT_EQ(parse_native(*head)->tlvs.malformed, length > sticky_bytes_max) << length;
    }
}

TEST(NativeBlock, OfTlvsThatComeTwiceTheFirstCounts)
{
    const std::string body = body_of(12, "\2\0\0\1a\0\0\0"s + "\2\0\0\1b\0\0\0"s);
    EXPECT_EQ(parse_native(body)->tlvs.name, "a");
}

TEST(NativeBlock, WhatDoesNotFitIsNotWritten)
{
    const std::size_t room = block_bytes_max - block_bytes_min - 4;
    EXPECT_TRUE(encode_head({}, {.selector = std::string(room, 'x')}));
    EXPECT_FALSE(encode_head({}, {.selector = std::string(room + 1, 'x')}));
    EXPECT_FALSE(encode_tlvs({.selector = std::string(room + 1, 'x')}));
    EXPECT_FALSE(encode_head({}, {.selector = std::string(room, 'x'), .name = "m"}));
    EXPECT_FALSE(encode_head({}, {.selector = std::string(70'000, 'x')})) << "its length has 16 bits";
}

TEST(NativeFrame, StatesItsDescriptorsOnlyWithTheFlag)
{
    const std::string body = "\0\x08\0\3"s + std::string(28, '\0');

    struct Row {
        std::uint8_t flags;
        std::string_view body;
        std::size_t fds;
    };

    for (const auto& [flags, text, fds] :
         {Row{flag::native | flag::fds, body, 3}, Row{flag::native, body, 0}, Row{flag::fds, body, 0},
          Row{flag::native | flag::fds, std::string_view{body}.substr(0, 3), 0},
          Row{flag::native | flag::fds, "\0\x08\0\xff"sv, 255}})
        EXPECT_EQ(frame_fds(flags, text), fds) << int{flags};
}

TEST(NativeTrace, ToTextAndBack)
{
    const std::string text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const auto trace = trace_from(text);
    ASSERT_TRUE(trace);
    EXPECT_EQ(traceparent({trace->data(), trace->size()}), text);
}

TEST(NativeTrace, OfAnotherFormIsNone)
{
    const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (const std::size_t at : {0U, 1U, 2U, 3U, 34U, 35U, 51U, 52U, 54U}) {
        std::string bad = good;
        bad[at] = 'G';
        EXPECT_FALSE(trace_from(bad)) << bad;
    }
    for (const std::string& bad : {""s, good + "-", good.substr(1), good.substr(0, 54), "01" + good.substr(2)})
        EXPECT_FALSE(trace_from(bad)) << bad;
    EXPECT_FALSE(trace_from("00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01")) << "small letters only";
}

TEST(NativeCredit, HoldsKibAndMessages)
{
    const std::uint32_t credit = credit_of(0xFFFF, 1);
    EXPECT_EQ(kib_of(credit), 0xFFFFU);
    EXPECT_EQ(messages_of(credit), 1U);
    EXPECT_EQ(messages_of(credit_of(1, 0xFFFF)), 0xFFFFU);
}

TEST(NativeStatus, EachHasAName)
{
    for (std::uint8_t status = 0; status < status_count; ++status)
        EXPECT_FALSE(name_of(static_cast<Status>(status)).empty()) << int{status};
    EXPECT_EQ(name_of(Status::peer_gone), "peer_gone");
}

} // namespace
} // namespace pandora::hub::wire
