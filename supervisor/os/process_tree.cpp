#include "supervisor/os/process_tree.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace pandora::supervisor::os {

namespace {

constexpr int generations_max = 64; // deeper than any shell script; a bound against a tree that changes while we read

} // namespace

std::optional<Kinship> parse_kinship(std::string_view stat)
{
    const auto after_command = stat.rfind(')');
    if (after_command == std::string_view::npos) return std::nullopt;
    std::istringstream fields{std::string{stat.substr(after_command + 1)}};
    char state = 0;
    pid_t group = 0;
    Kinship kin;
    if (!(fields >> state >> kin.parent >> group >> kin.session)) return std::nullopt;
    return kin;
}

std::vector<pid_t> lineage(pid_t pid, const std::filesystem::path& proc)
{
    std::vector<pid_t> found;
    for (int n = 0; n < generations_max && pid > 0; ++n) {
        std::ifstream file{proc / std::to_string(pid) / "stat"};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        const auto kin = parse_kinship(text);
        if (!kin) break;
        found.push_back(pid);
        if (kin->session > 0 && kin->session != pid) found.push_back(kin->session);
        pid = kin->parent;
    }
    return found;
}

} // namespace pandora::supervisor::os
