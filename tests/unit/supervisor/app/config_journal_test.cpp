#include "supervisor/app/config_journal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace pandora::supervisor::app {
namespace {

using hub::config::Change;
using hub::config::ConfigStore;

/// What the supervisor keeps, as it is told to.
struct Kept {
    void add(const control::ConfigPiece& piece)
    {
        if (piece.begins) begun_at = text.size();
        text += piece.text;
        if (piece.ends) text.erase(0, begun_at);
    }

    std::string text;
    std::size_t begun_at = 0;
};

TEST(ConfigJournal, WhatIsKeptAmountsToTheStoreAndStaysInProportionToIt)
{
    ConfigStore store;
    ConfigJournal journal{0};
    Kept kept;
    for (int n = 0; n < 5000; ++n) {
        const auto outcome =
            store.set("topic " + std::to_string(n % 7), "\"" + std::string(100, 'x') + std::to_string(n) + "\"");
        ASSERT_TRUE(std::holds_alternative<Change>(outcome));
        for (const auto& piece : journal.changed(std::get<Change>(outcome), store)) kept.add(piece);
        EXPECT_LT(kept.text.size(), 70'000U);
    }
    const auto loaded = hub::config::load(kept.text);
    EXPECT_EQ(loaded.damaged_lines, 0U);
    EXPECT_EQ(loaded.store.entries(), store.entries());
}

TEST(ConfigJournal, ALargeStoreIsSaidAgainInSeveralPieces)
{
    ConfigStore store;
    Kept kept;
    ConfigJournal journal{100 * control::config_piece_bytes};
    const std::string value = "\"" + std::string(600'000, 'x') + "\"";
    for (int n = 0; n < 4; ++n) store.set("topic " + std::to_string(n), value);
    const auto outcome = store.set("last", "1");
    const auto pieces = journal.changed(std::get<Change>(outcome), store);
    EXPECT_GT(pieces.size(), 2U);
    kept.add({"old\n"});
    for (const auto& piece : pieces) kept.add(piece);
    EXPECT_EQ(hub::config::load(kept.text).store.entries(), store.entries());
    EXPECT_EQ(hub::config::load(kept.text).damaged_lines, 0U);
}

TEST(ConfigJournal, AChangeOfASmallStoreIsOneLine)
{
    ConfigStore store;
    ConfigJournal journal{0};
    const auto outcome = store.set("topic", "1");
    const auto pieces = journal.changed(std::get<Change>(outcome), store);
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0], (control::ConfigPiece{hub::config::to_line(std::get<Change>(outcome))}));
}

} // namespace
} // namespace pandora::supervisor::app
