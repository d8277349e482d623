// What the native dialect reads.
#include "hub/client/cpp/body_reader.hpp"
#include "hub/client/cpp/envelope.hpp"
#include "hub/client/cpp/native_dialect.hpp"

#include <algorithm>
#include <utility>

namespace pandora::hub::client {

namespace {

namespace flag = wire::flag;
using std::chrono::nanoseconds;

const CallError unmapped{"PandoraUnsupportedError", "an answer in shared memory that this client cannot map"};

/// What the legacy dialect calls the failures of the hub, so that callers compare one name whichever is spoken.
std::string legacy_name(wire::Status status)
{
    switch (status) {
    case wire::Status::ok: return {};
    case wire::Status::no_route: return "PandoraNoRouteError";
    case wire::Status::peer_gone: return "PandoraPeerGoneError";
    case wire::Status::deadline: return "MessengerRequestTimeoutError";
    case wire::Status::busy: return "PandoraBusyError";
    case wire::Status::denied: return "PandoraDeniedError";
    case wire::Status::too_large: return "PandoraTooLargeError";
    case wire::Status::unsupported: return "PandoraUnsupportedError";
    case wire::Status::app_error: return "Error";
    case wire::Status::shutting_down: return "PandoraShuttingDownError";
    case wire::Status::invalid: return "PandoraInvalidError";
    case wire::Status::canceled: return "PandoraCanceledError";
    }
    return "Error"; // of a later version
}

/// An application's error keeps the name it has; those of the hub have theirs by their status alone, whatever the
/// payload says.
CallError error_of(wire::Status status, const Json& payload)
{
    CallError error{legacy_name(status), envelope::string_member(payload, "message")};
    const std::string own_name = envelope::string_member(payload, "name");
    if (status == wire::Status::app_error && !own_name.empty()) error.name = own_name;
    if (error.message.empty() && payload.is_string()) error.message = payload.get<std::string>();
    if (error.message.empty()) error.message = wire::name_of(status);
    error.process = envelope::string_member(payload, "process");
    error.reason = envelope::string_member(payload, "reason");
    const Json* instance = envelope::member(payload, "instance");
    if (instance && instance->is_number_unsigned()) error.instance = instance->get<std::uint32_t>();
    return error;
}

bool is_request(const wire::FrameHeader& header) { return header.flags & flag::request; }

std::optional<std::uint32_t> asked_by(const wire::FrameHeader& header)
{
    return is_request(header) ? std::optional{header.id} : std::nullopt;
}

} // namespace

std::optional<TimePoint> NativeDialect::own_time(std::uint64_t at) const
{
    if (at == 0) return std::nullopt;
    // What no clock reads any more is no deadline, and would not fit either.
    constexpr auto never = static_cast<std::uint64_t>(nanoseconds::max().count()) / 2;
    if (at > never) return std::nullopt;
    return TimePoint{nanoseconds{static_cast<nanoseconds::rep>(at)} - grant_.clock_ahead};
}

Json NativeDialect::identity(std::uint32_t handle)
{
    if (peer_) return *peer_;
    const auto found = identities_.find(handle);
    if (found == identities_.end()) return Json::object();
    found->second.last_use = ++identity_uses_;
    return found->second.source;
}

/// An empty payload says that the handle has ended.
void NativeDialect::learn_identity(std::uint32_t handle, std::string_view payload)
{
    auto source = read_body(payload, nesting_max_);
    if (!source || !source->is_object()) {
        identities_.erase(handle);
        return;
    }
    identities_.insert_or_assign(handle, Identity{std::move(*source), ++identity_uses_});
    if (identities_.size() > identities_max) forget_silent_identities();
}

/// Half of them, so that it is seldom done.
void NativeDialect::forget_silent_identities()
{
    std::vector<std::uint64_t> uses;
    uses.reserve(identities_.size());
    for (const auto& [handle, known] : identities_) uses.push_back(known.last_use);
    const auto median = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 2);
    std::ranges::nth_element(uses, median);
    std::erase_if(identities_, [&](const auto& known) { return known.second.last_use < *median; });
}

