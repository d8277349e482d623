#include "procfiles/document.hpp"

#include "procfiles/limits.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/text_check.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace pandora::procfiles {

const Entry* Map::find(std::string_view key) const
{
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

namespace {

/// Ends the reading; travels through the parser as an exception because its events cannot answer.
struct Refused {
    Problem problem;
};

Place place_of(const YAML::Mark& mark, std::size_t file)
{
    if (mark.is_null()) return {.file = file};
    return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1, file};
}

/// "?" is the parser's tag for what is plain, "!" for what is quoted; the rest are YAML's own names for what
/// we read.
bool is_known_tag(std::string_view tag)
{
    constexpr std::string_view yaml = "tag:yaml.org,2002:";
    constexpr std::array<std::string_view, 7> types{"str", "int", "float", "bool", "null", "map", "seq"};
    if (tag == "?" || tag == "!" || tag.empty()) return true;
    if (!tag.starts_with(yaml)) return false;
    return std::find(types.begin(), types.end(), tag.substr(yaml.size())) != types.end();
}

} // namespace

/// Builds the tree from the parser's events. The parser's own tree is not used: it keeps no place of an
/// alias, takes duplicate keys and lets an anchor hold itself.
class DocumentBuilder final : public YAML::EventHandler {
public:
    DocumentBuilder(std::vector<Problem>& problems, std::size_t file) : problems_{problems}, file_{file} {}

    /// nullopt if there was no document, or one that holds nothing.
    std::optional<Document> take()
    {
        if (document_.root_ == nullptr || std::holds_alternative<Nothing>(document_.root_->content))
            return std::nullopt;
        return std::move(document_);
    }

    void OnDocumentStart(const YAML::Mark& mark) override
    {
        if (document_.root_ != nullptr) refuse(place(mark), "a second YAML document; a procfile has one");
    }

    void OnDocumentEnd() override { assert(open_.empty()); }

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, anchor, Nothing{}); }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override
    {
        check_tag(mark, tag);
        leaf(mark, anchor, Scalar{text, tag == "?"});
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        const auto anchored = anchors_.find(anchor);
        if (anchored == anchors_.end())
            refuse(place(mark), "an alias must not stand inside the list or map that it refers to");
        attach(*anchored->second.node, place(mark), anchored->second.size);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override
    {
        check_tag(mark, tag);
        open(mark, anchor, List{});
    }

    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override
    {
        check_tag(mark, tag);
        open(mark, anchor, Map{});
    }

    void OnMapEnd() override
    {
        apply_merges(open_.back());
        close();
    }

private:
    /// What a node costs when it is read: aliases count as all that they stand for.
    struct Size {
        std::size_t nodes = 1;
        std::size_t depth = 1;
    };

    struct Anchored {
        const Node* node;
        Size size;
    };

    /// A list or map whose end has not come yet.
    struct Open {
        Node* node;
        YAML::anchor_t anchor;
        Size size{};
        const Node* key = nullptr; // waits for its value
        Place key_place{};
        std::unordered_map<std::string_view, Place> keys{}; // of a map
        std::vector<const Node*> merges{};                  // the values of `<<`
    };

    Place place(const YAML::Mark& mark) const { return place_of(mark, file_); }

    [[noreturn]] static void refuse(Place where, std::string message) { throw Refused{{where, std::move(message)}}; }

    void problem(Place where, std::string message) { problems_.push_back({where, std::move(message)}); }

    void check_tag(const YAML::Mark& mark, const std::string& tag)
    {
        if (!is_known_tag(tag)) problem(place(mark), "unknown tag " + quote(tag));
    }

    template <class Content>
    Node& make(const YAML::Mark& mark, Content content)
    {
        return document_.nodes_.emplace_back(Node{place(mark), std::move(content)});
    }

    template <class Content>
    void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, Content content)
    {
        const Node& node = make(mark, std::move(content));
        remember(anchor, node, {});
        attach(node, node.place, {});
    }

    template <class Content>
    void open(const YAML::Mark& mark, YAML::anchor_t anchor, Content content)
    {
        // Before the end is known the parser itself has to go deeper, so the limit holds on the way down,
        // too.
        if (open_.size() >= depth_max) refuse_depth(place(mark));
        open_.push_back({.node = &make(mark, std::move(content)), .anchor = anchor});
    }

    void close()
    {
        const Open closed = std::move(open_.back());
        open_.pop_back();
        remember(closed.anchor, *closed.node, closed.size);
        attach(*closed.node, closed.node->place, closed.size);
    }

    void remember(YAML::anchor_t anchor, const Node& node, Size size)
    {
        if (anchor != YAML::NullAnchor) anchors_.insert_or_assign(anchor, Anchored{&node, size});
    }

    [[noreturn]] static void refuse_depth(Place where)
    {
        refuse(where, "lists and maps more than " + std::to_string(depth_max) + " deep");
    }

    /// Gives `node` to the list or map that is open. `where` it is written differs for an alias.
    void attach(const Node& node, Place where, Size size)
    {
        if (open_.empty()) {
            document_.root_ = &node;
            return;
        }
        Open& parent = open_.back();
        parent.size.nodes += size.nodes;
        parent.size.depth = std::max(parent.size.depth, size.depth + 1);
        if (parent.size.nodes > nodes_max)
            refuse(where, "more than " + std::to_string(nodes_max) +
                              " keys and values, aliases counted as what they stand for");
        if (open_.size() + size.depth > depth_max + 1) refuse_depth(where);

        if (auto* list = std::get_if<List>(&parent.node->content))
            list->items.push_back(&node);
        else if (parent.key == nullptr)
            parent.key = &node, parent.key_place = where;
        else
            add_entry(parent, *std::exchange(parent.key, nullptr), node);
    }

    void add_entry(Open& parent, const Node& key, const Node& value)
    {
        const auto* text = std::get_if<Scalar>(&key.content);
        if (text == nullptr) return problem(parent.key_place, "a key must be text");
        const auto [known, is_new] = parent.keys.emplace(text->text, parent.key_place);
        if (!is_new)
            return problem(parent.key_place, "key " + quote(text->text) + " given twice; first in line " +
                                                 std::to_string(known->second.line));
        if (text->text == "<<" && text->plain)
            parent.merges.push_back(&value);
        else
            std::get<Map>(parent.node->content).entries.push_back({text->text, parent.key_place, &value});
    }

    /// The map's own keys win over merged ones, and of several merged maps the first.
    void apply_merges(Open& map)
    {
        for (const Node* merge : map.merges) {
            if (const auto* list = std::get_if<List>(&merge->content))
                for (const Node* item : list->items) merge_map(map, *item);
            else
                merge_map(map, *merge);
        }
    }

    void merge_map(Open& into, const Node& from)
    {
        const auto* source = std::get_if<Map>(&from.content);
        if (source == nullptr) return problem(from.place, "`<<` merges a map or a list of maps");
        auto& entries = std::get<Map>(into.node->content).entries;
        for (const Entry& entry : source->entries)
            if (into.keys.emplace(entry.key, entry.place).second) entries.push_back(entry);
    }

    std::vector<Problem>& problems_;
    std::size_t file_;
    Document document_;
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, Anchored> anchors_; // complete ones only
};

