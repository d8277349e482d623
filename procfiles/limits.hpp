// How much a procfile may hold. A procfile is written by the operator, yet may be generated or fetched: no
// file, however strange, may cost more than seconds and some hundred MB.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pandora::procfiles {

/// A process takes about 115 bytes in plain files, so this holds more processes than a machine can run.
inline constexpr std::size_t file_bytes_max = 4 * 1024 * 1024;

/// Lists, maps, keys and values, each alias counted as all that it stands for: twenty nodes for each of
/// 10,000 processes.
inline constexpr std::size_t nodes_max = 200'000;

/// Lists and maps inside each other. The schema itself needs 6; the rest is for `x-` keys.
inline constexpr std::size_t depth_max = 32;

/// `[`, `{` and `,` in the whole text. The YAML scanner may hold all tokens of a flow collection before it
/// reports the first (measured: 230 bytes for each bracket), so the nodes it would report come too late to
/// bound it.
inline constexpr std::size_t separators_max = 500'000;

/// One value, variables put in. Linux gives a program no longer argument or variable (MAX_ARG_STRLEN: 32
/// pages).
inline constexpr std::size_t text_bytes_max = 128 * 1024 - 1;

inline constexpr std::uint32_t replicas_max = 10'000;
inline constexpr std::uint32_t restarts_max = 1'000'000;
inline constexpr double backoff_multiplier_max = 1'000;

/// A process name becomes part of file names (255 bytes at most) with the instance, the stream and a date
/// beside it.
inline constexpr std::size_t process_name_bytes_max = 64;

/// An app name becomes part of the path of a Unix socket (107 bytes at most).
inline constexpr std::size_t app_name_bytes_max = 40;

/// Files that are read as one: those the user named, and all that they extend.
inline constexpr std::size_t files_max = 64;

/// Processes that extend each other in a row. People lose track after three.
inline constexpr std::size_t extends_depth_max = 64;

/// What `order` may amount to: ten thousand processes one by one, or some hundred at a time.
inline constexpr std::size_t order_dependencies_max = 200'000;

/// Variables of env files that are written out for single processes.
inline constexpr std::size_t dotenv_copies_max = 200'000;

/// `ready_log_line` may be a regular expression; the library compiles it by recursion and tries it on every line.
inline constexpr std::size_t log_line_bytes_max = 512;

/// Each may take two seconds of the start.
inline constexpr std::size_t env_commands_max = 32;
inline constexpr std::chrono::milliseconds env_command_timeout = std::chrono::seconds{2};

inline constexpr std::uint32_t log_backups_max = 10'000;
inline constexpr std::uint32_t tail_lines_max = 1'000'000;

/// Keeps every sum of a few durations far from overflow; nobody waits longer for a process.
inline constexpr std::chrono::milliseconds duration_max = std::chrono::hours{24 * 365};

/// The smallest frame still carries any control message; the largest is what one client's queue may hold.
inline constexpr std::uint64_t frame_bytes_lowest = 1024;
inline constexpr std::uint64_t frame_bytes_highest = 16 * 1024 * 1024;

/// Of the hub's policy: rules, patterns of one kind in a rule, bytes of a pattern. Each new question of a client may
/// have to be held against all of them. Choice: more than anybody can oversee.
inline constexpr std::size_t policy_rules_max = 1'000;
inline constexpr std::size_t policy_patterns_max = 100;
inline constexpr std::size_t policy_pattern_bytes_max = 256;

} // namespace pandora::procfiles
