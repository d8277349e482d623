#include "hub/core/admission.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pandora::hub::core {

Admission::Place::Place(Admission& admission, const Credentials& who)
    : admission_{&admission}, uid_{who.uid}, pid_{who.pid}
{}

Admission::Place::Place(Place&& other) noexcept
    : admission_{std::exchange(other.admission_, nullptr)}, uid_{other.uid_}, pid_{other.pid_}, online_{other.online_}
{}

Admission::Place& Admission::Place::operator=(Place&& other) noexcept
{
    if (admission_ && this != &other) admission_->leave(*this);
    admission_ = std::exchange(other.admission_, nullptr);
    uid_ = other.uid_;
    pid_ = other.pid_;
    online_ = other.online_;
    return *this;
}

Admission::Place::~Place()
{
    if (admission_) admission_->leave(*this);
}

void Admission::Place::online()
{
    if (std::exchange(online_, true) || !admission_) return;
    --admission_->users_.at(uid_).offline;
}

Admission::Admission(const wire::Limits& limits, const Scope& scope)
    : limits_{limits}, scope_{scope}, pace_{std::chrono::nanoseconds{std::chrono::seconds{1}} /
                                            static_cast<std::int64_t>(limits.newcomers_per_second)}
{}

std::variant<Admission::Place, Disconnect> Admission::arrive(const Credentials& who, TimePoint now)
{
    User& its = user(who.uid, now);
    if (const auto refused = refusal(who, its, now)) return *refused;
    its.paid_until = std::max(its.paid_until, now) + pace_;
    ++its.connections;
    ++its.offline;
    if (who.pid > 0) ++processes_[who.pid];
    ++connections_;
    return Place{*this, who};
}

std::optional<Disconnect> Admission::refusal(const Credentials& who, const User& user, TimePoint now) const
{
    if (connections_ >= places_for(who.uid)) return Disconnect::too_many;
    if (user.connections >= share_of(who.uid)) return Disconnect::too_many_of_user;
    if (connections_of(who.pid) >= limits_.connections_of_process_max) return Disconnect::too_many_of_process;
    if (user.offline >= limits_.offline_of_user_max) return Disconnect::too_many_offline;
    const auto ahead = static_cast<std::int64_t>(limits_.newcomers_at_once_max) * pace_;
    if (std::max(user.paid_until, now) + pace_ - now > ahead) return Disconnect::too_fast;
    return std::nullopt;
}

/// Of somebody who has not been here for a while nothing needs to be remembered; looked for when another one comes, so
/// that a user who comes and goes keeps what it owes.
Admission::User& Admission::user(uid_t uid, TimePoint now)
{
    if (const auto found = users_.find(uid); found != users_.end()) return found->second;
    std::erase_if(users_,
                  [&](const auto& entry) { return entry.second.connections == 0 && entry.second.paid_until <= now; });
    return users_[uid];
}

/// Of all that there are. In a tiny hub root is kept fewer, or nobody else would get in.
std::size_t Admission::places_for(uid_t uid) const
{
    if (uid == 0) return scope_.connections_max;
    return scope_.connections_max - std::min(limits_.connections_kept_for_root, scope_.connections_max / 4);
}

std::size_t Admission::share_of(uid_t uid) const
{
    if (is_privileged(uid)) return scope_.connections_max;
    return std::min(limits_.connections_of_user_max, std::max<std::size_t>(scope_.connections_max / 2, 1));
}

std::size_t Admission::connections_of(pid_t pid) const
{
    const auto found = processes_.find(pid); // those without a number are of many processes, and not in it
    return found == processes_.end() ? 0 : found->second;
}

void Admission::leave(const Place& place)
{
    User& its = users_.at(place.uid_);
    assert(its.connections > 0 && connections_ > 0);
    --its.connections;
    if (!place.online_) --its.offline;
    --connections_;
    const auto process = processes_.find(place.pid_);
    if (process != processes_.end() && --process->second == 0) processes_.erase(process);
}

} // namespace pandora::hub::core
