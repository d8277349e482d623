#include "procfiles/document.hpp"
#include "procfiles/limits.hpp"
#include "tests/unit/procfiles/parsing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Reading {
    std::string tree; // in flow style, quoted scalars in quotes; empty if the text was refused
    std::vector<Problem> problems;
};

std::string flow(const Node& node)
{
    if (const auto* scalar = std::get_if<Scalar>(&node.content))
        return scalar->plain ? scalar->text : "'" + scalar->text + "'";
    std::string text;
    if (const auto* list = std::get_if<List>(&node.content)) {
        for (const Node* item : list->items) text += (text.empty() ? "" : ", ") + flow(*item);
        return "[" + text + "]";
    }
    if (const auto* map = std::get_if<Map>(&node.content)) {
        for (const Entry& entry : map->entries)
            text += (text.empty() ? "" : ", ") + std::string{entry.key} + ": " + flow(*entry.value);
        return "{" + text + "}";
    }
    return "~";
}

Reading read(std::string_view text)
{
    Reading reading;
    const auto document = read_document(text, reading.problems);
    if (document) reading.tree = flow(document->root());
    return reading;
}

TEST(Document, KeepsTextsAsWrittenAndTellsQuotedOnesApart)
{
    struct Row {
        std::string_view text;
        std::string tree;
    };

    for (const auto& [text, tree] : {
             Row{"a", "a"},
             Row{"a: 017\nb: yes\nc: 1.50", "{a: 017, b: yes, c: 1.50}"},
             Row{"a: 'x'\nb: \"y\"\nc: |\n  z\n", "{a: 'x', b: 'y', c: 'z\n'}"},
             Row{"a:\nb: ~\nc: null\nd: ''", "{a: ~, b: ~, c: ~, d: ''}"},
             Row{"[a, [b, {c: d}], {}]", "[a, [b, {c: d}], {}]"},
             Row{"{a}", "{a: ~}"},
             Row{"a: !!str 5\nb: !!int 5", "{a: '5', b: '5'}"},
             Row{"--- {a: b}\n...\n", "{a: b}"},
             Row{"\xEF\xBB\xBF"
                 "a: b",
                 "{a: b}"},
             Row{"{\"name\": \"json\"}", "{name: 'json'}"},
         }) {
        const Reading reading = read(text);
        EXPECT_EQ(reading.tree, tree);
        EXPECT_THAT(reading.problems, IsEmpty()) << text;
    }
}

TEST(Document, AppliesAliasesAndMergeKeys)
{
    struct Row {
        std::string_view text;
        std::string tree;
    };

    for (const auto& [text, tree] : {
             Row{"{a: &x [1], b: *x}", "{a: [1], b: [1]}"},
             Row{"{a: &x key, *x : 1}", "{a: key, key: 1}"},
             Row{"{a: &m {p: 1, q: 2}, b: {<<: *m, q: 3}}", "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}"},
             Row{"{b: {q: 3, <<: {p: 1, q: 2}}}", "{b: {q: 3, p: 1}}"},
             Row{"{b: {<<: [{p: 1}, {p: 2, q: 2}]}}", "{b: {p: 1, q: 2}}"},
             Row{"{a: &m {p: 1}, b: &n {<<: *m, q: 2}, c: {<<: *n}}", "{a: {p: 1}, b: {q: 2, p: 1}, c: {q: 2, p: 1}}"},
             Row{"{b: {'<<': {p: 1}}}", "{b: {<<: {p: 1}}}"},
             Row{"{a: &x 1, b: &x 2, c: *x}", "{a: 1, b: 2, c: 2}"},
         }) {
        const Reading reading = read(text);
        EXPECT_EQ(reading.tree, tree);
        EXPECT_THAT(reading.problems, IsEmpty()) << text;
    }
}

TEST(Document, TellsOfWhatItReadsOverAndGoesOn)
{
    struct Row {
        std::string_view text;
        std::string tree;
        Problem problem;
    };

    for (const auto& [text, tree, problem] : {
             Row{"a: 1\nb: 2\na: 3", "{a: 1, b: 2}", {{3, 1}, "key `a` given twice; first in line 1"}},
             Row{"a: 1\n'a': 3", "{a: 1}", {{2, 1}, "key `a` given twice; first in line 1"}},
             Row{"<<: {a: 1}\n<<: {b: 1}", "{a: 1}", {{2, 1}, "key `<<` given twice; first in line 1"}},
             Row{"<<: 1", "{}", {{1, 5}, "`<<` merges a map or a list of maps"}},
             Row{"<<: [{a: 1}, 2]", "{a: 1}", {{1, 14}, "`<<` merges a map or a list of maps"}},
             Row{"{[a]: b, c: d}", "{c: d}", {{1, 2}, "a key must be text"}},
             Row{"{? {a: b} : c}", "{}", {{1, 4}, "a key must be text"}},
             Row{"~: a", "{}", {{1, 1}, "a key must be text"}},
             Row{"a: !include b", "{a: 'b'}", {{1, 4}, "unknown tag `!include`"}},
             Row{"a: !!binary b", "{a: 'b'}", {{1, 4}, "unknown tag `tag:yaml.org,2002:binary`"}},
             Row{"a: !x [b]", "{a: [b]}", {{1, 4}, "unknown tag `!x`"}},
         }) {
        const Reading reading = read(text);
        EXPECT_EQ(reading.tree, tree);
        EXPECT_THAT(reading.problems, ElementsAre(problem)) << text;
    }
}

