// Whatever bytes arrive, and however they are cut, the decoder finds the same frames and holds no more than
// it should.
#include "hub/wire/decoder.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace pandora::hub::wire;

constexpr std::uint32_t body_bytes_max = 1024;

struct Seen {
    std::vector<std::string> bodies;
    bool oversized = false;
    bool operator==(const Seen&) const = default;
};

void require(bool holds)
{
    if (!holds) std::abort();
}

/// False once a frame was refused: nothing after it counts.
bool take_all(FrameDecoder& decoder, Seen& seen)
{
    for (;;) {
        const Decoded decoded = decoder.next();
        if (std::holds_alternative<NeedMore>(decoded)) return true;
        if (std::holds_alternative<Oversized>(decoded)) {
            seen.oversized = true;
            return false;
        }
        const auto& frame = std::get<Frame>(decoded);
        require(frame.body.size() == frame.header.body_bytes && frame.body.size() <= body_bytes_max);
        seen.bodies.emplace_back(frame.body);
    }
}

Seen decode(std::string_view bytes, std::size_t part_bytes_max)
{
    FrameDecoder decoder{body_bytes_max};
    Seen seen;
    while (!bytes.empty()) {
        const auto space = decoder.space();
        require(space.size() >= read_bytes_min);
        require(decoder.capacity() <= 4 * read_bytes_usual);
        const std::size_t part = std::min({space.size(), bytes.size(), part_bytes_max});
        std::memcpy(space.data(), bytes.data(), part);
        decoder.commit(part);
        bytes.remove_prefix(part);
        if (!take_all(decoder, seen)) break;
    }
    return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const Seen whole = decode(bytes, size);
    require(decode(bytes, 1) == whole);
    require(decode(bytes, 7) == whole);
    return 0;
}
