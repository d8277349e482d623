// Whatever a worker sends, what is made of it can be shown, sent on, and added to a time; and it depends on the lines
// alone, not on what else stands between them.
#include "supervisor/core/notification.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace {

using namespace pandora::supervisor::core;

void require(bool holds)
{
    if (!holds) std::abort();
}

bool has_control_character(const std::string& text)
{
    return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void require_duration(const std::optional<std::chrono::microseconds>& duration)
{
    if (duration) require(duration->count() >= 0 && *duration <= notified_duration_max);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string text{reinterpret_cast<const char*>(data), size};
    const auto said = parse_notification(text);
    if (said.main_pid) require(*said.main_pid > 0);
    if (said.error_number) require(*said.error_number >= 0);
    require_duration(said.monotonic);
    require_duration(said.watchdog_period);
    require_duration(said.extend_timeout);
    if (said.complaint) require(!has_control_character(*said.complaint) && said.complaint->size() < 100);
    if (said.status) {
        require(!has_control_character(*said.status));
        require(parse_notification("STATUS=" + *said.status).status == said.status);
    }
    const bool is_text = !text.empty() && text.find('\0') == std::string::npos;
    if (is_text && size + 3 <= notification_bytes_max) require(parse_notification("X=\n" + text) == said);
    return 0;
}
