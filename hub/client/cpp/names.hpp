// The numbers that a connection's selectors and names have in the native dialect (PROTOCOL.md 9.5, INTERN and NAMED).
// Pure. What is used once goes as text; what is used again gets a number.
#pragma once

#include "hub/wire/native.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pandora::hub::client {

/// An object's selector as far as a callee has to know it.
struct ObjectName {
    std::string object;
    std::string tag;
};

/// nullopt where `selector` is no JSON object.
std::optional<ObjectName> object_name_of(std::string_view selector);

class Names {
public:
    /// A text that the hub is to be asked to number.
    struct Wish {
        wire::NameKind kind{};
        std::string text;
    };

    /// Texts of one kind that are counted here; further ones are sent as texts. A choice: as many as the selectors that
    /// a client may publish.
    static constexpr std::size_t texts_max = 1024;

    /// The number of `text`, 0 where it has none yet. Counts the use.
    std::uint32_t use(wire::NameKind kind, const std::string& text);

    /// `text` is of no use without a number. False: it will never have one.
    bool need(wire::NameKind kind, const std::string& text);

    /// Each text once.
    std::vector<Wish> take_wishes() { return std::exchange(wishes_, {}); }

    /// The hub's answer to a wish. 0: it has refused.
    void numbered(wire::NameKind kind, const std::string& text, std::uint32_t number);

    /// The hub told what a number of others stands for.
    void learn(wire::NameKind kind, std::uint32_t number, std::string text);

    /// What a number stands for; nullptr where that is unknown.
    const std::string* name(std::uint32_t number) const;
    const ObjectName* object(std::uint32_t number) const;

private:
    struct Text {
        std::uint32_t number = 0;
        unsigned uses = 0;
        bool refused = false;
    };

    using Texts = std::unordered_map<std::string, Text>;

    Texts& texts(wire::NameKind kind) { return kind == wire::NameKind::selector ? selectors_ : names_; }

    void wish(wire::NameKind kind, const std::string& text) { wishes_.push_back({kind, text}); }

    Texts selectors_, names_;
    std::vector<Wish> wishes_;
    std::unordered_map<std::uint32_t, std::string> known_names_;
    std::unordered_map<std::uint32_t, ObjectName> known_objects_;
};

} // namespace pandora::hub::client
