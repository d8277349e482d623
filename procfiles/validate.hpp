// What is wrong with a spec as a whole, beyond what each key by itself can tell. Pure.
#pragma once

#include "procfiles/problem.hpp"
#include "procfiles/spec.hpp"

#include <string_view>
#include <vector>

namespace pandora::procfiles {

/// All that contradicts itself or names what does not exist, in the order of the processes, the groups, the
/// hub and the graph; warnings for what can be run and will not do what it seems to ask for. Their `file` is left
/// empty.
std::vector<Problem> validate(const AppSpec& spec);

/// The part of it that looks at one process alone.
void validate_process(const ProcessSpec& process, std::vector<Problem>& problems);

/// Of all its processes, in their order; they refer to it.
std::vector<std::string_view> process_names(const AppSpec& spec);

/// The part of it that looks at the hub: rules that can never fit, and processes that do not exist.
void validate_hub(const AppSpec& spec, std::vector<Problem>& problems);

} // namespace pandora::procfiles
