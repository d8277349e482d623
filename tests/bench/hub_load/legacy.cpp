/// The hub's JSON dialect, written as the npm client does (hub/PROTOCOL.md, sections 2 to 6). Also for npm's own hub.
#include "tests/bench/hub_load/frame.hpp"
#include "tests/bench/hub_load/stream_endpoint.hpp"
#include "tests/bench/hub_load/transports.hpp"

#include <charconv>
#include <stdexcept>

namespace pandora::bench::hub_load {
namespace {

constexpr std::uint64_t first_request = 16; // the ids below are those of the greeting
constexpr std::string_view answer_prefix = R"({"action":"response_callback_)";
constexpr std::string_view message_prefix = R"({"action":"PANDORA_HUB_ACTION_MSG_DOWN")";
constexpr std::string_view success = R"("success":true,"data":")";
constexpr std::string_view parameters = R"("data":[")";

/// The text up to the next quote: what is sent holds no escapes.
std::string_view quoted(std::string_view body, std::size_t at) { return body.substr(at, body.find('"', at) - at); }

[[noreturn]] void fail(std::string_view body)
{
    const std::string text = "the hub answered " + std::string{body.substr(0, 300)};
    if (body.find("PandoraBusyError") != body.npos) throw Refused{text};
    throw std::runtime_error{text};
}

class LegacyEndpoint final : public StreamEndpoint {
public:
    LegacyEndpoint(const std::string& path, Role role) : StreamEndpoint{Stream::connect_unix(path)}
    {
        const std::string_view name = role == Role::caller || role == Role::publisher ? "asks" : "serves";
        host_ = R"({"appName":"bench","processName":")" + std::string{name} +
                R"(","pid":"1","clientId":"8f6b1c1e-6f1f-4c86-9d0e-3c2f5a9b7d10"})";
        ask(1, R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":)" + host_ + R"(,"needReply":true}})");
        if (role == Role::callee) publish_object(std::string{object_name});
        if (role == Role::subscriber) publish_object(std::string{object_name} + "@subscriber");
    }

    void request(std::uint64_t id, std::string_view payload) override
    {
        static constexpr std::string_view head =
            R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"bench"},)"
            R"("action":"OBJECT_ACTION_INVOKE","broadcast":false,"propertyName":"echo","data":[")";
        append(id + first_request, {head, payload, R"("],"host":)", host_, R"(,"needReply":true}})"});
    }

    void answer(const Message& request) override
    {
        const std::string number = std::to_string(request.id);
        append(next_id_++, {answer_prefix, number, R"(","data":{"host":)", host_, R"(,"remote":)", host_,
                            R"(,"success":true,"data":")", request.payload, R"("}})"});
    }

    /// As section 6 of the protocol tells events.
    void publish(std::string_view payload) override
    {
        static constexpr std::string_view head =
            R"({"action":"PANDORA_HUB_ACTION_MSG_UP","data":{"remote":{"objectName":"bench@subscriber"},)"
            R"("action":"OBJECT_ACTION_INVOKE","broadcast":true,"propertyName":"callback","data":[")";
        append(next_id_++, {head, payload, R"("],"host":)", host_, "}}"});
    }

protected:
    std::size_t next(std::string_view input, const Take& take) override
    {
        const auto frame = read_frame(input);
        if (!frame) return 0;
        const std::string_view body = frame->body;
        if (body.starts_with(answer_prefix)) {
            std::uint64_t id = 0;
            std::from_chars(body.data() + answer_prefix.size(), body.data() + body.size(), id);
            const std::size_t at = body.find(success);
            if (at == body.npos) fail(body);
            take({.id = id - first_request, .payload = quoted(body, at + success.size())});
        } else if (body.starts_with(message_prefix)) {
            const std::size_t at = body.find(parameters);
            if (at == body.npos) throw std::runtime_error{"no parameters in " + std::string{body.substr(0, 300)}};
            take({.id = frame->id, .payload = quoted(body, at + parameters.size())});
        }
        return frame->bytes();
    }

private:
    void append(std::uint64_t id, std::initializer_list<std::string_view> parts)
    {
        std::size_t bytes = 0;
        for (const std::string_view part : parts) bytes += part.size();
        append_frame_header(out(), 0, static_cast<std::uint32_t>(id), bytes);
        for (const std::string_view part : parts) out() += part;
    }

    void publish_object(const std::string& name)
    {
        ask(2, R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP","data":{"data":{"selector":{"objectName":")" + name +
                   R"("}},"host":)" + host_ + R"(,"needReply":true}})");
    }

    void ask(std::uint32_t id, const std::string& body)
    {
        append(id, {body});
        read_until([](std::string_view input) { return read_frame(input).has_value(); });
        const auto answer = read_frame(stream().input());
        if (answer->body.find(R"("success":true)") == answer->body.npos) fail(answer->body);
        stream().consume(answer->bytes());
    }

    std::string host_;
    std::uint64_t next_id_ = first_request;
};

std::unique_ptr<Endpoint> connect_legacy(const std::string& path, Role role)
{
    return std::make_unique<LegacyEndpoint>(path, role);
}

} // namespace

std::unique_ptr<Transport> make_legacy(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect_legacy>>(path);
}

} // namespace pandora::bench::hub_load
