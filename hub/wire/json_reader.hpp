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
#include <string_view>

namespace pandora::hub::wire {

/// Borrows the text. Once it has failed it stays failed, every further read returns an empty slice or false.
///
/// One container is read at a time, and what stands in it skipped as a whole; of a container inside it a reader of its
/// own reads the slice:
///
///     reader.open_object();
///     while (reader.next_key(key)) use(key, reader.skip_value());
///     if (reader.failed() || !reader.at_end()) ...
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

    /// Passes the '{' of an object. False (and failed) if the next value is none. next_key() says false then, too.
    bool open_object();

    /// Passes the next key and its colon. False at the closing brace, which is passed, and on failure.
    /// `key` is the raw text between the quotes, escapes included.
    bool next_key(std::string_view& key);

    /// Passes the '[' of an array. False (and failed) if the next value is none.
    bool open_array();

    /// Whether there is another element, which comes next; at the closing bracket, which is passed, and on failure
    /// there is none. For one array at a time.
    bool next_element();

    /// Passes one value of any kind, at most json_depth_max containers deep, and returns its raw text without the white
    /// space around it. Empty only where it has failed: every value has a text.
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

} // namespace pandora::hub::wire