TEST(Document, RefusesWhatIsNotOneDocument)
{
    struct Row {
        std::string text;
        Problem problem;
    };

    for (const auto& [text, problem] : {
             Row{"a: [b", {{1, 1}, "not valid YAML: end of sequence flow not found"}},
             Row{"a: b\n c: d", {{2, 3}, "not valid YAML: illegal map value"}},
             Row{"a:\n\tb: c",
                 {{2, 3},
                  "not valid YAML: illegal map value; the line is indented with a tab, and YAML indents with spaces "
                  "alone"}},
             Row{"a: b\n \tc: d",
                 {{2, 4},
                  "not valid YAML: illegal map value; the line is indented with a tab, and YAML indents with spaces "
                  "alone"}},
             Row{"a:\n\tb\nc: d: e", {{3, 5}, "not valid YAML: illegal map value"}},
             Row{"a: *b", {{1, 4}, "not valid YAML: the referenced anchor is not defined"}},
             Row{"a: 'b", {{1, 6}, "not valid YAML: illegal EOF in scalar"}},
             Row{"a: b\n---\nc: d", {{2, 1}, "a second YAML document; a procfile has one"}},
             Row{"'a' 'b'", {{1, 5}, "a second YAML document; a procfile has one"}},
             Row{"a: &x [*x]", {{1, 8}, "an alias must not stand inside the list or map that it refers to"}},
             Row{"a: &x {b: {<<: *x}}", {{1, 16}, "an alias must not stand inside the list or map that it refers to"}},
             Row{"a: b\x04", {{1, 5}, "control character 0x04; a procfile is UTF-8 text"}},
             Row{"~", {{0, 0}, "the file is empty"}},
         }) {
        const Reading reading = read(text);
        EXPECT_EQ(reading.tree, "");
        EXPECT_THAT(reading.problems, ElementsAre(problem)) << text;
    }
}

TEST(Document, IsAtMost32Deep)
{
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "x" + std::string(depth, ']'); };
    EXPECT_EQ(read(nested(depth_max)).problems.size(), 0U);
    EXPECT_THAT(read(nested(depth_max + 1)).problems,
                ElementsAre(Problem{{1, 33}, "lists and maps more than 32 deep"}));
    // The parser takes an unclosed bracket for a key, too, so the limit is met earlier.
    EXPECT_THAT(read(std::string(400'000, '[')).problems,
                ElementsAre(testing::Field(&Problem::message, "lists and maps more than 32 deep")));

    std::string dashes;
    for (int i = 0; i < 100'000; ++i) dashes += "- ";
    EXPECT_THAT(read(dashes + "x").problems,
                ElementsAre(testing::Field(&Problem::message, "lists and maps more than 32 deep")));

    const std::string half = "a: &x " + nested(20) + "\nb: ";
    EXPECT_EQ(read(half + std::string(11, '[') + "*x" + std::string(11, ']')).problems.size(), 0U);
    EXPECT_THAT(read(half + std::string(12, '[') + "*x" + std::string(12, ']')).problems,
                ElementsAre(Problem{{2, 16}, "lists and maps more than 32 deep"}));
}

TEST(Document, CountsAliasesAsWhatTheyStandFor)
{
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        const std::string alias = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
        for (int j = 1; j < 10; ++j) bomb += ", " + alias;
        bomb += "]\n";
    }
    const auto problems = read(bomb).problems;
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].message, "more than 200000 keys and values, aliases counted as what they stand for");
    EXPECT_EQ(problems[0].place.line, 6U);
}

TEST(Document, HoldsAtMost200000KeysAndValues)
{
    std::string keys;
    for (int i = 0; i < 99'999; ++i) keys += "k" + std::to_string(i) + ": x\n";
    EXPECT_THAT(read(keys).problems, IsEmpty());
    keys += "l: x\nm: x\n";
    EXPECT_EQ(read(keys).problems.size(), 1U);
}

TEST(Document, HoldsAtMost500000BracketsAndCommas)
{
    EXPECT_THAT(read("a: '" + std::string(500'000, ',') + "'").problems, IsEmpty());
    EXPECT_THAT(read("a: '" + std::string(500'001, ',') + "'").problems,
                ElementsAre(Problem{{0, 0}, "more than 500000 brackets and commas"}));
}

TEST(Document, KeepsItsNodesWhenItMoves)
{
    std::vector<Problem> problems;
    auto document = read_document("{a: [b, c]}", problems);
    const Document moved = *std::move(document);
    EXPECT_EQ(flow(moved.root()), "{a: [b, c]}");
}

} // namespace
} // namespace pandora::procfiles
