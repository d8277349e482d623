#include "hub/core/names.hpp"

namespace pandora::hub::core {

std::optional<NameNumber> Names::number(wire::NameKind kind, std::string_view text)
{
    if (const NameNumber known = find(kind, text)) return known;
    if (texts_.size() >= count_max_ || bytes_ + text.size() > bytes_max_) return std::nullopt;
    const Text& kept = texts_.emplace_back(Text{kind, std::string{text}});
    bytes_ += text.size();
    const auto number = static_cast<NameNumber>(texts_.size());
    index(kind).emplace(kept.text, number);
    return number;
}

NameNumber Names::find(wire::NameKind kind, std::string_view text) const
{
    const auto found = index(kind).find(text);
    return found == index(kind).end() ? 0 : found->second;
}

} // namespace pandora::hub::core
