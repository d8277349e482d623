// Who stands at the other end of a connected Unix socket, as the kernel knows it.
#pragma once

#include "hub/core/identity.hpp"

#include <optional>

namespace pandora::hub::net {

/// As they were when the other end connected. nullopt: this process has no descriptor or memory left to ask with.
/// Where the process has ended and been reaped meanwhile, its number may be another's already: it is left out.
std::optional<core::Credentials> credentials_of(int socket);

/// The process has ended and nobody waits for it any more, so that its number may be another's by now. What was found
/// out by the number before this turns true holds. A null `pidfd` tells nothing: false.
bool number_is_free(const core::Fd& pidfd);

} // namespace pandora::hub::net
