// What the native dialect writes, and how it is negotiated. What it reads is in native_dialect_incoming.cpp, and what
// it does with shared memory in native_dialect_pools.cpp.
#include "hub/client/cpp/native_dialect.hpp"

#include "hub/client/cpp/envelope.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pandora::hub::client {

namespace {

namespace flag = wire::flag;
using std::chrono::nanoseconds;

constexpr unsigned version = 1;
constexpr const char* feature_channel = "channel";
constexpr const char* feature_pool = "pool";
constexpr std::size_t name_bytes_max = 256; // as the hub numbers them

/// Clocks that differ by less are one clock, read a little earlier by the hub: its answer may take so long.
constexpr nanoseconds same_clock = std::chrono::seconds{5};

template <class Number>
Number number_member(const Json& object, const char* key)
{
    const Json* found = envelope::member(object, key);
    return found && found->is_number_unsigned() ? found->get<Number>() : Number{0};
}

bool has_feature(const Json& native, const char* feature)
{
    const Json* features = envelope::member(native, "features");
    return features && features->is_array() && std::ranges::find(*features, Json(feature)) != features->end();
}

nanoseconds clock_ahead(const Json& native, TimePoint now)
{
    const std::string digits = envelope::string_member(native, "clock");
    std::int64_t hub_clock = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hub_clock);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return {};
    const nanoseconds difference = nanoseconds{hub_clock} - now.time_since_epoch();
    return difference > -same_clock && difference < same_clock ? nanoseconds{0} : difference;
}

/// An error as legacy callers know it, for a call's answer.
Json error_payload(const CallError& error)
{
    return {{"message", error.message}, {"name", error.name}, {"stack", error.name + ": " + error.message}};
}

constexpr std::uint8_t code(wire::ControlVerb verb) { return static_cast<std::uint8_t>(verb); }

std::string fixed(const wire::RoutingBlock& block)
{
    const auto bytes = wire::encode_block(block);
    return {bytes.data(), bytes.size()};
}

std::uint8_t binary_flag(const Content& content) { return content.binary() ? flag::binary : std::uint8_t{0}; }

std::uint8_t flags_of(const Message& message)
{
    const bool event = message.verb == wire::Verb::event;
    const std::uint8_t kind = event ? std::uint8_t{0} : message.wants_answer ? flag::request : flag::oneway;
    return static_cast<std::uint8_t>(flag::native | kind | binary_flag(message.content));
}

} // namespace

Json offered(const NativeOffer& offer)
{
    Json native = Json::object();
    native["v"] = version;
    if (offer.window) native["credit"] = {{"messages", offer.window->messages}, {"kib", offer.window->kib}};
    if (offer.channels) native["features"].push_back(feature_channel);
    if (offer.pools) native["features"].push_back(feature_pool);
    return native;
}

std::optional<NativeGrant> granted(const Json& answer, TimePoint now)
{
    const Json* native = envelope::member(answer, "native");
    if (!native || number_member<unsigned>(*native, "v") != version) return std::nullopt;
    return NativeGrant{.body_bytes_max = number_member<std::uint32_t>(*native, "max"),
                       .handle = number_member<std::uint32_t>(*native, "handle"),
                       .clock_ahead = clock_ahead(*native, now),
                       .pools = has_feature(*native, feature_pool)};
}

OutFrame NativeDialect::control(wire::ControlVerb verb, wire::RoutingBlock block)
{
    block.verb = code(verb);
    return {.flags = flag::native | flag::control | flag::oneway, .head = fixed(block), .body = {}};
}

std::uint64_t NativeDialect::wire_time(TimePoint at) const
{
    const nanoseconds time = at.time_since_epoch() + grant_.clock_ahead;
    return static_cast<std::uint64_t>(std::max<nanoseconds::rep>(time.count(), 1)); // 0 would mean: none
}

std::uint32_t NativeDialect::number_of(wire::NameKind kind, const std::string& text)
{
    return text.empty() || peer_ ? 0 : names_.use(kind, text);
}

/// Fills in whom and what a frame names: by number, where there is one.
Encoded NativeDialect::addressed(Head head, const std::string& selector, const std::string& name, OutFrame frame)
{
    if (name.size() > name_bytes_max) return CallError{"too_large", "a name of more than 256 bytes"};
    head.block.dst = number_of(wire::NameKind::selector, selector);
    head.block.method = number_of(wire::NameKind::name, name);
    if (head.block.dst == 0) head.tlvs.selector = selector;
    if (head.block.method == 0) head.tlvs.name = name;
    auto encoded = wire::encode_head(head.block, head.tlvs);
    if (encoded) {
        frame.head = std::move(*encoded);
        return frame;
    }
    if (head.block.dst == 0 && names_.need(wire::NameKind::selector, selector)) return NeedsNumber{};
    return CallError{"too_large", "a selector of " + std::to_string(selector.size()) + " bytes"};
}

