// Patterns of names as shells have them: `*` stands for any text, `?` for one byte, all else for itself.
#pragma once

#include <cstdint>
#include <string_view>

namespace pandora::hub::core {

/// Costs at most the product of the two lengths, usually their sum.
bool fits(std::string_view pattern, std::string_view text);

/// How a pattern goes together with all the texts that begin alike.
enum class Overlap : std::uint8_t {
    none, // none of them fits
    some, // one might
    all,  // every one does
};

/// Of all texts that begin with `prefix`. `all` is never said wrongly.
Overlap overlap(std::string_view pattern, std::string_view prefix);

} // namespace pandora::hub::core
