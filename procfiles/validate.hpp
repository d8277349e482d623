// Checks what one key alone cannot show: how processes depend on each other and which values contradict each
// other.
#pragma once

#include "procfiles/problem.hpp"
#include "procfiles/spec.hpp"

#include <vector>

namespace pandora::procfiles {

/// All problems of `spec`, in the order of its processes; empty if it can run. Pure.
/// A dependency cycle is reported once, in full, at its first dependency; ten of them at most.
std::vector<Problem> validate(const AppSpec& spec);

} // namespace pandora::procfiles
