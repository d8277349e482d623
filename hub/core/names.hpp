// The texts that native frames name by number: selectors, and the names of methods, properties and events. A number
// means the same to every client and is never given to another text, so that frames are passed on as they come. Pure;
// one object a hub.
#pragma once

#include "hub/wire/native.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pandora::hub::core {

/// 0 is no name.
using NameNumber = std::uint32_t;

class Names {
public:
    /// `count_max` texts of `bytes_max` in all, for the life of the hub: bounded, since nobody can say when the last
    /// frame with a number has gone.
    Names(std::size_t count_max, std::size_t bytes_max) : count_max_{count_max}, bytes_max_{bytes_max} {}

    /// The text's number, a new one where it has none yet; nullopt: there are no more.
    std::optional<NameNumber> number(wire::NameKind kind, std::string_view text);

    /// 0: it has none.
    NameNumber find(wire::NameKind kind, std::string_view text) const;

    /// Whether `number` stands for a text of that kind.
    bool is(wire::NameKind kind, NameNumber number) const
    {
        return number != 0 && number <= texts_.size() && texts_[number - 1].kind == kind;
    }

    /// Of a number that has been given.
    std::string_view text(NameNumber number) const { return texts_[number - 1].text; }

    wire::NameKind kind(NameNumber number) const { return texts_[number - 1].kind; }

    std::size_t size() const { return texts_.size(); }

    /// Whether so much is left that the hub may number what clients did not ask to have numbered.
    bool has_room_to_spare() const { return texts_.size() < count_max_ / 2 && bytes_ < bytes_max_ / 2; }

private:
    struct Text {
        wire::NameKind kind;
        std::string text;
    };

    using Index = std::unordered_map<std::string_view, NameNumber>; // views of texts_, which do not move

    Index& index(wire::NameKind kind) { return kind == wire::NameKind::selector ? selectors_ : names_; }

    const Index& index(wire::NameKind kind) const { return kind == wire::NameKind::selector ? selectors_ : names_; }

    std::size_t count_max_, bytes_max_;
    std::size_t bytes_ = 0;
    std::deque<Text> texts_;
    Index selectors_, names_;
};

} // namespace pandora::hub::core
