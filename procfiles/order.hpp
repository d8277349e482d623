// `order`: Pandora.js' way to say which processes start before others.
#pragma once

#include "procfiles/reader.hpp"
#include "procfiles/spec.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace pandora::procfiles {

/// The `order` of a process, in the order of the processes, and where it is written.
struct Order {
    std::optional<std::int64_t> number;
    Place place;
};

/// Makes each process with an order depend on all those of the next lower one: on their being ready where they ask
/// for something, else on their start. What `depends_on` says of a process already stands. A problem where that makes
/// more than order_dependencies_max.
void apply_orders(Reader& reader, const std::vector<Order>& orders, std::vector<ProcessSpec>& processes);

} // namespace pandora::procfiles
