// Writes YAML, so that the reader of procfiles gets back every text as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::procfiles {

struct YamlEntry;

/// A word or number that stands as it is: `always`, `1500ms`, `0.5`. The caller knows that YAML takes it so.
struct YamlWord {
    std::string text;
};

/// Any text; quoted where YAML or the expansion of variables would make something else of it.
struct YamlText {
    std::string text;
};

using YamlScalar = std::variant<YamlWord, YamlText>;
using YamlList = std::vector<YamlScalar>;

/// Collects entries in their order. A list or map without anything in it is left out.
class YamlMap {
public:
    void word(std::string_view key, std::string value);

    void number(std::string_view key, std::uint64_t value) { word(key, std::to_string(value)); }

    void text(std::string_view key, std::string value);
    void list(std::string_view key, YamlList items);
    void texts(std::string_view key, const std::vector<std::string>& items);
    void map(std::string_view key, YamlMap entries);
    void maps(std::string_view key, std::vector<YamlMap> items);

    /// Even where nothing is in it.
    void empty_list(std::string_view key) { word(key, "[]"); }

    void empty_map(std::string_view key) { word(key, "{}"); }

    bool empty() const { return entries_.empty(); }

    /// In block style, each line `indent` spaces deep and with its line end.
    std::string str(std::size_t indent = 0) const;

private:
    std::vector<YamlEntry> entries_;
};

struct YamlEntry {
    std::string key;
    std::variant<YamlScalar, YamlList, YamlMap, std::vector<YamlMap>> value;
};

/// `text` as a scalar behind `key: ` or `- `, `indent` spaces deep: as it is where that is safe, a literal block
/// where it has several lines that allow one, else in double quotes. `$` is doubled where the reader would expand.
/// What is no UTF-8, which YAML cannot hold, becomes U+FFFD.
std::string yaml_scalar(std::string_view text, std::size_t indent);

} // namespace pandora::procfiles
