#include "supervisor/probes/first_line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::probes {
namespace {

using namespace std::string_literals;

constexpr auto bytes_max = FirstLine::bytes_max;

/// Fed `part` bytes at a time.
std::string first_line(std::string_view output, std::size_t part)
{
    FirstLine line;
    for (; !output.empty(); output.remove_prefix(std::min(part, output.size()))) line.add(output.substr(0, part));
    return line.text();
}

TEST(FirstLine, IsTheFirstWithAnythingInItHoweverTheOutputIsCut)
{
    struct Row {
        std::string output, want;
    };

    const Row rows[] = {
        {"", ""},
        {"\n \n\r\n", ""},
        {"one", "one"},
        {"one\n", "one"},
        {"one\ntwo\n", "one"},
        {"\n\n  one \r\ntwo", "one"},
        {"a\tb\x1b[31mc\x7f", "a b [31mc"},
        {"gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff \xc3( \xe2\x82 \xed\xa0\x80 \xc0\xaf \xc2\x9b", "? ?( ?? ??? ?? ??"},
        {std::string(bytes_max, 'x'), std::string(bytes_max, 'x')},
        {std::string(bytes_max, 'x') + "\n", std::string(bytes_max, 'x')},
        {std::string(bytes_max + 1, 'x'), std::string(bytes_max, 'x') + "..."},
        {std::string(bytes_max - 1, 'x') + "\xe2\x82\xac", std::string(bytes_max - 1, 'x') + "..."},
        {std::string(bytes_max - 2, 'x') + "\xe2\x82\xac", std::string(bytes_max - 2, 'x') + "..."},
        {std::string(bytes_max - 3, 'x') + "\xe2\x82\xac!", std::string(bytes_max - 3, 'x') + "\xe2\x82\xac..."},
        {std::string(bytes_max + 5, '\x80'), std::string(bytes_max, '?') + "..."},
    };
    for (const auto& [output, want] : rows)
        for (const std::size_t part : {std::size_t{1}, std::size_t{3}, std::size_t{4096}})
            EXPECT_EQ(first_line(output, part), want) << output << " by " << part;
}

TEST(FirstLine, IsCompleteWhenNothingCanChangeIt)
{
    FirstLine line;
    line.add("\n\npart");
    EXPECT_FALSE(line.is_complete());
    line.add("\n");
    EXPECT_TRUE(line.is_complete());
    line.add("more");
    EXPECT_EQ(line.text(), "part");

    FirstLine endless;
    endless.add(std::string(bytes_max, 'x'));
    EXPECT_FALSE(endless.is_complete());
    endless.add("x");
    EXPECT_TRUE(endless.is_complete());
}

} // namespace
} // namespace pandora::supervisor::probes
