#include "supervisor/control/rights.hpp"

#include <cstdint>
#include <string>

namespace pandora::supervisor::control {

std::optional<Refused> denied(const Json& source, uid_t owner)
{
    const auto member = [&](const char* name) { return source.is_object() ? source.value(name, Json{}) : Json{}; };
    const auto process = member("process");
    if (process == hub_process_name) return std::nullopt;
    if (process.is_string())
        return Refused{"workers may not change what the supervisor does: asked by " + process.get<std::string>() + "/" +
                       member("instance").dump()};
    const auto uid = member("uid");
    // A caller that is known has a process, or null for none; and every caller has a user.
    if (!source.is_object() || !source.contains("process") || !process.is_null() || !uid.is_number_unsigned())
        return Refused{"the hub does not say who asks"};
    if (uid.get<std::uint64_t>() == 0 || uid.get<std::uint64_t>() == owner) return std::nullopt;
    return Refused{"only root and user " + std::to_string(owner) + " may change what the supervisor does, not user " +
                   uid.dump()};
}

} // namespace pandora::supervisor::control
