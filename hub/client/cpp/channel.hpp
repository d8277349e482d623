// A private socket to one provider of an object: calls without the hub in between.
#pragma once

#include "hub/client/cpp/call.hpp"
#include "hub/client/cpp/call_handle.hpp"

#include <memory>
#include <string>
#include <utility>

namespace pandora::hub::client {

/// What Client::open_channel() returns. Calls go through the hub until the channel is open and again after it has
/// ended, for whatever reason; what was in flight on it then fails with PandoraPeerGoneError. Every call meets the same
/// provider as long as the channel is open, and one of all that match otherwise. Lives on its client's thread; copies
/// share the channel, and the last one closes it. A channel of a client that is gone calls nobody.
class Channel {
public:
    class State;

    Channel() = default;

    explicit Channel(std::shared_ptr<State> state) : state_{std::move(state)} {}

    /// As Client::invoke() and invoke_stream(). Of the options, those that choose a callee are of no use meanwhile.
    CallHandle invoke(const std::string& method, Payload params, Completion done, CallOptions options = {}) const;
    CallHandle invoke_stream(const std::string& method, Payload params, PartListener part, Completion done,
                             CallOptions options = {}, std::uint16_t window = 16) const;

    /// Whether calls go past the hub at the moment.
    bool is_direct() const;

    void close() const;

private:
    std::shared_ptr<State> state_;
};

} // namespace pandora::hub::client
