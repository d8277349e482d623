/// NATS' text protocol over TCP, as its own clients speak it: one inbox with a wildcard, a subject for each answer.
#include "tests/bench/hub_load/stream_endpoint.hpp"
#include "tests/bench/hub_load/transports.hpp"

#include <charconv>
#include <stdexcept>
#include <unistd.h>

namespace pandora::bench::hub_load {
namespace {

constexpr std::string_view line_end = "\r\n";

std::uint64_t number_in(std::string_view digits)
{
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

/// Takes the word before the next blank off the front of `line`.
std::string_view take_word(std::string_view& line)
{
    const std::size_t length = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, length);
    line.remove_prefix(std::min(length + 1, line.size()));
    return word;
}

class NatsEndpoint final : public StreamEndpoint {
public:
    NatsEndpoint(const std::string& port, Role role)
        : StreamEndpoint{Stream::connect_loopback(port)}, request_subject_{"bench.echo"},
          event_subject_{"bench.tick"}, inbox_{"_INBOX." + std::to_string(::getpid()) + "."}
    {
        out() += "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"bench\",\"version\":\"1\"}\r\n";
        switch (role) {
        case Role::caller: subscribe(inbox_ + "*"); break;
        case Role::callee: subscribe(request_subject_); break;
        case Role::publisher: break;
        case Role::subscriber: subscribe(event_subject_); break;
        }
        out() += "PING\r\n";
        // The server greets with INFO; its PONG says that it knows the subscription.
        read_until([](std::string_view input) { return input.ends_with("PONG\r\n"); });
        stream().consume(stream().input().size());
    }

    void request(std::uint64_t id, std::string_view payload) override
    {
        out().append("PUB ").append(request_subject_).append(" ").append(inbox_).append(std::to_string(id));
        append_payload(payload);
    }

    void answer(const Message& request) override
    {
        out().append("PUB ").append(request.reply_to);
        append_payload(request.payload);
    }

    void publish(std::string_view payload) override
    {
        out().append("PUB ").append(event_subject_);
        append_payload(payload);
    }

protected:
    std::size_t next(std::string_view input, const Take& take) override
    {
        const std::size_t line_bytes = input.find(line_end);
        if (line_bytes == input.npos) return 0;
        std::string_view line = input.substr(0, line_bytes);
        const std::size_t after_line = line_bytes + line_end.size();
        const std::string_view verb = take_word(line);
        if (verb == "PING") out() += "PONG\r\n";
        if (verb == "-ERR") throw std::runtime_error{"nats-server: " + std::string{line}};
        if (verb != "MSG") return after_line;
        const std::string_view subject = take_word(line);
        take_word(line); // the subscription's number
        const std::string_view second = take_word(line);
        const std::string_view reply_to = line.empty() ? line : second;
        const std::size_t bytes = number_in(line.empty() ? second : line);
        if (input.size() < after_line + bytes + line_end.size()) return 0;
        take({.id = number_in(subject.substr(subject.rfind('.') + 1)),
              .reply_to = reply_to,
              .payload = input.substr(after_line, bytes)});
        return after_line + bytes + line_end.size();
    }

private:
    void subscribe(const std::string& subject) { out().append("SUB ").append(subject).append(" 1\r\n"); }

    void append_payload(std::string_view payload)
    {
        out().append(" ").append(std::to_string(payload.size())).append(line_end).append(payload).append(line_end);
    }

    std::string request_subject_, event_subject_, inbox_;
};

std::unique_ptr<Endpoint> connect_nats(const std::string& port, Role role)
{
    return std::make_unique<NatsEndpoint>(port, role);
}

} // namespace

std::unique_ptr<Transport> make_nats(const std::string& port)
{
    return std::make_unique<ConnectingTransport<connect_nats>>(port);
}

} // namespace pandora::bench::hub_load
