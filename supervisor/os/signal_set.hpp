// Some of the signals, as a mask.
#pragma once

#include <cstdint>

namespace pandora::supervisor::os {

inline constexpr int signal_max = 64; // of the kernel, which counts from 1

class SignalSet {
public:
    constexpr SignalSet() = default;

    static constexpr SignalSet all() { return SignalSet{~std::uint64_t{0}}; }

    /// Bit n - 1 is signal n, as in /proc/PID/status.
    constexpr explicit SignalSet(std::uint64_t bits) : bits_{bits} {}

    constexpr void add(int signal) { bits_ |= std::uint64_t{1} << (signal - 1); }

    constexpr bool contains(int signal) const { return (bits_ >> (signal - 1) & 1) != 0; }

    bool operator==(const SignalSet&) const = default;

private:
    std::uint64_t bits_ = 0;
};

/// The signals that this process ignores now.
SignalSet ignored_signals();

} // namespace pandora::supervisor::os
