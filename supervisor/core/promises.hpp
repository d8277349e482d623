// What one run has to show before it counts as ready, and what it has shown so far.
#pragma once

#include "procfiles/spec.hpp"

#include <set>
#include <string>

namespace pandora::supervisor::core {

/// One object a run; `asked` must outlive it. Pure.
class Promises {
public:
    explicit Promises(const procfiles::Readiness& asked) : asked_{&asked} {}

    void published(const std::string& object);

    void notified() { notified_ = true; } // READY=1

    void newline_written() { newline_written_ = true; }

    void line_seen() { line_seen_ = true; }

    void probe_passes(bool passes) { probe_passes_ = passes; }

    /// All that is asked for has happened.
    bool kept() const { return missing().empty(); }

    /// What has not happened yet: "READY=1, object snapshot"; empty where all has.
    std::string missing() const;

    bool has_published(const std::string& object) const { return objects_.contains(object); }

    bool has_shown_line() const { return line_seen_; }

private:
    const procfiles::Readiness* asked_;
    std::set<std::string> objects_;
    bool notified_ = false;
    bool newline_written_ = false;
    bool line_seen_ = false;
    bool probe_passes_ = false;
};

} // namespace pandora::supervisor::core
