#include "supervisor/os/session_memory.hpp"

#include "supervisor/os/proc_file.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <unistd.h>

namespace pandora::supervisor::os {

namespace {

constexpr int session_field = 6;
constexpr int resident_field = 24;

template <class Number>
bool read_number(std::string_view text, Number& number)
{
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stopped == end;
}

} // namespace

std::optional<SessionShare> parse_session_share(std::string_view stat)
{
    const auto name_end = stat.rfind(')'); // the name may hold spaces and parentheses itself
    if (name_end == std::string_view::npos) return std::nullopt;
    auto rest = stat.substr(name_end + 1);
    SessionShare share;
    for (int field = 3; field <= resident_field; ++field) {
        rest.remove_prefix(std::min(rest.find_first_not_of(" \n"), rest.size()));
        const auto word = rest.substr(0, rest.find_first_of(" \n"));
        rest.remove_prefix(word.size());
        if (field == session_field && !read_number(word, share.session)) return std::nullopt;
        if (field == resident_field && !read_number(word, share.resident_pages)) return std::nullopt;
    }
    return share;
}

std::vector<std::uint64_t> resident_by_session(const std::vector<pid_t>& sessions, const std::filesystem::path& proc)
{
    std::vector<std::uint64_t> bytes(sessions.size());
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{proc, error}) {
        if (entry.path().filename().native().find_first_not_of("0123456789") != std::string::npos) continue;
        const auto share = parse_session_share(read_proc_file(entry.path() / "stat"));
        if (!share) continue; // it has ended meanwhile
        const auto found = std::ranges::find(sessions, share->session);
        if (found != sessions.end())
            bytes[static_cast<std::size_t>(found - sessions.begin())] += share->resident_pages * page;
    }
    return bytes;
}

} // namespace pandora::supervisor::os
