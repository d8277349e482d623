// The first line with anything in it of what a command writes: what there is to say about its end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pandora::supervisor::probes {

/// Fed with output as it comes: any bytes. Holds no more than `bytes_max` of them. Pure.
class FirstLine {
public:
    static constexpr std::size_t bytes_max = 200; // what a state change can show in a line or two

    void add(std::string_view output);

    /// Nothing that follows changes the text.
    bool is_complete() const { return complete_; }

    /// UTF-8 without control characters (they are spaces) or blanks at either end; a byte that is no text is a `?`.
    /// Ends with "..." where the line is longer. Empty where there is none.
    std::string text() const;

private:
    std::string line_;
    bool complete_ = false;
    bool cut_ = false;
};

} // namespace pandora::supervisor::probes
