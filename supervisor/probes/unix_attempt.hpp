// A connection to a Unix stream socket, which passes when it is accepted.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/probes/running.hpp"

#include <memory>

namespace pandora::supervisor::probes {

std::shared_ptr<Running> unix_attempt(RunningOptions options, const procfiles::UnixProbe& probe);

} // namespace pandora::supervisor::probes
