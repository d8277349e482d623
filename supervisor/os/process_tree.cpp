#include "supervisor/os/process_tree.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace pandora::supervisor::os {

namespace {

constexpr int generations_max = 64; // deeper than any shell script; a bound against a tree that changes while we read

std::optional<Kinship> read_kinship(const std::filesystem::path& process)
{
    std::ifstream file{process / "stat"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return parse_kinship(text);
}

} // namespace

std::optional<Kinship> parse_kinship(std::string_view stat)
{
    const auto after_command = stat.rfind(')');
    if (after_command == std::string_view::npos) return std::nullopt;
    std::istringstream fields{std::string{stat.substr(after_command + 1)}};
    Kinship kin;
    if (!(fields >> kin.state >> kin.parent >> kin.group >> kin.session)) return std::nullopt;
    return kin;
}

bool group_runs(pid_t group, const std::filesystem::path& proc)
{
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{proc, ignored}) {
        const auto first = entry.path().filename().native().front();
        if (first < '0' || first > '9') continue;
        const auto kin = read_kinship(entry.path());
        if (kin && kin->group == group && kin->state != 'Z' && kin->state != 'X') return true;
    }
    return false;
}

std::vector<pid_t> lineage(pid_t pid, const std::filesystem::path& proc)
{
    std::vector<pid_t> found;
    for (int n = 0; n < generations_max && pid > 0; ++n) {
        const auto kin = read_kinship(proc / std::to_string(pid));
        if (!kin) break;
        found.push_back(pid);
        if (kin->session > 0 && kin->session != pid) found.push_back(kin->session);
        pid = kin->parent;
    }
    return found;
}

} // namespace pandora::supervisor::os
