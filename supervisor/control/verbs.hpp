// From the parameters of a changing verb to a request that makes sense for the processes there are. Pure.
#pragma once

#include "supervisor/control/messages.hpp"
#include "supervisor/control/requests.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace pandora::supervisor::control {

/// What changes something. The names are those of the hub object's methods.
enum class Verb : std::uint8_t { start, stop, restart, reload, scale, signal };
inline constexpr std::array all_verbs{Verb::start, Verb::stop, Verb::restart, Verb::reload, Verb::scale, Verb::signal};

std::string_view name_of(Verb verb);

using Understood = std::variant<Request, Refused>;

/// `params`: the array of the call. Refused: what is missing, of another kind, or names nothing that is there.
Understood understand(Verb verb, const Json& params, const std::vector<KnownProcess>& known);

/// Of `tail`: target, lines, and of a single instance perhaps the sequence number after which to begin.
std::variant<TailRequest, Refused> understand_tail(const Json& params, const std::vector<KnownProcess>& known);

/// Whom the request names: of a ScaleRequest the process.
Targets targets_of(const Request& request);

} // namespace pandora::supervisor::control
