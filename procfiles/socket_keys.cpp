// `sockets`: what the master listens on for its processes.
#include "procfiles/keys.hpp"
#include "procfiles/names.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

constexpr std::size_t unix_path_bytes_max = 107; // of sockaddr_un, without the zero behind it
constexpr std::string_view address_form =
    "an address such as `127.0.0.1:8080`, `[::1]:8080`, `*:8080`, 8080 or the path of a Unix socket";

/// `*:8080` is every address of the machine; without a host it is the loopback one, as for `metrics.listen`.
std::optional<TcpAddress> parse_tcp(std::string_view text)
{
    const bool everywhere = text.starts_with("*:");
    const auto endpoint = parse_endpoint(everywhere ? text.substr(1) : text);
    if (!endpoint || (everywhere && text.size() == 2)) return std::nullopt;
    if (!everywhere && endpoint->host != "localhost" && !is_numeric_host(endpoint->host)) return std::nullopt;
    return TcpAddress{everywhere ? "" : endpoint->host, endpoint->port};
}

void read_unix_address(Reader& reader, const Node& node, std::string_view path, Socket& into)
{
    const auto absolute = (reader.context().folder / path).lexically_normal();
    if (absolute.string().size() > unix_path_bytes_max)
        return reader.problem(node.place, "the path of a Unix socket has at most " +
                                              std::to_string(unix_path_bytes_max) +
                                              " bytes: " + quote(absolute.string()));
    UnixAddress address;
    if (const auto* before = std::get_if<UnixAddress>(&into.address)) address.mode = before->mode;
    address.path = absolute;
    into.address = std::move(address);
}

void read_listen(Reader& reader, const Node& node, Socket& into)
{
    const auto text = reader.text(node, address_form);
    if (!text) return;
    constexpr std::string_view scheme = "unix:";
    if (text->starts_with(scheme) && text->size() > scheme.size())
        return read_unix_address(reader, node, std::string_view{*text}.substr(scheme.size()), into);
    if (text->find('/') != std::string::npos) return read_unix_address(reader, node, *text, into);
    if (auto address = parse_tcp(*text))
        into.address = *std::move(address);
    else
        reader.expected(node, address_form);
}

void read_mode(Reader& reader, const Node& node, Socket& into)
{
    unsigned mode = 0;
    const std::size_t before = reader.problem_count();
    read_octal(reader, node, mode);
    if (reader.problem_count() > before) return;
    if (auto* address = std::get_if<UnixAddress>(&into.address))
        address->mode = mode;
    else
        reader.problem(node.place, "`mode` is for Unix sockets: a port has none");
}

// `mode` stands below `listen`, which decides whether there is one.
constexpr std::array socket_keys{
    Key<Socket>{"listen", read_listen},
    Key<Socket>{"mode", read_mode},
    Key<Socket>{"backlog", field<&Socket::backlog, read_integer<1, 65'535>>},
    Key<Socket>{"reuse_port", field<&Socket::reuse_port, read_switch>},
};

constexpr std::array socket_hints{
    Hint{"address", "listen"}, Hint{"port", "listen"},         Hint{"host", "listen"},
    Hint{"path", "listen"},    Hint{"ListenStream", "listen"}, Hint{"so_reuseport", "reuse_port"},
    Hint{"umask", "mode"},
};

/// LISTEN_FDNAMES joins the names by colons.
std::optional<std::string> name_fault(std::string_view name)
{
    const bool printable =
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7F' && c != ':'; });
    if (name.empty() || !printable || name.size() > process_name_bytes_max)
        return "a socket's name has 1 to 64 letters, digits and signs, and no colon";
    return std::nullopt;
}

} // namespace

void read_sockets(Reader& reader, const Node& node, std::vector<Socket>& into)
{
    const Map* map = reader.map(node, "a map of sockets by name");
    if (map == nullptr) return;
    for (const Entry& entry : map->entries) {
        Socket socket{.name = std::string{entry.key}, .place = entry.place};
        if (const auto fault = name_fault(entry.key)) reader.problem(entry.place, quote(entry.key) + ": " + *fault);
        if (std::holds_alternative<Map>(entry.value->content)) {
            if (!read_keys(reader, *entry.value, socket_keys, socket, socket_hints).find("listen"))
                reader.problem(entry.place, "socket " + quote(entry.key) + " has no `listen`");
        } else {
            read_listen(reader, *entry.value, socket);
        }
        into.push_back(std::move(socket));
    }
}

void append_socket_keys(std::vector<std::string>& into) { append_keys("sockets.*.", socket_keys, into); }

} // namespace pandora::procfiles
