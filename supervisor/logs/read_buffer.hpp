// The memory that pipes are read into: one for all of them, handed on to the writing thread without a copy.
#pragma once

#include "supervisor/logs/limits.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace pandora::supervisor::logs {

/// As large as a few full reads.
struct Chunk {
    std::array<char, 2 * read_bytes_max> bytes;
};

/// Gives out chunks, and takes back those that nobody holds any more: on any thread, also after its own end.
class ChunkPool {
public:
    std::shared_ptr<Chunk> take();

private:
    struct Free {
        std::mutex mutex;
        std::vector<std::unique_ptr<Chunk>> chunks;
    };

    std::shared_ptr<Free> free_ = std::make_shared<Free>();
};

/// Lives on the thread that reads.
class ReadBuffer {
public:
    /// Where to read to, valid until the next call; holds at least a quarter of read_bytes_max beside a line.
    std::span<char> space();

    /// The first `bytes` of the last space() go to whoever holds the chunk; without this they are overwritten.
    std::shared_ptr<const Chunk> keep(std::size_t bytes);

private:
    ChunkPool pool_;
    std::shared_ptr<Chunk> chunk_;
    std::size_t used_ = 0; // of chunk_
};

} // namespace pandora::supervisor::logs
