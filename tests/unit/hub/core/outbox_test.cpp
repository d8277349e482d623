#include "hub/core/outbox.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace pandora::hub::core {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{100s};

std::string frame_text(std::uint32_t id, std::string_view body)
{
    const auto header = wire::encode_header({0, id, static_cast<std::uint32_t>(body.size())});
    return std::string{reinterpret_cast<const char*>(header.data()), header.size()}.append(body);
}

void append(Outbox& outbox, std::uint32_t id, std::string_view body, TimePoint now = start)
{
    const std::array pieces{body};
    outbox.append({id, pieces}, now);
}

std::string content(const Outbox& outbox)
{
    std::array<std::string_view, 1000> blocks;
    std::string out;
    const std::size_t count = outbox.gather(blocks);
    for (std::size_t i = 0; i < count; ++i) out += blocks[i];
    return out;
}

TEST(Outbox, GathersSmallFramesIntoOneBlock)
{
    Outbox outbox;
    for (std::uint32_t id = 1; id <= 100; ++id) append(outbox, id, "body");
    std::array<std::string_view, 8> blocks;
    EXPECT_EQ(outbox.gather(blocks), 1U);
    EXPECT_EQ(outbox.bytes(), 1300U);
    EXPECT_EQ(outbox.frames(), 100U);
    EXPECT_EQ(content(outbox).substr(0, 26), frame_text(1, "body") + frame_text(2, "body"));
}

