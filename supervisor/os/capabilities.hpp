// Capabilities, see capabilities(7): root's rights, one by one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pandora::supervisor::os {

class CapabilitySet {
public:
    constexpr CapabilitySet() = default;

    /// Bit n is capability n, as in /proc/PID/status.
    constexpr explicit CapabilitySet(std::uint64_t bits) : bits_{bits} {}

    constexpr void add(int capability) { bits_ |= std::uint64_t{1} << capability; }

    constexpr bool contains(int capability) const { return (bits_ >> capability & 1) != 0; }

    constexpr std::uint64_t bits() const { return bits_; }

    bool operator==(const CapabilitySet&) const = default;

private:
    std::uint64_t bits_ = 0;
};

/// The number of "CAP_NET_BIND_SERVICE", in any case, the prefix optional; none where no kernel up to Linux 6.1 knows
/// it.
std::optional<int> capability_number(std::string_view name);

/// What this thread may do now.
CapabilitySet effective_capabilities();

} // namespace pandora::supervisor::os
