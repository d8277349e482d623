// Lays one tree of a procfile over another: how several files, `extends` and an override file become one.
#pragma once

#include "procfiles/document.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace pandora::procfiles {

/// Makes trees out of others, which must outlive it. Not thread-safe.
class Merger {
public:
    /// `over` on top of `base`: maps merge deep, a list or a value replaces, nothing at all leaves what is below.
    /// `environment` and `depends_on` merge by name whichever way they are written, and `command` puts an end to an
    /// `entrypoint` below it, as the reverse. Linear in both.
    const Node& merge(const Node& base, const Node& over);

    /// The map `node` without the entry of that key; `node` itself where it has none.
    const Node& without(const Node& node, std::string_view key);

    /// The map `node` with another map behind that key, which it has.
    const Node& with(const Node& node, std::string_view key, Map value);

private:
    const Node& make(Place place, Map map);
    const Node& merge_maps(const Node& base, const Node& over);
    const Node& merge_values(std::string_view key, const Node& base, const Node& over);
    const Node& joined_environment(const Node& base, const Node& over);
    const Node& as_map(const Node& dependencies);
    void append_assignments(const Node& environment, List& into);

    std::deque<Node> nodes_;
    std::size_t layer_ = 0;
};

} // namespace pandora::procfiles
