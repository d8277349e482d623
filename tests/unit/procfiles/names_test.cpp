#include "procfiles/names.hpp"

#include <gtest/gtest.h>

namespace pandora::procfiles {
namespace {

constexpr auto alphabet = "a name has only letters, digits, `_`, `.` and `-`";
constexpr auto lead = "a name must not start with `.` or `-`";

TEST(Names, ProcessNamesHaveASafeAlphabetAndAreNotReserved)
{
    struct Row {
        std::string name;
        std::optional<std::string> want;
    };

    for (const auto& [name, want] : {
             Row{"web", std::nullopt},
             Row{"Web_1.2-x", std::nullopt},
             Row{"9", std::nullopt},
             Row{std::string(64, 'a'), std::nullopt},
             Row{std::string(65, 'a'), "a name has at most 64 characters"},
             Row{"", "a name must not be empty"},
             Row{".web", lead},
             Row{"-web", lead},
             Row{"a b", alphabet},
             Row{"a/b", alphabet},
             Row{"w\xC3\xA9"
                 "b",
                 alphabet},
             Row{"hub", "the name `hub` is reserved for a built-in process"},
             Row{"pandora", "the name `pandora` is reserved for a built-in process"},
             Row{"Hub", std::nullopt},
         })
        EXPECT_EQ(process_name_fault(name), want) << name;
}

TEST(Names, AppNamesAreShorterAndMayBeCalledHub)
{
    EXPECT_EQ(app_name_fault("hub"), std::nullopt);
    EXPECT_EQ(app_name_fault(std::string(40, 'a')), std::nullopt);
    EXPECT_EQ(app_name_fault(std::string(41, 'a')), "a name has at most 40 characters");
}

TEST(Names, TheFolderNamesTheAppByDefault)
{
    struct Row {
        std::string_view folder;
        std::string want;
    };

    for (const auto& [folder, want] : {
             Row{"/srv/shop", "shop"},
             Row{"/srv/my shop!", "my-shop-"},
             Row{"/srv/caf\xC3\xA9", "caf-"},
             Row{"/srv/.hidden", "hidden"},
             Row{"/srv/-._x", "_x"},
             Row{"/srv/...", "app"},
             Row{"/", "app"},
             Row{"/srv/aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeee", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"},
         }) {
        EXPECT_EQ(app_name_for(folder), want) << folder;
        EXPECT_EQ(app_name_fault(app_name_for(folder)), std::nullopt) << folder;
    }
}

TEST(Names, VariablesMayHaveAnyVisibleNameWithoutEquals)
{
    for (const std::string_view name : {"A", "a.b", "npm-config", "1", "\xC3\xA9"})
        EXPECT_TRUE(is_variable_name(name)) << name;
    for (const std::string_view name : {"", "A=B", "A B", "A\n", "\x7F"}) EXPECT_FALSE(is_variable_name(name)) << name;
}

} // namespace
} // namespace pandora::procfiles
