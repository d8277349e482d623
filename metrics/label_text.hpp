// Text fit for a label value: Prometheus refuses a whole scrape over one value that is not UTF-8, and an
// app's name may come from a folder's, where any byte goes.
#pragma once

#include <string>
#include <string_view>

namespace pandora::metrics {

/// `text` with each byte that belongs to no valid UTF-8 sequence replaced by U+FFFD. Pure.
std::string label_text(std::string_view text);

} // namespace pandora::metrics