Encoded NativeDialect::encode(Message& message, std::optional<TimePoint> deadline)
{
    if (message.sticky.size() > wire::sticky_bytes_max)
        return CallError{"too_large", "a sticky key of more than 64 bytes"};
    Head head;
    head.block.verb = static_cast<std::uint8_t>(message.verb);
    head.block.act = static_cast<std::uint8_t>(message.act);
    head.block.options = message.options;
    head.block.deadline = deadline ? wire_time(*deadline) : 0;
    head.block.credit = wire::credit_of(0, message.parts);
    head.tlvs.sticky = message.sticky;
    const std::string trace = message.trace ? bytes_of(*message.trace) : std::string{};
    head.tlvs.trace = trace;
    const std::string selector = text_of(message.to);
    if (pools_ && takes_pooled_answers_ && message.wants_answer && message.verb == wire::Verb::invoke)
        head.block.options |= wire::option::pooled;
    OutFrame frame{.flags = flags_of(message), .head = {}, .body = {}};
    if (pools(message) && !pools_avoided_.contains(selector)) put_into_pool(message.content, frame);
    const auto place = frame.place;
    head.tlvs.shared = place;
    Encoded encoded = addressed(head, selector, message.name, std::move(frame));
    auto* const whole = std::get_if<OutFrame>(&encoded);
    if (!whole)
        forget(place);
    else if (!place)
        whole->body = std::move(message.content);
    return encoded;
}

Encoded NativeDialect::subscription(wire::ControlVerb verb, const Topic& topic, wire::RoutingBlock block)
{
    block.verb = code(verb);
    OutFrame frame{.flags = flag::native | flag::control | flag::request, .head = {}, .body = {}};
    const std::string all = topic.event == "*" ? std::string{} : topic.event; // no name at all stands for all
    return addressed({.block = block, .tlvs = {}}, text_of(Selector{topic.object}), all, std::move(frame));
}

Encoded NativeDialect::subscribe(const Topic& topic, Overflow overflow, std::uint16_t queue)
{
    wire::RoutingBlock block;
    block.act = static_cast<std::uint8_t>(overflow);
    block.credit = wire::credit_of(0, queue);
    return subscription(wire::ControlVerb::subscribe, topic, block);
}

Encoded NativeDialect::unsubscribe(const Topic& topic)
{
    return subscription(wire::ControlVerb::unsubscribe, topic, {});
}

Encoded NativeDialect::wait_for(const Selector& who, TimePoint deadline)
{
    Head head;
    head.block.verb = code(wire::ControlVerb::wait_for);
    head.block.deadline = wire_time(deadline);
    OutFrame frame{.flags = flag::native | flag::control | flag::request, .head = {}, .body = {}};
    return addressed(head, text_of(who), {}, std::move(frame));
}

Encoded NativeDialect::open_channel(const Message& message)
{
    Head head;
    head.block.verb = code(wire::ControlVerb::open_channel);
    head.tlvs.sticky = message.sticky;
    OutFrame frame{.flags = flag::native | flag::control | flag::request, .head = {}, .body = {}};
    return addressed(head, text_of(message.to), {}, std::move(frame));
}

OutFrame NativeDialect::report(std::uint32_t channel, const Json& totals, wire::Status is) const
{
    OutFrame frame = control(wire::ControlVerb::report, {.status = static_cast<std::uint8_t>(is), .method = channel});
    frame.body = content_of(totals);
    return frame;
}

OutFrame NativeDialect::intern(const Names::Wish& wish) const
{
    wire::RoutingBlock block;
    block.verb = code(wire::ControlVerb::intern);
    block.act = static_cast<std::uint8_t>(wish.kind);
    return {.flags = flag::native | flag::control | flag::request, .head = fixed(block), .body = wish.text};
}

OutFrame NativeDialect::pong() const { return control(wire::ControlVerb::pong); }

OutFrame NativeDialect::cancel() const { return control(wire::ControlVerb::cancel); }

OutFrame NativeDialect::credit(std::uint32_t credit) const
{
    return control(wire::ControlVerb::credit, {.credit = credit});
}

OutFrame NativeDialect::reply(wire::RoutingBlock block, std::uint8_t flags, Content content, bool pooled)
{
    block.verb = static_cast<std::uint8_t>(wire::Verb::reply);
    OutFrame frame{
        .flags = static_cast<std::uint8_t>(flag::native | flags | binary_flag(content)), .head = {}, .body = {}};
    if (pooled && pools_ && is_poolable(content, pools_->from)) put_into_pool(content, frame);
    frame.head = frame.place ? *wire::encode_head(block, {.shared = frame.place}) : fixed(block);
    if (!frame.place) frame.body = std::move(content);
    return frame;
}

OutFrame NativeDialect::answer(const Outcome& outcome, std::uint32_t credit, bool pooled)
{
    wire::RoutingBlock block{.credit = credit};
    if (outcome.is_absent()) return reply(block, 0, {}, false);
    if (const auto* bytes = std::get_if<Bytes>(&outcome)) return reply(block, 0, content_of(*bytes), pooled);
    if (const auto* value = std::get_if<Json>(&outcome)) return reply(block, 0, content_of(*value), pooled);
    block.status = static_cast<std::uint8_t>(wire::Status::app_error);
    return reply(block, 0, content_of(error_payload(std::get<CallError>(outcome))), false);
}

OutFrame NativeDialect::part(Content content, bool pooled) { return reply({}, flag::more, std::move(content), pooled); }

OutFrame NativeDialect::unsupported(const CallError& why, std::uint32_t credit)
{
    const auto status = static_cast<std::uint8_t>(wire::Status::unsupported);
    return reply({.status = status, .credit = credit}, 0, content_of(error_payload(why)), false);
}

} // namespace pandora::hub::client
