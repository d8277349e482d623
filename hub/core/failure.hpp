// Why a call failed, in the words of both dialects. Pure.
#pragma once

#include "hub/core/counters.hpp"
#include "hub/core/drains.hpp"
#include "hub/wire/native.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pandora::hub::core {

struct Failure {
    CallEnd end;
    std::string message;
    std::optional<InstanceName> whose = std::nullopt; // of the callee that it is about
    std::string reason = {};                          // what the supervisor knows of that; empty: nothing
};

/// What it counts as where nobody waits for an answer.
Drop drop_of(CallEnd end);

wire::Status status_of(CallEnd end);

/// The reverse: of a status that a callee answered with, also of a number that is none. What it may not say is its own
/// failure.
CallEnd end_of(wire::Status status);

/// The `name` of the error in the legacy dialect; empty where Pandora.js has none.
std::string_view error_name(CallEnd end);

/// The error as JSON: {"stack","message","name"?,"process"?,"instance"?,"reason"?}.
std::string error_json(const Failure& failure);

/// {"success":false,"error":<error_json>}, with `,"remote":<remote>` where `remote` is not empty.
std::string failure_reply(const Failure& failure, std::string_view remote = {});

} // namespace pandora::hub::core
