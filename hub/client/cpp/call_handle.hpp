// What a caller holds of a call: how it hears of the end, and a handle to end it before.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace pandora::hub::client {

/// Must not throw: an exception leaves io_context::run().
using Completion = std::function<void(Outcome)>;

/// One answer of several. Must not throw.
using PartListener = std::function<void(Outcome)>;

/// The answer of one of all that were called; `who` is the callee as the hub verified it (as Call::source), empty where
/// the hub does not tell. Must not throw.
using EachListener = std::function<void(const Json& who, Outcome)>;

/// A call that was made. Copyable; may outlive the call and the client.
class CallHandle {
public:
    /// Who made the call.
    class Owner {
    public:
        virtual void cancel(std::uint64_t call) = 0;

    protected:
        ~Owner() = default;
    };

    CallHandle() = default;

    CallHandle(std::weak_ptr<Owner> owner, std::uint64_t call) : owner_{std::move(owner)}, call_{call} {}

    /// Ends the call, where it has not ended: its completion runs with PandoraCanceledError, and the callee is told.
    /// Whether it has acted is not known.
    void cancel() const
    {
        if (const auto owner = owner_.lock()) owner->cancel(call_);
    }

private:
    std::weak_ptr<Owner> owner_;
    std::uint64_t call_ = 0;
};

} // namespace pandora::hub::client