namespace {

bool is_separator(char c) { return c == '[' || c == '{' || c == ','; }

std::optional<Problem> find_too_many_separators(std::string_view text)
{
    if (static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_separator)) <= separators_max)
        return std::nullopt;
    return Problem{{}, "more than " + std::to_string(separators_max) + " brackets and commas"};
}

/// What stands before the first character of a line that is no blank. `number` counts from 1.
std::string_view indentation(std::string_view text, std::size_t number)
{
    for (; number > 1; --number) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    return text.substr(0, text.find_first_not_of(" \t"));
}

/// The parser's reason, which does not say what every other tab in an indentation is about.
std::string why_no_yaml(const YAML::Exception& error, Place place, std::string_view text)
{
    const bool tab = place.line > 0 && indentation(text, place.line).find('\t') != std::string_view::npos;
    return "not valid YAML: " + error.msg +
           (tab ? "; the line is indented with a tab, and YAML indents with spaces alone" : "");
}

} // namespace

std::optional<Document> read_document(std::string_view text, std::vector<Problem>& problems, std::size_t file)
{
    auto unfit = find_non_text(text);
    if (!unfit) unfit = find_too_many_separators(text);
    if (unfit) {
        unfit->place.file = file;
        problems.push_back(*std::move(unfit));
        return std::nullopt;
    }
    try {
        std::istringstream stream{std::string{text}};
        YAML::Parser parser{stream};
        DocumentBuilder builder{problems, file};
        while (parser.HandleNextDocument(builder)) {
        }
        if (auto document = builder.take()) return document;
        problems.push_back({{.file = file}, "the file is empty"});
    } catch (const YAML::Exception& error) {
        const Place place = place_of(error.mark, file);
        problems.push_back({place, why_no_yaml(error, place, text)});
    } catch (Refused& refused) {
        problems.push_back(std::move(refused.problem));
    }
    return std::nullopt;
}

} // namespace pandora::procfiles
