// A TCP connection, which passes when it is accepted.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/probes/lookups.hpp"
#include "supervisor/probes/running.hpp"

#include <memory>

namespace pandora::supervisor::probes {

std::shared_ptr<Running> tcp_attempt(RunningOptions options, const procfiles::TcpProbe& probe, Lookups& lookups);

} // namespace pandora::supervisor::probes
