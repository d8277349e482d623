// Many changes in a row are one.
#pragma once

#include "supervisor/core/ids.hpp"

#include <optional>
#include <utility>

namespace pandora::supervisor::core {

/// Holds the first of several reports back until none has come for `quiet`.
template <class Report>
class Debounce {
public:
    explicit Debounce(Millis quiet) : quiet_{quiet} {}

    /// `now` never decreases between calls.
    void add(Report report, TimePoint now)
    {
        if (!first_) first_ = std::move(report);
        due_ = now + quiet_;
    }

    /// When to ask again; nullopt = nothing is held back.
    std::optional<TimePoint> due() const { return first_ ? std::optional{due_} : std::nullopt; }

    /// The first report, if it is time.
    std::optional<Report> take(TimePoint now)
    {
        if (!first_ || now < due_) return std::nullopt;
        return std::exchange(first_, std::nullopt);
    }

private:
    Millis quiet_;
    std::optional<Report> first_;
    TimePoint due_{};
};

} // namespace pandora::supervisor::core
