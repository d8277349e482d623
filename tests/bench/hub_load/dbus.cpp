/// The D-Bus wire protocol, little endian, as much of it as calls and signals of one array of bytes need. By hand,
/// since libraries write each message by itself.
#include "tests/bench/hub_load/stream_endpoint.hpp"
#include "tests/bench/hub_load/transports.hpp"

#include <bit>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <unistd.h>

namespace pandora::bench::hub_load {
namespace {

using namespace std::string_view_literals;

static_assert(std::endian::native == std::endian::little);

constexpr char call = 1, method_return = 2, error = 3, signal = 4; // types
constexpr char path_field = 1, interface_field = 2, member_field = 3, error_field = 4,
               reply_serial = 5; // of the header
constexpr char destination = 6, sender = 7, signature_field = 8;
constexpr char no_reply_expected = 1;
constexpr std::size_t fixed_bytes = 16; // of a header, before its fields
constexpr std::uint32_t first_request = 16;
constexpr std::string_view bus = "org.freedesktop.DBus", bus_path = "/org/freedesktop/DBus";
constexpr std::string_view service = "pandora.Bench", service_path = "/bench", array_of_bytes = "ay";

constexpr std::size_t aligned(std::size_t at, std::size_t to) { return (at + to - 1) / to * to; }

std::uint32_t number_at(std::string_view message, std::size_t at)
{
    std::uint32_t value = 0;
    if (at + sizeof value > message.size()) throw std::runtime_error{"a D-Bus message ends too early"};
    std::memcpy(&value, message.data() + at, sizeof value);
    return value;
}

struct Field {
    char code;
    char type; // 's', 'o', 'g' or 'u'
    std::string_view text{};
    std::uint32_t number = 0;
};

/// One message, appended to `out`. Alignment counts from the message's own begin.
class Writer {
public:
    Writer(std::string& out, char type, char flags, std::uint32_t serial) : out_{out}, begin_{out.size()}
    {
        out_.append({'l', type, flags, 1});
        number(0); // the body's length
        number(serial);
    }

    void fields(std::initializer_list<Field> all)
    {
        const std::size_t length_at = out_.size();
        number(0);
        const std::size_t from = out_.size();
        for (const Field& each : all) field(each);
        patch(length_at, out_.size() - from);
        align(8);
        body_ = out_.size();
    }

    void number(std::uint32_t value)
    {
        align(4);
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }

    void text(std::string_view value)
    {
        bytes(value);
        out_.push_back('\0');
    }

    void bytes(std::string_view value)
    {
        number(static_cast<std::uint32_t>(value.size()));
        out_ += value;
    }

    void finish() { patch(begin_ + 4, out_.size() - body_); }

private:
    void field(const Field& each)
    {
        align(8);
        out_.append({each.code, 1, each.type, '\0'});
        if (each.type == 'u') {
            number(each.number);
        } else if (each.type == 'g') {
            out_.push_back(static_cast<char>(each.text.size()));
            out_.append(each.text).push_back('\0');
        } else {
            text(each.text);
        }
    }

    void align(std::size_t to) { out_.append(aligned(out_.size() - begin_, to) - (out_.size() - begin_), '\0'); }

    void patch(std::size_t at, std::size_t value)
    {
        const auto number = static_cast<std::uint32_t>(value);
        std::memcpy(out_.data() + at, &number, sizeof number);
    }

    std::string& out_;
    std::size_t begin_, body_ = 0;
};

struct Read {
    char type = 0;
    std::uint32_t serial = 0, reply_to = 0;
    std::string_view sent_by{}, failure{}, body{};
};

void read_fields(std::string_view message, std::size_t end, Read& into)
{
    for (std::size_t at = fixed_bytes; at < end;) {
        at = aligned(at, 8);
        const char code = message[at], type = message[at + 2];
        at += 4; // the code, and a signature of one character
        if (type == 'g') {
            at += static_cast<std::uint8_t>(message[at]) + std::size_t{2};
            continue;
        }
        at = aligned(at, 4);
        const std::uint32_t number = number_at(message, at);
        at += 4;
        if (type == 'u') {
            if (code == reply_serial) into.reply_to = number;
            continue;
        }
        const std::string_view text = message.substr(at, number);
        if (code == sender) into.sent_by = text;
        if (code == error_field) into.failure = text;
        at += number + std::size_t{1};
    }
}

[[noreturn]] void fail(std::string_view name)
{
    const std::string text = "dbus-broker: " + std::string{name};
    if (name.ends_with(".LimitsExceeded")) throw Refused{text};
    throw std::runtime_error{text};
}

class DbusEndpoint final : public StreamEndpoint {
public:
    DbusEndpoint(const std::string& path, Role role) : StreamEndpoint{Stream::connect_unix(path)}
    {
        out() += "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"sv;
        read_until([](std::string_view input) { return input.find("OK ") != input.npos && input.ends_with("\r\n"); });
        stream().consume(stream().input().size());
        ask_bus("Hello", {}, [](Writer&) {});
        if (role == Role::callee)
            ask_bus("RequestName", "su", [](Writer& writer) {
                writer.text(service);
                writer.number(0);
            });
        if (role == Role::subscriber)
            ask_bus("AddMatch", "s",
                    [](Writer& writer) { writer.text("type='signal',interface='" + std::string{service} + "'"); });
    }

