// What one server takes from all of its clients together, and from each. Times are a choice, not a
// measurement.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pandora::metrics::http {

struct Limits {
    std::uint32_t header_bytes_max = 8 * 1024; // what nginx and Apache take; a browser sends 1 or 2 KiB
    std::uint64_t body_bytes_max = 64 * 1024;
    std::size_t connections_max = 64;            // beyond it the one that has kept us waiting longest gives way
    std::chrono::milliseconds read_max{10'000};  // for a whole request, counted from when we could have read it
    std::chrono::milliseconds answer_max{5'000}; // for the handler; then the client gets a 503
    std::chrono::milliseconds write_max{30'000}; // for a whole response: 10 MB to a reader of 3 Mbit/s
    std::chrono::milliseconds linger_max{1'000}; // for the client to take our last words before we close
};

} // namespace pandora::metrics::http
