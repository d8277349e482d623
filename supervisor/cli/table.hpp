// Text for terminals: aligned columns, and nothing in them that a terminal would obey.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pandora::supervisor::cli {

/// Without control characters, which clients and workers choose; "-" for nothing.
std::string printable(std::string text);

using Row = std::vector<std::string>; // all rows of a table have the same number of cells

/// One line a row, the columns aligned, two blanks between them. Cells are made printable; one of more than 80 bytes
/// shifts the rest of its line.
std::string table(const std::vector<Row>& rows);

/// "12 B", "3.4 MiB"
std::string bytes_text(std::uint64_t bytes);

/// "8s", "3m 20s", "5h 1m", "2d 4h"; "0s" for what has not begun.
std::string duration_text(double seconds);

/// "2026-01-31 12:00:00", in the local time zone.
std::string time_text(double unix_seconds);

/// What a method of the hub names things by: "web/0".
std::string instance_text(const std::string& process, std::uint32_t instance);

} // namespace pandora::supervisor::cli
