#include "supervisor/core/promises.hpp"

#include <algorithm>

namespace pandora::supervisor::core {

namespace {

// Objects of one run that are remembered. Choice: a worker that publishes without end must not fill the master.
constexpr std::size_t objects_max = 1'024;

} // namespace

void Promises::published(const std::string& object)
{
    const bool promised = std::find(asked_->objects.begin(), asked_->objects.end(), object) != asked_->objects.end();
    if (promised || objects_.size() < objects_max) objects_.insert(object);
}

std::string Promises::missing() const
{
    std::string text;
    const auto lacks = [&text](bool missing, const std::string& what) {
        if (missing) text += (text.empty() ? "" : ", ") + what;
    };
    for (const auto& object : asked_->objects) lacks(!objects_.contains(object), "object " + object);
    lacks(asked_->notify && !notified_, "READY=1");
    lacks(asked_->notification_fd && !newline_written_, "a newline on its notification descriptor");
    lacks(!asked_->log_line.empty() && !line_seen_, "its ready_log_line");
    lacks(asked_->probe && !probe_passes_, "its readiness_probe");
    return text;
}

} // namespace pandora::supervisor::core
