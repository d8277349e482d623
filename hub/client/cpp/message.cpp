#include "hub/client/cpp/message.hpp"

#include "hub/client/cpp/json_text.hpp"
#include "hub/wire/json_text.hpp"

#include <cstring>

namespace pandora::hub::client {

namespace {

constexpr std::size_t typical_selector_bytes = 64; // so that it seldom grows

void append_member(std::string& out, std::string_view key, const std::string& value)
{
    if (value.empty()) return;
    out.append(out.size() == 1 ? "\"" : ",\"").append(key).append("\":");
    wire::append_json_string(out, value);
}

} // namespace

bool matches(std::string_view pattern, std::string_view event)
{
    if (!pattern.ends_with('*')) return pattern == event;
    pattern.remove_suffix(1);
    return event.starts_with(pattern);
}

CallError unreadable_error() { return {"PandoraMalformedFrameError", "JSON that this client cannot read"}; }

Content content_of(const Json& value) { return json_text(value); }

Content content_of(const Payload& payload)
{
    return std::visit([](const auto& kind) { return content_of(kind); }, payload);
}

std::string text_of(const Selector& selector)
{
    std::string out;
    out.reserve(typical_selector_bytes);
    out += '{';
    append_member(out, "objectName", selector.object);
    append_member(out, "objectTag", selector.tag);
    append_member(out, "appName", selector.app);
    append_member(out, "processName", selector.process);
    append_member(out, "pid", selector.pid);
    append_member(out, "clientId", selector.client_id);
    out += '}';
    return out;
}

std::string bytes_of(const Trace& trace)
{
    std::string bytes;
    bytes.append(reinterpret_cast<const char*>(trace.trace_id.data()), trace.trace_id.size());
    bytes.append(reinterpret_cast<const char*>(trace.span_id.data()), trace.span_id.size());
    bytes.push_back(static_cast<char>(trace.flags));
    return bytes;
}

std::optional<Trace> trace_of(std::string_view bytes)
{
    if (bytes.size() != wire::trace_bytes) return std::nullopt;
    Trace trace;
    std::memcpy(trace.trace_id.data(), bytes.data(), trace.trace_id.size());
    std::memcpy(trace.span_id.data(), bytes.data() + trace.trace_id.size(), trace.span_id.size());
    trace.flags = static_cast<std::uint8_t>(bytes.back());
    return trace;
}

} // namespace pandora::hub::client
