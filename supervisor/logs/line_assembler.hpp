// Turns the chunks that a pipe gives into lines. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

/// A line longer than this is handed on in pieces of this size: no worker can make the master hold more.
/// 16 KiB is what docker's json-file driver splits at.
inline constexpr std::size_t line_bytes_max = 16 * 1024;

/// One object a stream.
class LineAssembler {
public:
    /// Receives one line without its newline (and without a carriage return before it). `complete` is false for a piece
    /// of an overlong line, and for what flush() found unfinished.
    using Sink = std::function<void(std::string_view line, bool complete)>;

    /// The view is valid during the call only.
    void feed(std::string_view chunk, const Sink& sink);

    /// Hands on an unfinished line: the stream has ended, or was silent for a while.
    void flush(const Sink& sink);

    bool empty() const { return partial_.empty(); }

private:
    void add(std::string_view text, const Sink& sink);

    std::string partial_;
};

} // namespace pandora::supervisor::logs
