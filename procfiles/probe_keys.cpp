// `readiness_probe` and `liveness_probe`.
#include "procfiles/keys.hpp"
#include "procfiles/replica.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

/// A probe while it is read: of the ways to ask, one is to be left.
struct ProbeDraft {
    Probe probe;
    std::optional<ExecProbe> exec;
    std::optional<HttpProbe> http;
    std::optional<TcpProbe> tcp;
    std::optional<UnixProbe> unix_socket;
    std::optional<HubProbe> hub;
    ShellCommand shell; // what an exec probe's command is run by
};

constexpr std::uint16_t https_port = 443;
constexpr std::uint32_t threshold_max = 1'000'000;

/// A port that holds the replica's number stays text; with 0 in the place of the number it has to be a port.
template <class NetworkProbe>
void read_port(Reader& reader, const Node& node, NetworkProbe& into)
{
    constexpr std::string_view what = "a port from 1 to 65535";
    const auto text = reader.text(node, what);
    if (!text) return;
    std::string sample = *text;
    const std::size_t marker = sample.find(replica_marker);
    if (marker != std::string::npos) sample.replace(marker, replica_marker.size(), "0");
    const auto port = parse_port(sample);
    if (!port || *port == 0) return reader.expected(node, what);
    into.port = *port;
    into.port_text = marker == std::string::npos ? "" : *text;
}

void read_scheme(Reader& reader, const Node& node, HttpProbe& into)
{
    static constexpr std::array schemes{Word<bool>{"http", false}, Word<bool>{"https", true}};
    read_word<schemes>(reader, node, into.tls);
}

void read_headers(Reader& reader, const Node& node, std::vector<HttpHeader>& into)
{
    const Map* map = reader.map(node, "a map of headers");
    if (map == nullptr) return;
    for (const Entry& entry : map->entries) {
        std::string value;
        if (!reader.is_absent(*entry.value)) read_text(reader, *entry.value, value);
        const bool splits = (std::string{entry.key} + value).find_first_of("\r\n") != std::string::npos;
        if (splits || entry.key.empty() || entry.key.find_first_of(": \t") != std::string_view::npos)
            reader.problem(entry.place, quote(entry.key) + " is no header that can be sent");
        else
            into.push_back({std::string{entry.key}, std::move(value)});
    }
}

void read_unix_path(Reader& reader, const Node& node, std::filesystem::path& into) { read_path(reader, node, into); }

constexpr std::array exec_keys{
    Key<ExecProbe>{"command", nested<&ExecProbe::command, &ShellCommand::text, read_nonempty_text>},
    Key<ExecProbe>{"working_dir", field<&ExecProbe::working_dir, read_path>},
};

// `scheme` stands above `port`, whose default it decides.
constexpr std::array http_keys{
    Key<HttpProbe>{"host", field<&HttpProbe::host, read_nonempty_text>},
    Key<HttpProbe>{"scheme", read_scheme},
    Key<HttpProbe>{"port", read_port<HttpProbe>},
    Key<HttpProbe>{"num_port", read_port<HttpProbe>, "port"},
    Key<HttpProbe>{"path", field<&HttpProbe::path, read_nonempty_text>},
    Key<HttpProbe>{"headers", field<&HttpProbe::headers, read_headers>},
    Key<HttpProbe>{"status_code", field<&HttpProbe::status, read_count<100, 599>>},
};

constexpr std::array tcp_keys{
    Key<TcpProbe>{"host", field<&TcpProbe::host, read_nonempty_text>},
    Key<TcpProbe>{"port", read_port<TcpProbe>},
};

constexpr std::array unix_keys{
    Key<UnixProbe>{"path", field<&UnixProbe::path, read_unix_path>},
};

void read_exec(Reader& reader, const Node& node, ProbeDraft& into)
{
    ExecProbe exec{.command = into.shell};
    if (std::holds_alternative<Scalar>(node.content))
        read_nonempty_text(reader, node, exec.command.text);
    else if (!read_keys(reader, node, exec_keys, exec).find("command") && std::holds_alternative<Map>(node.content))
        reader.problem(node.place, "an `exec` probe needs a `command`");
    into.exec = std::move(exec);
}

void read_http(Reader& reader, const Node& node, ProbeDraft& into)
{
    HttpProbe http;
    const Given given = read_keys(reader, node, http_keys, http);
    if (!given.find("port") && http.tls) http.port = https_port;
    if (!http.path.starts_with('/')) http.path.insert(0, "/");
    into.http = std::move(http);
}

void read_tcp(Reader& reader, const Node& node, ProbeDraft& into)
{
    TcpProbe tcp;
    if (std::holds_alternative<Scalar>(node.content)) {
        Endpoint endpoint{tcp.host, 0};
        reader.scalar(node, "an address such as `127.0.0.1:5432` or 5432", parse_endpoint, endpoint);
        tcp.host = endpoint.host;
        tcp.port = endpoint.port;
    } else if (!read_keys(reader, node, tcp_keys, tcp).find("port") && std::holds_alternative<Map>(node.content)) {
        reader.problem(node.place, "a `tcp_connect` probe needs a `port`");
    }
    into.tcp = std::move(tcp);
}

