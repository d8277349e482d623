#include "procfiles/merge.hpp"

#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

std::string flow(const Node& node)
{
    if (const auto* scalar = std::get_if<Scalar>(&node.content)) return scalar->text;
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

std::string merged(std::string_view base, std::string_view over)
{
    std::vector<Problem> problems;
    const auto below = read_document(base, problems), above = read_document(over, problems, 1);
    Merger merger;
    return flow(merger.merge(below->root(), above->root()));
}

TEST(Merge, LaysMapsOverEachOtherAndReplacesTheRest)
{
    struct Row {
        std::string_view base, over, want;
    };

    for (const auto& [base, over, want] : {
             Row{"{a: 1, b: 2}", "{b: 3, c: 4}", "{a: 1, b: 3, c: 4}"},
             Row{"{a: {x: 1, y: {z: 2}}}", "{a: {y: {z: 3, w: 4}}}", "{a: {x: 1, y: {z: 3, w: 4}}}"},
             Row{"{a: [1, 2]}", "{a: [3]}", "{a: [3]}"},
             Row{"{a: 1}", "{a: {b: 2}}", "{a: {b: 2}}"},
             Row{"{a: 1, b: {c: 2}}", "{a: , b: ~}", "{a: 1, b: {c: 2}}"},
             Row{"{a: ~}", "{a: 1}", "{a: 1}"},
             Row{"{environment: [A=1, C=8]}", "{environment: [A=4, B=5]}", "{environment: [A=1, C=8, A=4, B=5]}"},
             Row{"{environment: {A: 1, C: 8}}", "{environment: {A: 4}}", "{environment: {A: 4, C: 8}}"},
             Row{"{environment: {A: 1, B: }}", "{environment: [A=4]}", "{environment: [A=1, B=, A=4]}"},
             Row{"{depends_on: [a, b]}", "{depends_on: {b: {condition: x}, c: }}",
                 "{depends_on: {a: ~, b: {condition: x}, c: ~}}"},
             Row{"{depends_on: {a: {condition: x}}}", "{depends_on: [a, b]}",
                 "{depends_on: {a: {condition: x}, b: ~}}"},
             Row{"{command: a, x: 1}", "{entrypoint: [b]}", "{x: 1, entrypoint: [b]}"},
             Row{"{entrypoint: [b]}", "{command: a}", "{command: a}"},
             Row{"{entrypoint: [b]}", "{command: }", "{entrypoint: [b], command: ~}"},
         })
        EXPECT_EQ(merged(base, over), want) << base << " and " << over;
}

TEST(Merge, KeepsThePlacesOfBothFiles)
{
    std::vector<Problem> problems;
    const auto below = read_document("{a: 1}", problems, 3), above = read_document("{\n  b: 2}", problems, 5);
    Merger merger;
    const auto& map = std::get<Map>(merger.merge(below->root(), above->root()).content);
    EXPECT_EQ(map.find("a")->place, (Place{1, 2, 3}));
    EXPECT_EQ(map.find("b")->place, (Place{2, 3, 5}));
    EXPECT_LT(map.find("a")->layer, map.find("b")->layer);
}

TEST(Merge, TakesLinearTimeForLongMaps)
{
    std::string keys;
    for (int i = 0; i < 20'000; ++i) keys += "k" + std::to_string(i) + ": x\n";
    EXPECT_EQ(merged(keys, keys).size(), keys.size() + 20'000);
}

} // namespace
} // namespace pandora::procfiles
