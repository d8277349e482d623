/// The hub's binary dialect (hub/PROTOCOL.md, section 9), and the direct channels that it gives (9.8).
#include "tests/bench/hub_load/frame.hpp"
#include "tests/bench/hub_load/stream_endpoint.hpp"
#include "tests/bench/hub_load/transports.hpp"

#include <stdexcept>

namespace pandora::bench::hub_load {
namespace {

constexpr std::uint8_t oneway = 0x80, request_flag = 0x40, native = 0x20, binary = 0x10, control = 0x02;
constexpr std::uint8_t invoke = 0, reply = 2, event = 3;                                               // verbs
constexpr std::uint8_t intern = 1, ping = 4, pong = 5, subscribe = 8, open_channel = 12, channel = 13; // of control
constexpr std::uint8_t selector = 0, name = 1;                                                         // acts of INTERN
constexpr std::uint8_t ok = 0, busy = 4;                                                               // statuses
constexpr std::size_t block_bytes = 32;
constexpr std::uint32_t first_request = 16; // the ids below are those of the greeting

/// A routing block without TLVs.
struct Block {
    std::uint8_t verb = 0;
    std::uint8_t status = 0;
    std::uint32_t dst = 0;
    std::uint32_t method = 0;
    std::uint8_t act = 0;
};

void append_block(std::string& out, const Block& block)
{
    append_number(out, block.verb, 1);
    append_number(out, block_bytes / 4, 1);
    append_number(out, block.status, 1);
    append_number(out, 0, 1); // descriptors
    append_number(out, block.dst, 4);
    append_number(out, 0, 4); // src
    append_number(out, block.method, 4);
    append_number(out, 0, 8); // deadline: the default
    append_number(out, 0, 4); // credit
    append_number(out, 0, 1); // options
    append_number(out, block.act, 1);
    append_number(out, 0, 2); // schema
}

struct NativeFrame {
    Frame frame;
    Block block;
    std::string_view payload;
};

NativeFrame as_native(const Frame& frame)
{
    const std::string_view body = frame.body;
    if (!(frame.flags & native) || body.size() < block_bytes) throw std::runtime_error{"not a native frame"};
    const auto length = static_cast<std::size_t>(read_number(body, 1, 1) * 4);
    if (length < block_bytes || length > body.size()) throw std::runtime_error{"a routing block of a wrong length"};
    return {frame,
            {static_cast<std::uint8_t>(body[0]), static_cast<std::uint8_t>(body[2]),
             static_cast<std::uint32_t>(read_number(body, 4, 4)), static_cast<std::uint32_t>(read_number(body, 12, 4)),
             static_cast<std::uint8_t>(body[29])},
            body.substr(length)};
}

class NativeEndpoint : public StreamEndpoint {
public:
    NativeEndpoint(const std::string& path, Role role) : StreamEndpoint{Stream::connect_unix(path)}
    {
        go_online(role);
        if (role == Role::callee || role == Role::publisher) publish_object();
        if (role == Role::callee) return;
        object_ = number_of(selector, R"({"objectName":")" + std::string{object_name} + R"("})");
        method_ = number_of(name, std::string{role == Role::caller ? method_name : event_name});
        if (role == Role::subscriber) ask({.verb = subscribe, .dst = object_, .method = method_}, {});
    }

    void request(std::uint64_t id, std::string_view payload) override
    {
        append(request_flag | binary, static_cast<std::uint32_t>(id) + first_request,
               {.verb = invoke, .dst = object_, .method = method_}, payload);
    }

    void answer(const Message& request) override
    {
        append(binary, static_cast<std::uint32_t>(request.id), {.verb = reply}, request.payload);
    }

    /// The array of one parameter.
    void publish(std::string_view payload) override
    {
        const std::string text = "[\"" + std::string{payload} + "\"]";
        append(0, next_id_++, {.verb = event, .dst = object_, .method = method_}, text);
    }

protected:
    std::size_t next(std::string_view input, const Take& take) override
    {
        const auto frame = read_frame(input);
        if (!frame) return 0;
        if (frame->body.empty()) return frame->bytes();
        const NativeFrame found = as_native(*frame);
        if (frame->flags & control) {
            if (found.block.verb == ping) append(control | oneway, frame->id, {.verb = pong}, {});
            return frame->bytes();
        }
        switch (found.block.verb) {
        case invoke: take({.id = frame->id, .payload = found.payload}); break;
        case reply: take({.id = frame->id - first_request, .payload = result_of(found)}); break;
        case event: take({.payload = found.payload.substr(2, found.payload.size() - 4)}); break;
        default: throw std::runtime_error{"an unexpected verb: " + std::to_string(found.block.verb)};
        }
        return frame->bytes();
    }