TEST(Outbox, KeepsASharedBodyByReference)
{
    const auto shared = std::make_shared<const std::string>(100'000, 'x');
    Outbox outbox;
    const std::array<std::string_view, 3> pieces{"[", *shared, "]"};
    outbox.append({5, pieces, shared}, start);
    EXPECT_EQ(shared.use_count(), 2);
    EXPECT_EQ(content(outbox), frame_text(5, "[" + *shared + "]"));
    outbox.consume(outbox.bytes(), start);
    EXPECT_EQ(shared.use_count(), 1);
}

TEST(Outbox, CountsAFrameAsCompleteWithItsLastByte)
{
    Outbox outbox;
    append(outbox, 1, "abc");
    append(outbox, 2, "");
    EXPECT_EQ(outbox.consume(11, start), 0U);
    EXPECT_EQ(outbox.frames(), 2U);
    EXPECT_EQ(outbox.consume(1, start), 1U);
    EXPECT_EQ(outbox.consume(9, start), 1U);
    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(outbox.frames(), 0U);
}

TEST(Outbox, GivesOutWhatWentInHoweverItIsConsumed)
{
    std::mt19937 random{7};
    Outbox outbox;
    std::string expected, got;
    const auto shared = std::make_shared<const std::string>(3'000, 's');
    for (std::uint32_t step = 1; step < 3'000; ++step) {
        if (random() % 2 == 0) {
            const bool by_reference = random() % 3 == 0;
            const std::string body(random() % (random() % 50 == 0 ? 200'000 : 300), 'c');
            const std::array<std::string_view, 2> pieces{by_reference ? std::string_view{*shared} : body, "!"};
            outbox.append({step, pieces, by_reference ? shared : nullptr}, start);
            expected += frame_text(step, std::string{pieces[0]} + "!");
        } else if (!outbox.empty()) {
            const std::string text = content(outbox);
            const std::size_t taken = std::min<std::size_t>(text.size(), random() % 100'000);
            got += text.substr(0, taken);
            outbox.consume(taken, start);
        }
        ASSERT_EQ(outbox.bytes(), expected.size() - got.size());
    }
    EXPECT_EQ(got + content(outbox), expected);
}

/// Stands for an open descriptor; watched by whether it is still held.
Fd descriptor(int number) { return std::make_shared<const int>(number); }

void append_with(Outbox& outbox, std::uint32_t id, std::string_view body, const std::vector<Fd>& fds)
{
    const std::array pieces{body};
    outbox.append({.id = id, .pieces = pieces, .fds = fds}, start);
}

std::vector<int> numbers(std::span<const Fd> fds)
{
    std::vector<int> out;
    for (const Fd& fd : fds) out.push_back(*fd);
    return out;
}

TEST(Outbox, WritesTheFlagsOfAFrame)
{
    Outbox outbox;
    const std::array<std::string_view, 1> pieces{"x"};
    outbox.append({.id = 7, .pieces = pieces, .flags = 0x68}, start);
    EXPECT_EQ(content(outbox)[0], 0x68);
}

TEST(Outbox, GathersUpToAFrameWithDescriptorsAndFromItOn)
{
    Outbox outbox;
    append(outbox, 1, "plain");
    append_with(outbox, 2, "two", {descriptor(10), descriptor(11)});
    append(outbox, 3, "plain");
    append_with(outbox, 4, "one", {descriptor(12)});
    append_with(outbox, 5, "next", {descriptor(13)});
    EXPECT_EQ(outbox.fds(), 4U);

    struct Row {
        std::string content;
        std::vector<int> fds;
    };

    for (const auto& [want, fds] : {
             Row{frame_text(1, "plain"), {}},
             Row{frame_text(2, "two") + frame_text(3, "plain"), {10, 11}},
             Row{frame_text(4, "one"), {12}},
             Row{frame_text(5, "next"), {13}},
         }) {
        EXPECT_EQ(content(outbox), want);
        EXPECT_EQ(numbers(outbox.front_fds()), fds);
        outbox.consume(want.size(), start);
    }
    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(outbox.fds(), 0U);
}

TEST(Outbox, LetsGoOfDescriptorsWithTheFirstByteOfTheirFrame)
{
    const Fd kept = descriptor(10);
    Outbox outbox;
    append(outbox, 1, "plain");
    append_with(outbox, 2, "body", {kept});
    outbox.consume(13, start);
    EXPECT_TRUE(outbox.front_fds().empty()) << "the frame before is not written yet";
    outbox.consume(1, start);
    EXPECT_EQ(numbers(outbox.front_fds()), std::vector{10});
    EXPECT_EQ(kept.use_count(), 2);

    outbox.consume(1, start);
    EXPECT_TRUE(outbox.front_fds().empty());
    EXPECT_EQ(kept.use_count(), 1);
    EXPECT_EQ(outbox.fds(), 0U);
    EXPECT_EQ(content(outbox), frame_text(2, "body").substr(1));
}

TEST(Outbox, LetsGoOfDescriptorsWhenItIsCleared)
{
    const Fd kept = descriptor(10);
    Outbox outbox;
    append_with(outbox, 2, "body", {kept});
    outbox.clear();
    EXPECT_EQ(kept.use_count(), 1);
    EXPECT_EQ(outbox.fds(), 0U);
    append_with(outbox, 3, "body", {kept});
    EXPECT_EQ(numbers(outbox.front_fds()), std::vector{10});
}

TEST(Outbox, NeverWritesADescriptorButWithItsFrameHoweverItIsConsumed)
{
    std::mt19937 random{11};
    Outbox outbox;
    std::uint32_t sent = 0, received = 0;
    std::string stream;             // what was written
    std::vector<std::size_t> marks; // where in it a descriptor was sent
    for (std::uint32_t step = 0; step < 3'000 || !outbox.empty(); ++step) {
        if (random() % 2 == 0 && step < 3'000) {
            const std::string body(random() % (random() % 50 == 0 ? 200'000 : 300), 'c');
            if (random() % 3 == 0) {
                ++sent;
                append_with(outbox, sent, body, {descriptor(static_cast<int>(sent))});
            } else {
                append(outbox, 0, body);
            }
        } else if (!outbox.empty()) {
            for (const Fd& fd : outbox.front_fds()) {
                ASSERT_EQ(*fd, static_cast<int>(++received)) << "in their order, each once";
                marks.push_back(stream.size());
            }
            const std::string text = content(outbox);
            const std::size_t taken = std::min<std::size_t>(text.size(), 1 + random() % 100'000);
            stream += text.substr(0, taken);
            outbox.consume(taken, start);
        }
    }
    ASSERT_GT(marks.size(), 100U);
    for (std::uint32_t i = 0; i < marks.size(); ++i)
        ASSERT_EQ(stream.substr(marks[i], 5), frame_text(i + 1, "").substr(0, 5)) << "where its frame begins";
}

TEST(Outbox, ClearsToNothing)
{
    Outbox outbox;
    append(outbox, 1, "abc");
    outbox.consume(2, start);
    outbox.clear();
    EXPECT_TRUE(outbox.empty());
    EXPECT_EQ(outbox.frames(), 0U);
    append(outbox, 2, "d");
    EXPECT_EQ(content(outbox), frame_text(2, "d"));
}

class Congestion : public testing::Test {
protected:
    void put(std::size_t bytes, TimePoint now)
    {
        append(outbox, 1, std::string(bytes - wire::header_bytes, 'x'), now);
        outbox.watch(limits, now);
    }

    void take(std::size_t bytes, TimePoint now)
    {
        outbox.consume(bytes, now);
        outbox.watch(limits, now);
    }

    wire::Limits limits{.queue_bytes_soft = 1000, .queue_patience = 10s};
    Outbox outbox;
};

TEST_F(Congestion, ComesWhenNothingMovesForTheTimeOfPatience)
{
    EXPECT_FALSE(outbox.congested(limits, start + 1h));
    put(100, start);
    EXPECT_FALSE(outbox.congested(limits, start + 9s));
    EXPECT_TRUE(outbox.congested(limits, start + 10s));
    take(1, start + 11s);
    EXPECT_FALSE(outbox.congested(limits, start + 20s));
    EXPECT_TRUE(outbox.congested(limits, start + 21s));
    take(99, start + 22s);
    EXPECT_FALSE(outbox.congested(limits, start + 1h));
}

TEST_F(Congestion, CountsPatienceAnewForAQueueThatHadRunEmpty)
{
    put(100, start);
    take(100, start + 1s);
    put(100, start + 1h);
    EXPECT_FALSE(outbox.congested(limits, start + 1h + 9s));
}

TEST_F(Congestion, ComesWhenTheQueueStaysAboveTheSoftLimitThoughItMoves)
{
    put(1001, start);
    for (int second = 1; second < 10; ++second) {
        put(100, start + second * 1s);
        take(100, start + second * 1s);
        EXPECT_FALSE(outbox.congested(limits, start + second * 1s)) << second;
    }
    EXPECT_TRUE(outbox.congested(limits, start + 10s));
    take(1, start + 10s);
    EXPECT_FALSE(outbox.congested(limits, start + 10s)) << "at the limit is not above it";
}

TEST_F(Congestion, EndsPatienceOnlyWithAQueueAboveTheSoftLimitThatDoesNotMove)
{
    EXPECT_EQ(outbox.patience_ends(limits), std::nullopt);
    put(1000, start);
    EXPECT_EQ(outbox.patience_ends(limits), std::nullopt) << "at the limit is not above it";
    put(100, start + 3s);
    put(100, start + 4s);
    EXPECT_EQ(outbox.patience_ends(limits), start + 13s) << "what is added does not move what is there";
    take(1, start + 9s);
    EXPECT_EQ(outbox.patience_ends(limits), start + 19s);
    take(199, start + 10s);
    EXPECT_EQ(outbox.patience_ends(limits), std::nullopt);
}

} // namespace
} // namespace pandora::hub::core
