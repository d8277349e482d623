// Every bound of the logs, in one place, with where its number comes from.
#pragma once

#include <chrono>
#include <cstddef>

namespace pandora::supervisor::logs {

using namespace std::chrono_literals;

/// A line longer than this is handed on in pieces of this size: no worker can make the master hold more.
/// 16 KiB is what docker's json-file driver splits at.
inline constexpr std::size_t line_bytes_max = 16 * 1024;

/// An unfinished line is handed on after this long: a prompt, a progress bar.
inline constexpr std::chrono::milliseconds partial_patience = 1s;

/// What is read at one go; a pipe that fills it is made this large, too. Fits into the second-level cache.
inline constexpr std::size_t read_bytes_max = 256 * 1024;

/// What a pipe gets at once before the others have their turn.
inline constexpr int reads_a_turn = 4;

/// Read but not yet written to files: all of them together, and any one of them. A share for each, so that one file
/// on a slow disk does not cost the others their lines. Beyond that, lines are dropped.
inline constexpr std::size_t queued_bytes_max = 32 * 1024 * 1024;
inline constexpr std::size_t queued_bytes_max_of_file = 8 * 1024 * 1024;

/// Above this a file's pipes are left alone for a moment, so that a flood goes no faster than it is written, out of
/// memory that is still in the cache; but for that long only: then the disk is slow, and the queue is there to be used.
inline constexpr std::size_t queued_bytes_to_pause_at = 1024 * 1024;
inline constexpr std::chrono::milliseconds pause_max = 20ms;

/// The same where the writing thread lacks the CPU rather than the disk: the worker shares the want.
inline constexpr std::chrono::milliseconds pause_max_when_busy = 2s;

/// A file that could not be written is tried again after this long.
inline constexpr std::chrono::milliseconds retry_delay = 1s;

/// Without a loss for this long, losses are over, and counted up on the console.
inline constexpr std::chrono::milliseconds loss_quiet = 5s;

/// A pipe that outlives its run: closed once nothing came through it for so long, or when this many newer ones of the
/// same instance did, too. The time is a choice: longer than any flush at exit, shorter than a working day.
inline constexpr std::chrono::seconds linger_max = 60s;
inline constexpr std::size_t lingering_pipes_max = 16;

/// What the tail takes a line for, so that a number of lines is a number of bytes.
inline constexpr std::size_t tail_bytes_a_line = 128;
inline constexpr std::size_t tail_bytes_min = 2 * line_bytes_max;
inline constexpr std::size_t tail_bytes_max = 64 * 1024 * 1024;

/// At the end: for a disk, in all.
inline constexpr std::chrono::milliseconds disk_patience = 5s;

/// At the end: for whoever reads the console, without a byte taken; who takes some is waited for without end. A choice:
/// longer than a reader pauses on a busy machine, shorter than what a container is given to stop (10 s).
inline constexpr std::chrono::milliseconds console_patience = 5s;

/// How often it is looked whether some was taken.
inline constexpr std::chrono::milliseconds console_look = 500ms;

} // namespace pandora::supervisor::logs
