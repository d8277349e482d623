// Values written as text: durations, sizes, numbers, switches, signals, addresses. Pure; independent of the
// locale. Each function takes the whole text, without blanks around it, and returns nullopt for anything
// else.
#pragma once

#include "procfiles/spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::procfiles {

/// `200ms`, `1.5s`, `2m`, `1h30m`, `1d`; a bare number means seconds. From 0 to duration_max; what is not 0
/// but shorter than a millisecond is refused rather than rounded away.
std::optional<Millis> parse_duration(std::string_view text);

/// Bytes: `4096`, `64KiB`, `16MiB`, `1GiB` (powers of 1024), `1kB`, `1MB`, `1GB` (powers of 1000); the case
/// is free.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// A whole number, decimal.
std::optional<std::uint64_t> parse_count(std::string_view text);

/// A decimal number without exponent, not negative.
std::optional<double> parse_number(std::string_view text);

/// `true`, `yes`, `on` and `false`, `no`, `off`; the case is free.
std::optional<bool> parse_switch(std::string_view text);

/// A number from 1 to 64, or a name with or without `SIG`; the case is free.
std::optional<int> parse_signal(std::string_view text);

/// A whole number, perhaps negative.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// Octal digits, perhaps behind `0` or `0o`; at most 7777.
std::optional<unsigned> parse_octal(std::string_view text);

/// An IPv4 or IPv6 address as numbers.
bool is_numeric_host(std::string_view text);

/// 0 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

/// Letters of ASCII made small; independent of the locale.
std::string lowered(std::string_view text);

struct Endpoint {
    std::string host; // without the brackets of an IPv6 address
    std::uint16_t port = 0;
    bool operator==(const Endpoint&) const = default;
};

/// `HOST:PORT`, `[IPv6]:PORT`, `:PORT` or `PORT`; without a host it is 127.0.0.1. Port 0 lets the system
/// choose.
std::optional<Endpoint> parse_endpoint(std::string_view text);

} // namespace pandora::procfiles
