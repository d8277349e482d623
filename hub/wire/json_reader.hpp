// A strict forward reader of one JSON text (RFC 8259) that validates what it passes over and hands out raw
// slices.
//
// The hub forwards slices of what one client sent to other clients, so every byte of them must be
// well-formed, also the bytes the hub has no interest in: one client must not be able to make another one's
// parser fail. A parser that builds a tree does more than is needed and refuses numbers that JavaScript
// writes (1e20 comes as 21 digits); a lazy one does not look at what it skips. This one does neither, in one
// pass and without allocating.
//
// UTF-8 is not checked here: callers check the whole text once, which is faster.
#pragma once

#include "hub/wire/limits.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::wire {

/// Borrows the text. Once it has failed it stays failed, every further read returns an empty slice or false.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_{text} {}

    bool failed() const { return failed_; }

    /// Bytes passed so far. After peek(): where the next value begins.
    std::size_t position() const { return at_; }

    /// Whether nothing but white space is left.
    bool at_end();

    /// The first character of the next value; '\0' at the end.
    char peek();

    /// Passes the '{' of an object. False (and failed) if the next value is none.
    bool open_object();

    /// Passes the next key and its colon. False at the closing brace, which is passed, and on failure.
    /// `key` is the raw text between the quotes, escapes included.
    bool next_key(std::string_view& key);

    /// Passes the '[' of an array. False (and failed) if the next value is none.
    bool open_array();

    /// Whether there is another element, which comes next; at the closing bracket, which is passed, and on failure
    /// there is none. For one array at a time.
    bool next_element();

    /// Passes one value of any kind and returns its raw text.
    std::string_view skip_value();

private:
    bool fail();
    void skip_space();
    bool skip_string();
    bool skip_escape();
    bool skip_number();
    bool skip_digits();
    bool skip_word(std::string_view word);
    bool skip_scalar();
    bool skip_key_and_colon(std::string_view* key);

    std::string_view text_;
    std::size_t at_ = 0;
    bool failed_ = false;
    bool first_key_ = false;
    bool first_element_ = false;
};

/// What a condition of JavaScript makes of a value; an absent one (empty slice) is false.
bool truthy(std::string_view raw);

/// The number that a raw JSON number stands for; nullopt for any other kind of value, and out of double's
/// range.
std::optional<double> number_of(std::string_view raw);

/// The text of a raw string without its quotes. A lone surrogate becomes three bytes as if it were a
/// character, so that different raw texts of equal strings, and only those, become equal. `inner` must be
/// validated.
void unescape(std::string_view inner, std::string& out);

/// Appends `text` as a JSON string with quotes, valid whatever `text` is: half a pair of surrogates, as unescape()
/// makes it, becomes its escape again, and every other byte that is no UTF-8 the replacement character.
void append_json_string(std::string& out, std::string_view text);

} // namespace pandora::hub::wire
