// An open descriptor on its way from one client to another.
#pragma once

#include <memory>

namespace pandora::hub::core {

/// Held by whoever still needs it; closed when the last holder lets go. The edge makes it from what the kernel
/// hands out; to everybody else it is a number that means nothing.
using Fd = std::shared_ptr<const int>;

} // namespace pandora::hub::core
