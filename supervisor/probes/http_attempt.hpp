// An HTTP request, which passes when it is answered with the status asked for.
#pragma once

#include "procfiles/spec.hpp"
#include "supervisor/probes/http_tls.hpp"
#include "supervisor/probes/lookups.hpp"
#include "supervisor/probes/running.hpp"

#include <cstddef>
#include <memory>

namespace pandora::supervisor::probes {

/// Of a response's header, and of its body. That much more than any health page is a choice; a longer header is no
/// answer, a longer body is not read to its end.
inline constexpr std::size_t http_part_bytes_max = 64 * 1024;

/// `tls` has to live until the attempt begins.
std::shared_ptr<Running> http_attempt(RunningOptions options, const procfiles::HttpProbe& probe, Lookups& lookups,
                                      HttpTls& tls);

} // namespace pandora::supervisor::probes