ObjectName NativeDialect::object_of(const wire::NativeBody& body) const
{
    if (body.block.dst == 0) return object_name_of(body.tlvs.selector).value_or(ObjectName{});
    const ObjectName* known = names_.object(body.block.dst);
    return known ? *known : ObjectName{};
}

std::string NativeDialect::name_of(const wire::NativeBody& body) const
{
    if (body.block.method == 0) return std::string{body.tlvs.name};
    const std::string* known = names_.name(body.block.method);
    return known ? *known : std::string{};
}

Outcome NativeDialect::outcome_of(wire::Status status, std::string_view payload, bool binary) const
{
    if (status == wire::Status::ok && binary) return Bytes{std::string{payload}};
    if (status == wire::Status::ok && payload.empty()) return Outcome::absent();
    auto value = payload.empty() ? std::optional<Json>{nullptr} : read_body(payload, nesting_max_);
    // The end of a MULTI says how many have answered; that some did not is no failure of the whole.
    const bool end_of_multi = status == wire::Status::deadline && value && envelope::member(*value, "asked");
    if (status != wire::Status::ok && !end_of_multi) return error_of(status, value.value_or(Json{}));
    if (!value) return unreadable_error();
    return std::move(*value);
}

Received NativeDialect::read(const wire::FrameHeader& header, std::string_view text, std::vector<OwnedFd> descriptors)
{
    const bool both = (header.flags & flag::oneway) && is_request(header);
    if ((header.flags & flag::reserved) || both) return Broken{"the peer sent a frame with impossible flags"};
    const auto body = wire::parse_native(text);
    if (!body) return Broken{"the peer sent a routing block that is none"};
    if (header.flags & flag::control) return read_control(header, *body, std::move(descriptors));
    if (body->block.verb >= wire::verb_count) return Misunderstood{asked_by(header), text.size()};
    switch (static_cast<wire::Verb>(body->block.verb)) {
    case wire::Verb::invoke:
    case wire::Verb::multi:
    case wire::Verb::shout: return read_message(header, *body, text.size());
    case wire::Verb::reply: return read_answer(header, *body, std::move(descriptors));
    case wire::Verb::event: return read_event(*body, text.size());
    }
    return Nothing{};
}

Received NativeDialect::read_message(const wire::FrameHeader& header, const wire::NativeBody& body, std::size_t bytes)
{
    auto borrowed = borrow(body);
    const bool known = body.block.act < wire::act_count && (body.block.options & ~wire::option::known) == 0;
    const bool readable = !body.tlvs.shared || borrowed;
    if (!known || !readable || body.tlvs.misunderstood || body.tlvs.malformed)
        return Misunderstood{asked_by(header), bytes};
    auto [object, tag] = object_of(body);
    Asked asked{.packet = header.id,
                .wants_answer = is_request(header),
                .act = static_cast<wire::Act>(body.block.act),
                .object = std::move(object),
                .tag = std::move(tag),
                .name = name_of(body),
                .call = {.params = nullptr, .source = identity(body.block.src), .sender = body.block.src},
                .bytes = bytes};
    asked.parts = static_cast<std::uint16_t>(wire::messages_of(body.block.credit));
    asked.call.takes_parts = asked.parts > 0;
    asked.call.deadline = own_time(body.block.deadline);
    asked.call.trace = trace_of(body.tlvs.trace);
    asked.pooled = (body.block.options & wire::option::pooled) != 0;
    if (header.flags & flag::binary) {
        asked.call.bytes = borrowed ? std::move(*borrowed) : Bytes{std::string{body.payload}};
        return asked;
    }
    if (borrowed && borrowed->size() > json_bytes_max)
        return Unreadable{.answers = {}, .asks = asked_by(header), .bytes = bytes};
    // Its sender could change it while it is read, hence the copy.
    const std::string copy = borrowed ? std::string{borrowed->text()} : std::string{};
    const std::string_view text = borrowed ? std::string_view{copy} : body.payload;
    auto payload = text.empty() ? std::optional<Json>{nullptr} : read_body(text, nesting_max_);
    if (!payload) return Unreadable{.answers = {}, .asks = asked_by(header), .bytes = bytes};
    (asked.act == wire::Act::raw ? asked.raw : asked.call.params) = std::move(*payload);
    return asked;
}

