// What is owed to the hub of the window that this client has named: messages and bytes that the application is done
// with (PROTOCOL.md 9.6). Pure.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pandora::hub::client {

class CreditReturn {
public:
    /// Without a window nothing is ever owed.
    explicit CreditReturn(std::optional<Window> window = std::nullopt) : window_{window} {}

    bool bounded() const { return window_.has_value(); }

    /// The application is done with a message whose frame's body had so many bytes.
    void done(std::size_t body_bytes);

    /// Whether so much is owed that it should not wait for an answer to go with: half of either bound. So the hub
    /// always has the other half, or it is on its way.
    bool due() const;

    /// All that is owed, as far as it fits one credit field; it is owed no longer.
    std::uint32_t take();

private:
    std::optional<Window> window_;
    std::size_t messages_ = 0;
    std::size_t bytes_ = 0;
};

} // namespace pandora::hub::client
