#include "supervisor/logs/json_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>
#include <string>

namespace pandora::supervisor::logs {
namespace {

std::string json_of(std::string_view text)
{
    std::string out;
    append_json(out, text);
    return out;
}

TEST(JsonText, EscapesWhatJsonDoesNotAllow)
{
    struct Row {
        std::string_view text;
        std::string_view want;
    };

    const Row rows[] = {
        {"", R"("")"},
        {"plain", R"("plain")"},
        {R"(say "hi" \ there)", R"("say \"hi\" \\ there")"},
        {"tab\tescape\x1b[0m", R"("tab\tescape\u001b[0m")"},
        {{"nul\0", 4}, R"("nul\u0000")"},
        {"gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\xBC", "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\xBC\""},
        {"latin1 \xFC.", "\"latin1 \xEF\xBF\xBD.\""},
        {"cut \xE2\x82", "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"overlong \xC0\xAF", "\"overlong \xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"surrogate \xED\xA0\x80", "\"surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    for (const auto& [text, want] : rows) EXPECT_EQ(json_of(text), want);
}

TEST(JsonText, IsJsonWhateverTheBytes)
{
    std::mt19937 random{7};
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 64, '\0');
        for (auto& c : bytes) c = static_cast<char>(random() % 256);
        ASSERT_TRUE(nlohmann::json::accept(json_of(bytes)));
    }
}

} // namespace
} // namespace pandora::supervisor::logs
