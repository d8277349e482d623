// What a log file holds for the output of its sources. Pure.
#pragma once

#include "supervisor/logs/lines.hpp"
#include "supervisor/logs/source.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

/// A time of the calendar, kept for the second that it belongs to: most lines come in the same one as the last.
class Stamp {
public:
    /// `format` as strftime(3) takes it, in the machine's time zone.
    std::string_view local(WallTime time, const std::string& format);

    /// RFC 3339, UTC, with microseconds.
    std::string_view utc(WallTime time);

private:
    std::int64_t second_ = -1;
    std::string format_; // of text_; empty for UTC
    std::string text_;
};

/// One object a file: remembers whose line is unfinished. Text is written as it came, byte by byte, even a line longer
/// than anybody holds in memory; only where something is put in front of each line, or the format is JSON, is it taken
/// apart.
class FileText {
public:
    struct Rendered {
        bool ends_line = false; // a newline comes first: the line before is another stream's and unfinished
        std::string_view text;
    };

    /// `stream` tells the pipes apart. The text is a part of `block` or of `scratch`, which is overwritten.
    Rendered render(const Source& source, std::uint64_t stream, Block block, WallTime time, std::string& scratch);

    /// The file was closed, or not all that was rendered got into it: the next line begins anew.
    void broken() { line_is_open_ = false; }

private:
    void append_text(const Source& source, std::string_view text, WallTime time, std::string& out);
    void append_json_lines(const Source& source, Block block, WallTime time, std::string& out);

    Stamp stamp_;
    bool line_is_open_ = false;
    std::uint64_t opened_by_ = 0; // a stream, while line_is_open_
};

} // namespace pandora::supervisor::logs
