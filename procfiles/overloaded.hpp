// Lambdas as one visitor for std::visit.
#pragma once

namespace pandora::procfiles {

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>; // clang 14 does not deduce it for aggregates

} // namespace pandora::procfiles
