// Waits for a line that says that a worker is ready.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace pandora::supervisor::logs {

/// A handle: copies share one state, so that whichever of a run's pipes says it first is the only one heard.
class LineWatch {
public:
    /// `pattern` is found in a line as it stands, or as a regular expression in RE2's syntax, which takes time linear
    /// in the line whatever the pattern; one that does not compile is text alone. `seen` is called at most once, on
    /// the thread that looks.
    LineWatch(const std::string& pattern, std::function<void()> seen);

    /// Calls `seen` if it was not called before and a line of `text` matches. True once it has been called.
    bool look(std::string_view text) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace pandora::supervisor::logs
