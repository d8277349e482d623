#include "supervisor/os/oom_score.hpp"

#include <fstream>

namespace pandora::supervisor::os {

namespace {

constexpr const char* score_file = "/proc/self/oom_score_adj";

} // namespace

std::optional<int> oom_score_adj()
{
    std::ifstream file{score_file};
    int score = 0;
    return file >> score ? std::optional{score} : std::nullopt;
}

bool set_oom_score_adj(int score)
{
    std::ofstream file{score_file};
    file << score << std::flush;
    return file.good();
}

} // namespace pandora::supervisor::os
