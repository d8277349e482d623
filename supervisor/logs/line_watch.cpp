#include "supervisor/logs/line_watch.hpp"

#include "supervisor/logs/lines.hpp"

#include <atomic>
#include <re2/re2.h>

namespace pandora::supervisor::logs {

namespace {

constexpr std::int64_t pattern_bytes_max = 1024 * 1024; // of the compiled program and its automaton's states

RE2::Options quiet()
{
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_bytes_max);
    return options;
}

} // namespace

struct LineWatch::State {
    State(const std::string& pattern, std::function<void()> callback)
        : text{pattern}, expression{pattern, quiet()}, seen{std::move(callback)}
    {}

    bool matches(std::string_view line) const
    {
        if (line.find(text) != std::string_view::npos) return true;
        return expression.ok() && RE2::PartialMatch(re2::StringPiece{line.data(), line.size()}, expression);
    }

    std::string text;
    RE2 expression;
    std::function<void()> seen;
    std::atomic<bool> called{false};
};

LineWatch::LineWatch(const std::string& pattern, std::function<void()> seen)
    : state_{std::make_shared<State>(pattern, std::move(seen))}
{}

bool LineWatch::look(std::string_view text) const
{
    if (state_->called) return true;
    bool found = false;
    for_each_line({text, false}, [&](std::string_view line, bool) { found = found || state_->matches(line); });
    if (found && !state_->called.exchange(true)) state_->seen();
    return state_->called;
}

} // namespace pandora::supervisor::logs
