#include "hub/core/counters.hpp"

#include <algorithm>

namespace pandora::hub::core {

std::string_view name_of(CallEnd end)
{
    switch (end) {
    case CallEnd::ok: return "ok";
    case CallEnd::app_error: return "app_error";
    case CallEnd::no_route: return "no_route";
    case CallEnd::peer_gone: return "peer_gone";
    case CallEnd::deadline: return "deadline";
    case CallEnd::busy: return "busy";
    case CallEnd::too_large: return "too_large";
    case CallEnd::shutting_down: return "shutting_down";
    case CallEnd::invalid: return "invalid";
    case CallEnd::caller_gone: return "caller_gone";
    case CallEnd::denied: return "denied";
    case CallEnd::unsupported: return "unsupported";
    case CallEnd::canceled: return "canceled";
    }
    return "";
}

std::string_view name_of(Drop reason)
{
    switch (reason) {
    case Drop::malformed: return "malformed";
    case Drop::no_envelope: return "no_envelope";
    case Drop::unknown_action: return "unknown_action";
    case Drop::wrong_shape: return "wrong_shape";
    case Drop::too_large: return "too_large";
    case Drop::no_route: return "no_route";
    case Drop::busy: return "busy";
    case Drop::late_reply: return "late_reply";
    case Drop::forged_reply: return "forged_reply";
    case Drop::receiver_gone: return "receiver_gone";
    case Drop::shutting_down: return "shutting_down";
    case Drop::descriptors: return "descriptors";
    case Drop::expired: return "expired";
    case Drop::denied: return "denied";
    case Drop::unsupported: return "unsupported";
    case Drop::not_publisher: return "not_publisher";
    case Drop::overflow: return "overflow";
    case Drop::monitor: return "monitor";
    case Drop::unasked: return "unasked";
    }
    return "";
}

std::string_view name_of(Disconnect reason)
{
    switch (reason) {
    case Disconnect::peer_closed: return "peer_closed";
    case Disconnect::io_error: return "io_error";
    case Disconnect::slow_reader: return "slow_reader";
    case Disconnect::memory_budget: return "memory_budget";
    case Disconnect::frame_too_large: return "frame_too_large";
    case Disconnect::frame_timeout: return "frame_timeout";
    case Disconnect::malformed: return "malformed";
    case Disconnect::uid_not_allowed: return "uid_not_allowed";
    case Disconnect::too_many_unidentified: return "too_many_unidentified";
    case Disconnect::shutting_down: return "shutting_down";
    case Disconnect::protocol_error: return "protocol_error";
    case Disconnect::out_of_descriptors: return "out_of_descriptors";
    case Disconnect::too_many: return "too_many";
    case Disconnect::too_many_of_user: return "too_many_of_user";
    case Disconnect::too_many_of_process: return "too_many_of_process";
    case Disconnect::too_many_offline: return "too_many_offline";
    case Disconnect::too_fast: return "too_fast";
    case Disconnect::denied: return "denied";
    }
    return "";
}

void DurationHistogram::add(std::chrono::nanoseconds duration)
{
    const double seconds = std::chrono::duration<double>{duration}.count();
    const auto bound = std::ranges::lower_bound(bounds_seconds, seconds);
    if (bound != bounds_seconds.end()) ++within_[static_cast<std::size_t>(bound - bounds_seconds.begin())];
    ++count_;
    sum_seconds_ += seconds;
}

std::array<std::uint64_t, DurationHistogram::bounds_seconds.size()> DurationHistogram::cumulative() const
{
    auto counts = within_;
    for (std::size_t i = 1; i < counts.size(); ++i) counts[i] += counts[i - 1];
    return counts;
}

} // namespace pandora::hub::core
