// The bytes are a script of what clients of both dialects, the supervisor and the clock do to one router: each is a
// choice of the simulation (tests/simulation), whose promises must hold whatever the script says.
#include "tests/simulation/router_world.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

/// A script may choose steps that read no further; so many are enough for any.
constexpr std::uint64_t steps_max = 4'000;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    using namespace pandora::hub::core::simulation;
    World world{Dice{std::span{data, size}}, 1};
    try {
        world.run(steps_max);
    } catch (const Broken& broken) {
        std::fprintf(stderr, "%s\n", broken.what());
        std::abort();
    }
    return 0;
}
