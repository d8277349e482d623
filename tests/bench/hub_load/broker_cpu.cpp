#include "tests/bench/hub_load/broker_cpu.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace pandora::bench::hub_load {

std::chrono::nanoseconds cpu_time_of(const std::vector<pid_t>& processes)
{
    std::int64_t total = 0;
    for (const pid_t process : processes) {
        const std::filesystem::path threads = "/proc/" + std::to_string(process) + "/task";
        for (const auto& thread : std::filesystem::directory_iterator{threads}) {
            std::int64_t ran = 0;
            std::ifstream{thread.path() / "schedstat"} >> ran;
            total += ran;
        }
    }
    return std::chrono::nanoseconds{total};
}

} // namespace pandora::bench::hub_load