    void request(std::uint64_t id, std::string_view payload) override
    {
        Writer writer{out(), call, 0, static_cast<std::uint32_t>(id) + first_request};
        writer.fields({{path_field, 'o', service_path},
                       {destination, 's', service},
                       {interface_field, 's', service},
                       {member_field, 's', method_name},
                       {signature_field, 'g', array_of_bytes}});
        writer.bytes(payload);
        writer.finish();
    }

    void answer(const Message& request) override
    {
        Writer writer{out(), method_return, no_reply_expected, next_serial_++};
        writer.fields({{reply_serial, 'u', {}, static_cast<std::uint32_t>(request.id)},
                       {destination, 's', request.reply_to},
                       {signature_field, 'g', array_of_bytes}});
        writer.bytes(request.payload);
        writer.finish();
    }

    void publish(std::string_view payload) override
    {
        Writer writer{out(), signal, no_reply_expected, next_serial_++};
        writer.fields({{path_field, 'o', service_path},
                       {interface_field, 's', service},
                       {member_field, 's', event_name},
                       {signature_field, 'g', array_of_bytes}});
        writer.bytes(payload);
        writer.finish();
    }

protected:
    std::size_t next(std::string_view input, const Take& take) override
    {
        const std::size_t bytes = length_of(input);
        if (bytes == 0) return 0;
        const Read read = parse(input.substr(0, bytes));
        if (read.type == error) fail(read.failure);
        if (read.sent_by == bus) return bytes; // NameAcquired
        const std::string_view payload = read.body.substr(4, number_at(read.body, 0));
        const std::uint32_t id = read.type == method_return ? read.reply_to - first_request : read.serial;
        take({.id = id, .reply_to = read.sent_by, .payload = payload});
        return bytes;
    }

private:
    /// Of the message at the front; 0: it is not all there.
    static std::size_t length_of(std::string_view input)
    {
        if (input.size() < fixed_bytes) return 0;
        const std::size_t bytes = aligned(fixed_bytes + number_at(input, 12), 8) + number_at(input, 4);
        return bytes <= input.size() ? bytes : 0;
    }

    static Read parse(std::string_view message)
    {
        Read read{.type = message[1], .serial = number_at(message, 8)};
        const std::size_t end = fixed_bytes + number_at(message, 12);
        read_fields(message, end, read);
        read.body = message.substr(aligned(end, 8));
        return read;
    }

    template <class Arguments>
    void ask_bus(std::string_view member, std::string_view signature, Arguments arguments)
    {
        const std::uint32_t serial = next_serial_++;
        Writer writer{out(), call, 0, serial};
        writer.fields({{path_field, 'o', bus_path},
                       {destination, 's', bus},
                       {interface_field, 's', bus},
                       {member_field, 's', member},
                       {signature_field, 'g', signature}});
        arguments(writer);
        writer.finish();
        for (Read answer; answer.reply_to != serial;) {
            read_until([](std::string_view input) { return length_of(input) > 0; });
            const std::size_t bytes = length_of(stream().input());
            answer = parse(stream().input().substr(0, bytes));
            stream().consume(bytes);
            if (answer.type == error) fail(answer.failure);
        }
    }

    std::uint32_t next_serial_ = 1;
};

std::unique_ptr<Endpoint> connect_dbus(const std::string& path, Role role)
{
    return std::make_unique<DbusEndpoint>(path, role);
}

} // namespace

std::unique_ptr<Transport> make_dbus(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect_dbus>>(path);
}

} // namespace pandora::bench::hub_load
