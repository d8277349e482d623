#include "procfiles/document.hpp"
#include "procfiles/expand.hpp"
#include "procfiles/text_check.hpp"
#include "procfiles/yaml_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace pandora::procfiles {
namespace {

/// What the reader of procfiles makes of `text` once it has been written.
std::string read_back(const std::string& text)
{
    YamlMap map;
    map.text("key", text);
    map.texts("list", {text, "end"});
    std::vector<Problem> problems;
    const auto document = read_document(map.str(), problems);
    if (!document) return "UNREADABLE: " + map.str();
    const auto no_variable = [](std::string_view) -> std::optional<std::string> { return "WRONG"; };
    const auto& root = std::get<Map>(document->root().content);
    const auto text_of = [&](const Node& node) { return expand(std::get<Scalar>(node.content).text, no_variable); };
    const auto& list = std::get<List>(root.find("list")->value->content);
    EXPECT_EQ(list.items.size(), 2U) << map.str();
    EXPECT_EQ(text_of(*list.items[0]), text_of(*root.find("key")->value)) << map.str();
    return text_of(*root.find("key")->value);
}

TEST(YamlScalar, IsAsPlainAsItsTextAllows)
{
    struct Row {
        const char* text;
        const char* written;
    };

    for (const auto& [text, written] : {
             Row{"node web.js --port 80", "node web.js --port 80"},
             Row{"./run", "./run"},
             Row{"echo \"a\" && b > c; d | e", "echo \"a\" && b > c; d | e"},
             Row{"", "\"\""},
             Row{"~", "\"~\""},
             Row{"null", "\"null\""},
             Row{"No", "\"No\""},
             Row{"80", "\"80\""},
             Row{"1e3", "\"1e3\""},
             Row{"0x1F", "\"0x1F\""},
             Row{"12:30", "\"12:30\""},
             Row{"-x", "\"-x\""},
             Row{"*all", "\"*all\""},
             Row{"a: b", "\"a: b\""},
             Row{"a #b", "\"a #b\""},
             Row{"a:", "\"a:\""},
             Row{" a", "\" a\""},
             Row{"a ", "\"a \""},
             Row{"say \"hi\"\t\\", "\"say \\\"hi\\\"\\t\\\\\""},
             Row{"\x01\x7F", "\"\\x01\\x7F\""},
             Row{"caf\xC3\xA9", "\"caf\xC3\xA9\""},
             Row{"a\nb\n", "|\n    a\n    b"},
             Row{"a\n\n  b", "|-\n    a\n\n      b"},
             Row{" a\nb", "\" a\\nb\""},
             Row{"a\nb\n\n", "\"a\\nb\\n\\n\""},
             Row{"a\r\nb", "\"a\\x0D\\nb\""},
         })
        EXPECT_EQ(yaml_scalar(text, 4), written) << text;
}

TEST(YamlScalar, DoublesADollarOnlyWhereTheReaderWouldExpand)
{
    EXPECT_EQ(yaml_scalar("echo $HOME $(date)", 0), "echo $HOME $(date)");
    EXPECT_EQ(yaml_scalar("echo ${HOME}", 0), "echo $${HOME}");
    EXPECT_EQ(yaml_scalar("kill $$ $HOME", 0), "kill $$$$ $$HOME");
}

TEST(YamlScalar, WhatIsNoUtf8IsReplaced) { EXPECT_EQ(yaml_scalar("a\xFF", 0), "\"a\xEF\xBF\xBD\""); }

TEST(YamlScalar, AnyTextIsReadBackAsItWas)
{
    const std::vector<std::string> pieces{" ",
                                          "\n",
                                          "\t",
                                          "\r",
                                          "a",
                                          "b c",
                                          ":",
                                          "#",
                                          "- ",
                                          "'",
                                          "\"",
                                          "\\",
                                          "$",
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          "&",
                                          "*",
                                          "!",
                                          "|",
                                          ">",
                                          "%",
                                          "@",
                                          "`",
                                          "~",
                                          "?",
                                          "\xC3\xA9",
                                          "\xC2\x85",
                                          "\xE2\x80\xA8",
                                          "\xE2\x80\xA9",
                                          "\xEF\xBB\xBF",
                                          "--",
                                          "<<",
                                          "\x01",
                                          "1",
                                          ".",
                                          "no",
                                          "\xF0\x9F\x98\x80",
                                          "\x7F",
                                          "${X}",
                                          "\n\n"};
    const unsigned seed = std::random_device{}();
    std::mt19937 random{seed};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto count = random() % 9; count > 0; --count) text += pieces[random() % pieces.size()];
        ASSERT_EQ(read_back(text), text) << "seed " << seed;
    }
}

TEST(YamlMap, IsWrittenInBlocksInTheOrderOfItsEntries)
{
    YamlMap inner;
    inner.text("command", "a\nb\n");
    inner.number("count", 3);
    YamlMap first;
    first.text("path", "/a");
    first.texts("include", {"*.js", "no"});
    YamlMap second;
    second.text("path", "/b");
    YamlMap map;
    map.word("restart", "no");
    map.map("no", std::move(inner));
    map.maps("paths", {std::move(first), YamlMap{}, std::move(second)});
    map.empty_list("groups");
    EXPECT_EQ(map.str(), R"(restart: no
"no":
  command: |
    a
    b
  count: 3
paths:
  - path: /a
    include:
      - "*.js"
      - "no"
  - path: /b
groups: []
)");
}

TEST(YamlMap, LeavesOutWhatIsEmpty)
{
    YamlMap map;
    map.map("a", {});
    map.maps("b", {YamlMap{}});
    map.texts("c", {});
    EXPECT_TRUE(map.empty());
    EXPECT_EQ(map.str(), "");
}

} // namespace
} // namespace pandora::procfiles
