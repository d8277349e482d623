/// Redis pub/sub in RESP3: a channel for requests, one for the answers, one for events. Redis has no requests, so the
/// number of one stands at the front of its payload, as it does on all transports (see load.hpp).
#include "tests/bench/hub_load/load.hpp"
#include "tests/bench/hub_load/stream_endpoint.hpp"
#include "tests/bench/hub_load/transports.hpp"

#include <charconv>
#include <initializer_list>
#include <stdexcept>

namespace pandora::bench::hub_load {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view requests = "bench.echo", answers = "bench.answer", events = "bench.tick";

/// Moves along RESP3 as far as it is there.
class Reader {
public:
    explicit Reader(std::string_view input) : input_{input} {}

    /// A line without its end; its first character says what it is.
    std::string_view line()
    {
        const std::size_t end = input_.find(line_end, at_);
        if (end == input_.npos) return incomplete();
        const std::string_view found = input_.substr(at_, end - at_);
        at_ = end + line_end.size();
        return found;
    }

    /// The text of "$<bytes>\r\n<text>\r\n".
    std::string_view text()
    {
        const std::string_view head = line();
        if (!whole_) return {};
        if (!head.starts_with('$')) throw std::runtime_error{"redis: a text was expected, not " + std::string{head}};
        std::size_t bytes = 0;
        std::from_chars(head.data() + 1, head.data() + head.size(), bytes);
        if (input_.size() < at_ + bytes + line_end.size()) return incomplete();
        const std::string_view found = input_.substr(at_, bytes);
        at_ += bytes + line_end.size();
        return found;
    }

    /// What was moved along; 0 where something was not there yet.
    std::size_t consumed() const { return whole_ ? at_ : 0; }

private:
    std::string_view incomplete()
    {
        whole_ = false;
        return {};
    }

    std::string_view input_;
    std::size_t at_ = 0;
    bool whole_ = true;
};

class RedisEndpoint final : public StreamEndpoint {
public:
    RedisEndpoint(const std::string& path, Role role) : StreamEndpoint{Stream::connect_unix(path)}
    {
        command({"HELLO", "3"});
        switch (role) {
        case Role::caller: command({"SUBSCRIBE", answers}); break;
        case Role::callee: command({"SUBSCRIBE", requests}); break;
        case Role::publisher: break;
        case Role::subscriber: command({"SUBSCRIBE", events}); break;
        }
        command({"PING"});
        read_until([](std::string_view input) { return input.ends_with("+PONG\r\n"); });
        stream().consume(stream().input().size());
        command({"CLIENT", "REPLY", "OFF"}); // nobody wants to know how many a PUBLISH reached; messages still come
    }

    void request(std::uint64_t, std::string_view payload) override { command({"PUBLISH", requests, payload}); }

    void answer(const Message& request) override { command({"PUBLISH", answers, request.payload}); }

    void publish(std::string_view payload) override { command({"PUBLISH", events, payload}); }

protected:
    std::size_t next(std::string_view input, const Take& take) override
    {
        Reader reader{input};
        const std::string_view head = reader.line();
        if (head.starts_with('-')) throw std::runtime_error{"redis: " + std::string{head}};
        if (head != ">3") return reader.consumed();
        reader.text(); // "message"
        reader.text(); // the channel
        const std::string_view payload = reader.text();
        if (reader.consumed() > 0) take({.id = id_in(payload), .payload = payload});
        return reader.consumed();
    }

private:
    void command(std::initializer_list<std::string_view> words)
    {
        out().append("*").append(std::to_string(words.size())).append(line_end);
        for (const std::string_view word : words)
            out().append("$").append(std::to_string(word.size())).append(line_end).append(word).append(line_end);
    }
};

std::unique_ptr<Endpoint> connect_redis(const std::string& path, Role role)
{
    return std::make_unique<RedisEndpoint>(path, role);
}

} // namespace

std::unique_ptr<Transport> make_redis(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect_redis>>(path);
}

} // namespace pandora::bench::hub_load
