// Writes what a procfile came to as a procfile: every value as it was understood, nothing left to defaults elsewhere.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <string>

namespace pandora::procfiles {

/// Whether the values of environment variables, which may be secrets, are printed. Without them the text names the
/// variables and cannot be loaded: it would run with other values.
enum class EnvironmentValues : std::uint8_t { hidden, shown };

/// YAML that loads to the same spec, whatever folder it is in: paths are absolute, `${NAME}` has been replaced, and
/// what has its default is left out. Commands are shown as they are, with what `${NAME}` put into them. Pure.
std::string print(const AppSpec& app, EnvironmentValues values);

} // namespace pandora::procfiles
