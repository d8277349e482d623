#include "procfiles/sources.hpp"

#include "procfiles/limits.hpp"
#include "procfiles/quote.hpp"

#include <algorithm>
#include <utility>

namespace pandora::procfiles {

std::size_t Sources::number_of(const std::filesystem::path& name)
{
    const auto known = std::find(names_.begin(), names_.end(), name);
    if (known != names_.end()) return static_cast<std::size_t>(known - names_.begin());
    names_.push_back(name);
    paths_.emplace_back();
    return names_.size() - 1;
}

const Node* Sources::add(const Source& source)
{
    const std::size_t number = number_of(source.name);
    paths_[number] = source.path;
    auto document = read_document(source.text, problems_, number);
    if (!document) return nullptr;
    chain_.push_back(source.path);
    const Node* tree = with_base(documents_.emplace_back(*std::move(document)).root());
    chain_.pop_back();
    return tree;
}

const Node* Sources::with_base(const Node& root)
{
    const auto* map = std::get_if<Map>(&root.content);
    const Entry* extends = map == nullptr ? nullptr : map->find("extends");
    if (extends == nullptr || std::holds_alternative<Nothing>(extends->value->content)) return &root;
    const Node& own = merger_.without(root, "extends");
    const auto* scalar = std::get_if<Scalar>(&extends->value->content);
    const std::string text = scalar == nullptr ? "" : scope_.expanded(scalar->text).text;
    if (text.empty()) {
        problems_.push_back({extends->value->place, "expected the path of the procfile that this one builds on"});
        return &own;
    }
    const Node* base = open(path_of(text, extends->value->place), extends->value->place);
    return base == nullptr ? &own : &merger_.merge(*base, own);
}

std::filesystem::path Sources::path_of(std::string_view text, Place place) const
{
    return (paths_.at(place.file).parent_path() / text).lexically_normal();
}

const Node* Sources::open(const std::filesystem::path& path, Place place)
{
    if (std::find(chain_.begin(), chain_.end(), path) != chain_.end()) {
        report_cycle(path, place);
        return nullptr;
    }
    const auto known = opened_.find(path);
    if (known != opened_.end()) return known->second;
    // Shown as the file that names it is: relative where that was.
    const auto name =
        (names_.at(place.file).parent_path() / path.lexically_relative(paths_.at(place.file).parent_path()))
            .lexically_normal();
    if (names_.size() >= files_max) {
        problems_.push_back({place, "more than " + std::to_string(files_max) + " files"});
        return nullptr;
    }
    FileText text = context_.read_file(path);
    const Node* tree = nullptr;
    if (const auto* unreadable = std::get_if<Unreadable>(&text))
        problems_.push_back({place, "file " + quote(name.string()) + " cannot be read: " + unreadable->reason});
    else
        tree = add({name, path, std::get<std::string>(std::move(text))});
    opened_.emplace(path, tree);
    return tree;
}

void Sources::report_cycle(const std::filesystem::path& path, Place place)
{
    std::string text;
    for (auto file = std::find(chain_.begin(), chain_.end(), path); file != chain_.end(); ++file)
        text += file->filename().string() + " -> ";
    problems_.push_back({place, "files extend each other: " + text + path.filename().string()});
}

} // namespace pandora::procfiles
