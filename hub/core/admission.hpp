// Who may connect: how many connections there are, of whom, and how fast they come.
#pragma once

#include "hub/core/counters.hpp"
#include "hub/core/identity.hpp"
#include "hub/core/ids.hpp"
#include "hub/wire/limits.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <variant>

namespace pandora::hub::core {

/// Counts connections by the user and the process that the kernel says made them. Pure: time is passed in. Its memory
/// grows with the users and processes that are connected, not with those that ever were.
class Admission {
public:
    struct Scope {
        uid_t owner = 0;                 // whose app it is: not held to a user's share, and neither is root
        std::size_t connections_max = 0; // in all, builtin ones not counted
    };

    /// What one connection takes; given back by its end. Must not outlive the Admission it is of.
    class Place {
    public:
        Place() = default; // of a connection that nobody counts: a builtin one
        Place(Place&& other) noexcept;
        Place& operator=(Place&& other) noexcept;
        ~Place();

        /// The connection has said who it is. Repeated calls do nothing.
        void online();

    private:
        friend class Admission;
        Place(Admission& admission, const Credentials& who);

        Admission* admission_ = nullptr;
        uid_t uid_ = 0;
        pid_t pid_ = 0;
        bool online_ = false;
    };

    Admission(const wire::Limits& limits, const Scope& scope);
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    /// A connection was accepted: its place, or why it has to be closed. `now` never decreases.
    std::variant<Place, Disconnect> arrive(const Credentials& who, TimePoint now);

    std::size_t connections() const { return connections_; }

private:
    struct User {
        std::size_t connections = 0;
        std::size_t offline = 0;
        /// When what it did so far would be over at the allowed pace: a bucket of permissions, as one time instead of
        /// a number that has to be refilled (the "generic cell rate algorithm" of ITU-T I.371).
        TimePoint paid_until{};
    };

    std::optional<Disconnect> refusal(const Credentials& who, const User& user, TimePoint now) const;
    User& user(uid_t uid, TimePoint now);

    bool is_privileged(uid_t uid) const { return uid == 0 || uid == scope_.owner; }

    std::size_t places_for(uid_t uid) const;
    std::size_t share_of(uid_t uid) const;
    std::size_t connections_of(pid_t pid) const;
    void leave(const Place& place);

    wire::Limits limits_;
    Scope scope_;
    std::unordered_map<uid_t, User> users_;
    std::unordered_map<pid_t, std::size_t> processes_;
    std::chrono::nanoseconds pace_; // between two newcomers of a user, on average
    std::size_t connections_ = 0;
};

} // namespace pandora::hub::core