void read_unix(Reader& reader, const Node& node, ProbeDraft& into)
{
    UnixProbe probe;
    if (std::holds_alternative<Scalar>(node.content))
        read_path(reader, node, probe.path);
    else if (!read_keys(reader, node, unix_keys, probe).find("path") && std::holds_alternative<Map>(node.content))
        reader.problem(node.place, "a `unix_connect` probe needs a `path`");
    into.unix_socket = std::move(probe);
}

/// A map, which may hold `x-` keys, as that of every probe.
void read_hub_probe(Reader& reader, const Node& node, ProbeDraft& into)
{
    HubProbe probe;
    read_keys(reader, node, std::span<const Key<HubProbe>>{}, probe);
    into.hub = probe;
}

constexpr std::array probe_keys{
    Key<ProbeDraft>{"exec", read_exec},
    Key<ProbeDraft>{"http_get", read_http},
    Key<ProbeDraft>{"tcp_connect", read_tcp},
    Key<ProbeDraft>{"tcp", read_tcp, "tcp_connect"},
    Key<ProbeDraft>{"unix_connect", read_unix},
    Key<ProbeDraft>{"hub", read_hub_probe},
    Key<ProbeDraft>{"initial_delay", nested<&ProbeDraft::probe, &Probe::initial_delay, read_duration>},
    Key<ProbeDraft>{"initial_delay_seconds", nested<&ProbeDraft::probe, &Probe::initial_delay, read_duration>,
                    "initial_delay"},
    Key<ProbeDraft>{"period", nested<&ProbeDraft::probe, &Probe::period, read_positive_duration>},
    Key<ProbeDraft>{"period_seconds", nested<&ProbeDraft::probe, &Probe::period, read_positive_duration>, "period"},
    Key<ProbeDraft>{"timeout", nested<&ProbeDraft::probe, &Probe::timeout, read_positive_duration>},
    Key<ProbeDraft>{"timeout_seconds", nested<&ProbeDraft::probe, &Probe::timeout, read_positive_duration>, "timeout"},
    Key<ProbeDraft>{"success_threshold",
                    nested<&ProbeDraft::probe, &Probe::success_threshold, read_count<1, threshold_max>>},
    Key<ProbeDraft>{"failure_threshold",
                    nested<&ProbeDraft::probe, &Probe::failure_threshold, read_count<1, threshold_max>>},
};

constexpr std::array probe_hints{
    Hint{"interval", "period_seconds"},
    Hint{"periodSeconds", "period_seconds"},
    Hint{"retries", "failure_threshold"},
    Hint{"httpGet", "http_get"},
    Hint{"http", "http_get"},
    Hint{"test", "exec"},
    Hint{"tcpSocket", "tcp_connect"},
    Hint{"tcp_socket", "tcp_connect"},
    Hint{"command", "exec.command"},
    Hint{"start_period", "initial_delay_seconds"},
};

/// Moves the one way to ask into the probe; false, with a problem, where there is none or more than one.
bool choose_action(Reader& reader, const Node& node, ProbeDraft& draft)
{
    int ways = 0;
    const auto choose = [&](auto& way) {
        if (!way) return;
        ++ways;
        draft.probe.action = *std::move(way);
    };
    choose(draft.exec);
    choose(draft.http);
    choose(draft.tcp);
    choose(draft.unix_socket);
    choose(draft.hub);
    if (ways == 1) return true;
    if (std::holds_alternative<Map>(node.content))
        reader.problem(node.place,
                       ways == 0 ? "a probe needs one of `exec`, `http_get`, `tcp_connect`, `unix_connect` and `hub`"
                                 : "a probe asks in one way only: `exec`, `http_get`, `tcp_connect`, `unix_connect` or "
                                   "`hub`");
    return false;
}

void read_probe(Reader& reader, const Node& node, const Shell& shell, std::optional<Probe>& into)
{
    ProbeDraft draft;
    draft.shell.shell = shell;
    read_keys(reader, node, probe_keys, draft, probe_hints);
    if (choose_action(reader, node, draft)) into = std::move(draft.probe);
}

} // namespace

void read_readiness_probe(Reader& reader, const Node& node, ProcessDraft& into)
{
    read_probe(reader, node, into.shell, into.readiness.probe);
}

void read_liveness_probe(Reader& reader, const Node& node, ProcessDraft& into)
{
    read_probe(reader, node, into.shell, into.liveness);
}

void append_probe_keys(std::vector<std::string>& into)
{
    for (const std::string_view probe : {"processes.*.readiness_probe.", "processes.*.liveness_probe."}) {
        const std::string prefix{probe};
        append_keys(prefix, probe_keys, into);
        append_keys(prefix + "exec.", exec_keys, into);
        append_keys(prefix + "http_get.", http_keys, into);
        append_keys(prefix + "tcp_connect.", tcp_keys, into);
        append_keys(prefix + "tcp.", tcp_keys, into);
        append_keys(prefix + "unix_connect.", unix_keys, into);
    }
}

} // namespace pandora::procfiles
