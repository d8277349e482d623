#include "supervisor/core/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pandora::supervisor::core {
namespace {

struct Row {
    const char* pattern;
    const char* path;
    bool want;
};

void expect_rows(std::initializer_list<Row> rows)
{
    for (const auto& [pattern, path, want] : rows)
        EXPECT_EQ(Glob{pattern}.matches(path), want) << pattern << " against " << path;
}

TEST(Glob, WithoutASlashMatchesTheLastNameWhereverItIs)
{
    expect_rows({
        {"*.js", "a.js", true},
        {"*.js", "lib/deep/a.js", true},
        {"*.js", "a.jsx", false},
        {"*.js", "a.js/readme", false},
        {"Makefile", "src/Makefile", true},
        {"?.c", "x.c", true},
        {"?.c", ".c", false},
        {"?.c", "xy.c", false},
        {"*", "any/thing", true},
        {"a*b*c", "aXbXbYc", true},
        {"a*b*c", "aXbXbY", false},
        {"*_test.go", "pkg/inner/foo_test.go", true},
    });
}

TEST(Glob, WithASlashMatchesTheWholePath)
{
    expect_rows({
        {"src/*.c", "src/a.c", true},
        {"src/*.c", "src/deep/a.c", false},
        {"src/*.c", "lib/src/a.c", false},
        {"/src/a.c", "src/a.c", true},
        {"src/", "src", true},
        {"src/", "lib/src", false},
        {"*/a.c", "src/a.c", true},
        {"*/a.c", "a.c", false},
    });
}

TEST(Glob, TwoStarsAreAnyNumberOfFolders)
{
    expect_rows({
        {"**/a.c", "a.c", true},
        {"**/a.c", "x/y/a.c", true},
        {"src/**/a.c", "src/a.c", true},
        {"src/**/a.c", "src/x/y/a.c", true},
        {"src/**/a.c", "lib/x/a.c", false},
        {"generated/**", "generated/x/y", true},
        {"generated/**", "generated", true},
        {"generated/**", "regenerated/x", false},
        {"**/testdata/**", "a/b/testdata/c/d", true},
        {"**/testdata/**", "a/b/testdata", true},
        {"**/testdata/**", "a/b/testdatum/c", false},
        {"a/**/b/**/c", "a/x/b/y/b/z/c", true},
        {"a/**/b/**/c", "a/x/c", false},
        {"**", "x/y", true},
        {"a**c", "abbc", true}, // within a name two are as one
    });
}

TEST(Glob, SetsTakeOneCharacter)
{
    expect_rows({
        {"[abc].c", "b.c", true},
        {"[abc].c", "d.c", false},
        {"[a-c0-9]", "7", true},
        {"[!a-c]", "d", true},
        {"[!a-c]", "b", false},
        {"[^a-c]", "d", true},
        {"[]]", "]", true},
        {"[a-]", "-", true},
        {"[\\]x]", "]", true},
        {"[a", "[a", true},
        {"[a", "a", false},
        {"x[", "x[", true},
        {"*.[ch]", "src/a.h", true},
        {"*.[ch]", "a.cc", false},
    });
}

TEST(Glob, CharactersAreThoseOfPeople)
{
    expect_rows({
        {"?.txt", "ä.txt", true},
        {"??.txt", "ä.txt", false},
        {"[äöü].txt", "ö.txt", true},
        {"[!äöü].txt", "ö.txt", false},
        {"[а-я]", "ж", true},
        {"?", "\xff", true}, // no UTF-8: a byte is a character
        {"?", "\xe4", true}, // cut off
    });
}

TEST(Glob, BracesAreEitherText)
{
    expect_rows({
        {"*.{js,ts}", "a.ts", true},
        {"*.{js,ts}", "a.css", false},
        {"{src,lib}/*.c", "lib/a.c", true},
        {"{src,lib}/*.c", "x/lib/a.c", false},
        {"{*.log,sub/*.txt}", "deep/a.log", true}, // each reading on its own: one has a slash, one has none
        {"{*.log,sub/*.txt}", "sub/a.txt", true},
        {"{*.log,sub/*.txt}", "deep/sub/a.txt", false},
        {"{a,b{c,d}}", "bd", true},
        {"{a,}x", "x", true},
        {"{a", "{a", true},
        {"{a}", "{a}", true},
    });
}

TEST(Glob, ABackslashTakesTheNextCharacterAsItIs)
{
    expect_rows({
        {"\\*.c", "*.c", true},
        {"\\*.c", "a.c", false},
        {"\\?", "?", true},
        {"\\{a,b\\}", "{a,b}", true},
        {"a\\", "a\\", true},
    });
}

TEST(Glob, HostilePatternsEndInBoundedTime)
{
    std::string stars;
    for (int i = 0; i < 200; ++i) stars += "a*";
    EXPECT_FALSE(Glob{stars + "b"}.matches(std::string(4000, 'a')));
    std::string folders;
    for (int i = 0; i < 200; ++i) folders += "**/a/";
    std::string path;
    for (int i = 0; i < 2000; ++i) path += "a/";
    EXPECT_FALSE(Glob{folders + "b"}.matches(path));
    std::string braces;
    for (int i = 0; i < 100; ++i) braces += "{a,b}";
    EXPECT_FALSE(Glob{braces}.matches("a"));
}

} // namespace
} // namespace pandora::supervisor::core