Received NativeDialect::read_event(const wire::NativeBody& body, std::size_t bytes) const
{
    auto params = body.payload.empty() ? std::optional{Json::array()} : read_body(body.payload, nesting_max_);
    if (!params) return Unreadable{.answers = {}, .asks = {}, .bytes = bytes};
    if (!params->is_array()) params = Json::array({std::move(*params)});
    return Happened{{object_of(body).object, name_of(body)}, std::move(*params), bytes};
}

Outcome NativeDialect::outcome_of(const wire::FrameHeader& header, const wire::NativeBody& body)
{
    const auto status = static_cast<wire::Status>(body.block.status);
    const bool binary = (header.flags & flag::binary) != 0;
    if (!body.tlvs.shared) return outcome_of(status, body.payload, binary);
    auto borrowed = borrow(body);
    if (!borrowed) {
        takes_pooled_answers_ = false; // the next would be lost as well
        return unmapped;
    }
    if (binary && status == wire::Status::ok) return std::move(*borrowed);
    if (borrowed->size() > json_bytes_max) return unreadable_error();
    return outcome_of(status, std::string{borrowed->text()}, binary); // a copy, for its sender could change it
}

Received NativeDialect::read_answer(const wire::FrameHeader& header, const wire::NativeBody& body,
                                    std::vector<OwnedFd> descriptors)
{
    const bool with_socket = !descriptors.empty();
    return NativeAnswered{.packet = header.id,
                          .status = static_cast<wire::Status>(body.block.status),
                          .more = (header.flags & flag::more) != 0,
                          .src = body.block.src,
                          .number = body.block.dst,
                          .channel = with_socket ? body.block.method : 0,
                          .socket = with_socket ? std::move(descriptors.front()) : OwnedFd{},
                          .outcome = outcome_of(header, body)};
}

Received NativeDialect::read_control(const wire::FrameHeader& header, const wire::NativeBody& body,
                                     std::vector<OwnedFd> descriptors)
{
    if (!(header.flags & (flag::oneway | flag::request))) return read_answer(header, body, std::move(descriptors));
    if (is_request(header)) return Misunderstood{header.id}; // there is nothing that a hub could ask
    const wire::RoutingBlock& block = body.block;
    if (block.verb == 0 || block.verb >= wire::control_verb_end) return Nothing{};
    switch (static_cast<wire::ControlVerb>(block.verb)) {
    case wire::ControlVerb::named:
        if (block.act <= static_cast<std::uint8_t>(wire::NameKind::name))
            names_.learn(static_cast<wire::NameKind>(block.act), block.dst, std::string{body.payload});
        return Nothing{};
    case wire::ControlVerb::identity: learn_identity(block.src, body.payload); return Nothing{};
    case wire::ControlVerb::ping: return Pinged{header.id};
    case wire::ControlVerb::cancel: return CancelAsked{header.id};
    case wire::ControlVerb::credit: return PartsGranted{header.id, wire::messages_of(block.credit)};
    case wire::ControlVerb::overflow: {
        const std::string event = name_of(body);
        return EventsLost{{object_of(body).object, event.empty() ? "*" : event}, block.deadline};
    }
    case wire::ControlVerb::channel:
        if (block.status != 0) return ChannelGone{block.method};
        if (descriptors.size() == 1) return ChannelGiven{block.method, block.src, std::move(descriptors.front())};
        return Nothing{};
    case wire::ControlVerb::goaway: return GoAwayAsked{};
    case wire::ControlVerb::pool: return read_pool(block, std::move(descriptors));
    case wire::ControlVerb::release:
        if (pools_) pools_->own.released(block.dst, block.method);
        return PlaceFreed{};
    case wire::ControlVerb::intern:
    case wire::ControlVerb::pong:
    case wire::ControlVerb::subscribe:
    case wire::ControlVerb::unsubscribe:
    case wire::ControlVerb::open_channel:
    case wire::ControlVerb::report:
    case wire::ControlVerb::wait_for: return Nothing{};
    }
    return Nothing{};
}

} // namespace pandora::hub::client