    void append(unsigned flags, std::uint32_t id, const Block& block, std::string_view payload)
    {
        append_frame_header(out(), static_cast<std::uint8_t>(flags | native), id, block_bytes + payload.size());
        append_block(out(), block);
        out() += payload;
    }

    static std::string_view result_of(const NativeFrame& found)
    {
        if (found.block.status == ok) return found.payload;
        const std::string text = "the hub answered with status " + std::to_string(found.block.status) + " " +
                                 std::string{found.payload.substr(0, 300)};
        if (found.block.status == busy) throw Refused{text};
        throw std::runtime_error{text};
    }

    /// The hub's answer to a control request.
    Block ask(const Block& block, std::string_view payload)
    {
        const std::uint32_t id = next_id_++;
        append(control | request_flag, id, block, payload);
        return wait_for([&](const NativeFrame& found) {
            return (found.frame.flags & control) && !(found.frame.flags & oneway) && found.frame.id == id;
        });
    }

    /// The next frame that `is_it` accepts; others are skipped. A failure is thrown.
    template <class Accept>
    Block wait_for(Accept is_it)
    {
        for (;;) {
            const Frame frame = next_frame();
            if (frame.body.empty() || !(frame.flags & native)) continue;
            const NativeFrame found = as_native(frame);
            if (!is_it(found)) continue;
            result_of(found);
            return found.block;
        }
    }

    std::uint32_t object() const { return object_; }

    std::uint32_t method() const { return method_; }

private:
    Frame next_frame()
    {
        read_until([](std::string_view input) { return read_frame(input).has_value(); });
        const Frame frame = *read_frame(stream().input());
        stream().consume(frame.bytes()); // its bytes stay until the next read
        return frame;
    }

    std::string_view ask_json(const std::string& body)
    {
        append_frame_header(out(), 0, next_id_++, body.size());
        out() += body;
        for (;;) {
            const Frame frame = next_frame();
            if (frame.flags != 0) continue;
            if (frame.body.find(R"("success":true)") == frame.body.npos)
                throw std::runtime_error{"the hub answered " + std::string{frame.body}};
            return frame.body;
        }
    }

    void go_online(Role role)
    {
        const bool serves = role == Role::callee || role == Role::publisher;
        const std::string_view answer =
            ask_json(R"({"action":"PANDORA_HUB_ACTION_ONLINE_UP","data":{"host":{"appName":"bench","processName":")" +
                     std::string{serves ? "serves" : "asks"} +
                     R"("},"needReply":true,"native":{"v":1,"features":["channel"]}}})");
        if (answer.find(R"("native")") == answer.npos)
            throw std::runtime_error{"this hub does not speak the native dialect"};
    }

    void publish_object()
    {
        ask_json(R"({"action":"PANDORA_HUB_ACTION_PUBLISH_UP","data":{"data":{"selector":{"objectName":")" +
                 std::string{object_name} + R"("}},"needReply":true}})");
    }

    std::uint32_t number_of(std::uint8_t act, const std::string& text)
    {
        return ask({.verb = intern, .act = act}, text).dst;
    }

    std::uint32_t object_ = 0, method_ = 0;
    std::uint32_t next_id_ = 1;
};

/// Goes on over a private socket. The hub's connection stays open, as the channel's life hangs on it.
class ChannelEndpoint final : public NativeEndpoint {
public:
    ChannelEndpoint(const std::string& path, Role role) : NativeEndpoint{path, role}
    {
        stream().expect_descriptors();
        if (role == Role::caller) open();
    }

    /// A callee changes over as soon as it is told.
    void receive(const Take& take) override
    {
        if (!hub_) accept();
        NativeEndpoint::receive(take);
    }

    void request(std::uint64_t id, std::string_view payload) override
    {
        append(request_flag | binary, static_cast<std::uint32_t>(id) + first_request,
               {.verb = invoke, .method = method()}, payload);
    }

private:
    void open()
    {
        ask({.verb = open_channel, .dst = object()}, {});
        change_over();
    }

    void accept()
    {
        wait_for([](const NativeFrame& found) { return (found.frame.flags & control) && found.block.verb == channel; });
        change_over();
    }

    void change_over()
    {
        const int end = stream().take_descriptor();
        if (end < 0) throw std::runtime_error{"a channel without its descriptor"};
        hub_ = std::make_unique<Stream>(end);
        std::swap(*hub_, stream());
    }

    std::unique_ptr<Stream> hub_;
};

template <class Kind>
std::unique_ptr<Endpoint> connect_as(const std::string& path, Role role)
{
    return std::make_unique<Kind>(path, role);
}

} // namespace

std::unique_ptr<Transport> make_native(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect_as<NativeEndpoint>>>(path);
}

std::unique_ptr<Transport> make_channel(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect_as<ChannelEndpoint>>>(path);
}

} // namespace pandora::bench::hub_load
