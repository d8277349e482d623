#include "supervisor/cli/hub_outcome.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pandora::supervisor::cli {

using hub::client::Json;

namespace {

struct Known {
    std::string_view error;   // its name on the wire, in either dialect
    std::string_view outcome; // hub/PROTOCOL.md 9.4
    int code;
};

constexpr std::array known{
    Known{"no_route", "no_route", exit_code::no_route},
    Known{"PandoraNoRouteError", "no_route", exit_code::no_route},
    Known{"peer_gone", "peer_gone", exit_code::peer_gone},
    Known{"PandoraPeerGoneError", "peer_gone", exit_code::peer_gone},
    Known{"PandoraConnectionLostError", "peer_gone", exit_code::peer_gone},
    Known{"deadline", "deadline", exit_code::deadline},
    Known{"MessengerRequestTimeoutError", "deadline", exit_code::deadline},
    Known{"busy", "busy", exit_code::busy},
    Known{"PandoraBusyError", "busy", exit_code::busy},
    Known{"denied", "denied", exit_code::denied},
    Known{"PandoraDeniedError", "denied", exit_code::denied},
    Known{"too_large", "too_large", exit_code::failed},
    Known{"PandoraTooLargeError", "too_large", exit_code::failed},
    Known{"unsupported", "unsupported", exit_code::failed},
    Known{"PandoraUnsupportedError", "unsupported", exit_code::failed},
    Known{"shutting_down", "shutting_down", exit_code::peer_gone},
    Known{"PandoraShuttingDownError", "shutting_down", exit_code::peer_gone},
    Known{"invalid", "invalid", exit_code::failed},
    Known{"PandoraInvalidError", "invalid", exit_code::failed},
    Known{"PandoraMalformedFrameError", "invalid", exit_code::failed},
    Known{"canceled", "canceled", exit_code::failed},
    Known{"PandoraCanceledError", "canceled", exit_code::failed},
};

constexpr Known of_the_callee{"", "app_error", exit_code::failed};

const Known& known_as(const hub::client::CallError& error)
{
    const auto found = std::ranges::find(known, error.name, &Known::error);
    return found == known.end() ? of_the_callee : *found;
}

/// Whose fault it is, and why, as far as the message does not say so already: the hub's often do.
std::string blame(const hub::client::CallError& error)
{
    const auto says = [&](const std::string& what) { return error.message.find(what) != std::string::npos; };
    const bool explains = !error.reason.empty() && !says(error.reason);
    // Nobody was reached: the process is who ought to have had the object, and counts only for why it has not.
    if (known_as(error).code == exit_code::no_route)
        return explains ? "; " + error.process + (error.process.empty() ? "" : ": ") + error.reason : "";
    std::string text;
    const auto number = error.instance ? std::to_string(*error.instance) : "";
    const bool named = error.process.empty() || says("(" + error.process + "#" + number + ")"); // "c12 (web#1) left"
    if (!named) text += "; by " + error.process + (number.empty() ? "" : "/" + number);
    if (explains) text += "; " + error.reason;
    return text;
}

} // namespace

std::string outcome_name(const hub::client::CallError& error) { return std::string{known_as(error).outcome}; }

int exit_code_of(const hub::client::CallError& error) { return known_as(error).code; }

std::string failure_text(const hub::client::CallError& error)
{
    auto text = outcome_name(error) + ": " + error.message;
    const bool named = !error.name.empty() && error.name != "Error";
    if (&known_as(error) == &of_the_callee && named) text += " (" + error.name + ")";
    return text + blame(error);
}

Json failure_json(const hub::client::CallError& error)
{
    Json json{{"outcome", outcome_name(error)}, {"name", error.name}, {"message", error.message}};
    if (!error.process.empty()) json["process"] = error.process;
    if (error.instance) json["instance"] = *error.instance;
    if (!error.reason.empty()) json["reason"] = error.reason;
    return json;
}

} // namespace pandora::supervisor::cli
