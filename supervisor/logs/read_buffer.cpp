#include "supervisor/logs/read_buffer.hpp"

#include <algorithm>
#include <utility>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t free_chunks_max = 8; // beyond them memory goes back to the system
constexpr std::size_t space_min = line_bytes_max + read_bytes_max / 4;

} // namespace

std::shared_ptr<Chunk> ChunkPool::take()
{
    std::unique_ptr<Chunk> chunk;
    {
        const std::lock_guard lock{free_->mutex};
        if (!free_->chunks.empty()) {
            chunk = std::move(free_->chunks.back()); // the one used last is still in the cache
            free_->chunks.pop_back();
        }
    }
    if (!chunk) chunk.reset(new Chunk); // NOLINT: make_unique would clear it
    const auto give_back = [free = free_](Chunk* returned) {
        std::unique_ptr<Chunk> owner{returned};
        const std::lock_guard lock{free->mutex};
        if (free->chunks.size() < free_chunks_max) free->chunks.push_back(std::move(owner));
    };
    return {chunk.release(), give_back};
}

std::span<char> ReadBuffer::space()
{
    // Nobody else holds it: all that was kept has been written.
    if (chunk_ && chunk_.use_count() == 1) used_ = 0;
    if (!chunk_ || chunk_->bytes.size() - used_ < space_min) {
        chunk_ = pool_.take();
        used_ = 0;
    }
    const auto room = std::span{chunk_->bytes}.subspan(used_);
    return room.first(std::min(room.size(), line_bytes_max + read_bytes_max));
}

std::shared_ptr<const Chunk> ReadBuffer::keep(std::size_t bytes)
{
    used_ += bytes;
    return chunk_;
}

} // namespace pandora::supervisor::logs
