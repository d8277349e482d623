#include "hub/core/failure.hpp"

#include "hub/wire/json_text.hpp"
#include "hub/wire/legacy_json.hpp"

namespace pandora::hub::core {

Drop drop_of(CallEnd end)
{
    switch (end) {
    case CallEnd::no_route: return Drop::no_route;
    case CallEnd::peer_gone: return Drop::receiver_gone;
    case CallEnd::deadline: return Drop::expired;
    case CallEnd::busy: return Drop::busy;
    case CallEnd::denied: return Drop::denied;
    case CallEnd::too_large: return Drop::too_large;
    case CallEnd::unsupported: return Drop::unsupported;
    case CallEnd::shutting_down: return Drop::shutting_down;
    case CallEnd::ok:
    case CallEnd::app_error:
    case CallEnd::invalid:
    case CallEnd::canceled:
    case CallEnd::caller_gone: break;
    }
    return Drop::wrong_shape;
}

wire::Status status_of(CallEnd end)
{
    switch (end) {
    case CallEnd::ok: return wire::Status::ok;
    case CallEnd::app_error: return wire::Status::app_error;
    case CallEnd::no_route: return wire::Status::no_route;
    case CallEnd::peer_gone: return wire::Status::peer_gone;
    case CallEnd::deadline: return wire::Status::deadline;
    case CallEnd::busy: return wire::Status::busy;
    case CallEnd::denied: return wire::Status::denied;
    case CallEnd::too_large: return wire::Status::too_large;
    case CallEnd::unsupported: return wire::Status::unsupported;
    case CallEnd::shutting_down: return wire::Status::shutting_down;
    case CallEnd::invalid: return wire::Status::invalid;
    case CallEnd::canceled:
    case CallEnd::caller_gone: break;
    }
    return wire::Status::canceled;
}

CallEnd end_of(wire::Status status)
{
    switch (status) {
    case wire::Status::ok: return CallEnd::ok;
    case wire::Status::denied: return CallEnd::denied;
    case wire::Status::unsupported: return CallEnd::unsupported;
    case wire::Status::invalid: return CallEnd::invalid;
    case wire::Status::canceled: return CallEnd::canceled;
    case wire::Status::no_route:
    case wire::Status::peer_gone:
    case wire::Status::deadline:
    case wire::Status::busy:
    case wire::Status::too_large:
    case wire::Status::app_error:
    case wire::Status::shutting_down: break; // the hub's to say: from a callee they are its own failure
    }
    return CallEnd::app_error;
}

std::string_view error_name(CallEnd end)
{
    switch (end) {
    case CallEnd::no_route: return "PandoraNoRouteError";
    case CallEnd::peer_gone: return "PandoraPeerGoneError";
    case CallEnd::deadline: return "MessengerRequestTimeoutError"; // the npm client's own
    case CallEnd::busy: return "PandoraBusyError";
    case CallEnd::denied: return "PandoraDeniedError";
    case CallEnd::too_large: return "PandoraTooLargeError";
    case CallEnd::unsupported: return "PandoraUnsupportedError";
    case CallEnd::shutting_down: return "PandoraShuttingDownError";
    case CallEnd::canceled: return "PandoraCanceledError";
    case CallEnd::ok:
    case CallEnd::app_error:
    case CallEnd::invalid:
    case CallEnd::caller_gone: break;
    }
    return {};
}

std::string error_json(const Failure& failure)
{
    std::string out;
    wire::append_error(out, error_name(failure.end), failure.message);
    out.pop_back(); // the closing brace
    if (failure.whose) {
        out += R"(,"process":)";
        wire::append_json_string(out, failure.whose->process);
        out += R"(,"instance":)" + std::to_string(failure.whose->instance);
    }
    if (!failure.reason.empty()) {
        out += R"(,"reason":)";
        wire::append_json_string(out, failure.reason);
    }
    out += '}';
    return out;
}

std::string failure_reply(const Failure& failure, std::string_view remote)
{
    std::string out{"{"};
    if (!remote.empty()) out.append(R"("remote":)").append(remote).append(",");
    out.append(R"("success":false,"error":)").append(error_json(failure)).append("}");
    return out;
}

} // namespace pandora::hub::core
