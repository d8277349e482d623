// The legacy dialect (PROTOCOL.md 2 to 7): messages to JSON frames, and JSON frames to what they mean. Pure.
#pragma once

#include "hub/client/cpp/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::client {

class LegacyDialect {
public:
    /// `host` is what this client calls itself.
    LegacyDialect(Json host, std::size_t nesting_max)
        : host_(std::move(host)), host_text_{content_of(host_).text()}, nesting_max_{nesting_max}
    {}

    const Json& host() const { return host_; }

    /// `timeout`: of what is a call; the time that is left.
    Encoded encode(const Message& message, std::optional<Millis> timeout) const;

    /// The answer to the hub's frame `packet`.
    OutFrame answer(std::uint32_t packet, const Json& caller, const Outcome& outcome) const;

    /// `now`: what the deadline of a call is counted from.
    Received read(std::uint32_t packet, std::string_view body, TimePoint now) const;

private:
    Received read_message(std::uint32_t packet, Json message, Json source, TimePoint now) const;

    Json host_;
    std::string host_text_;
    std::size_t nesting_max_;
};

} // namespace pandora::hub::client
