#include "procfiles/keys.hpp"
#include "procfiles/names.hpp"
#include "procfiles/quote.hpp"
#include "procfiles/values.hpp"

#include <array>

namespace pandora::procfiles {

namespace {

void read_app_name(Reader& reader, const Node& node, std::string& into)
{
    const auto name = reader.text(node);
    if (!name) return;
    if (const auto fault = app_name_fault(*name))
        reader.problem(node.place, "app name " + quote(*name) + ": " + *fault);
    else
        into = *name;
}

void read_frame_bytes(Reader& reader, const Node& node, std::uint32_t& into)
{
    const auto parse = [](std::string_view text) {
        const auto bytes = parse_size(text);
        return bytes && *bytes >= frame_bytes_lowest && *bytes <= frame_bytes_highest ? bytes : std::nullopt;
    };
    reader.scalar(node, "a size from 1KiB to 16MiB", parse, into);
}

void read_listen(Reader& reader, const Node& node, MetricsSpec& into)
{
    Endpoint endpoint;
    reader.scalar(node, "an address such as `127.0.0.1:7002`, `[::1]:7002`, `:7002` or 7002", parse_endpoint, endpoint);
    if (endpoint.host.empty()) return;
    into = {.host = endpoint.host, .port = endpoint.port, .named = true};
}

constexpr std::array metrics_keys{
    Key<MetricsSpec>{"listen", read_listen},
};

constexpr std::array hub_keys{
    Key<HubSpec>{"max_frame", field<&HubSpec::frame_bytes_max, read_frame_bytes>},
    Key<HubSpec>{"call_timeout", field<&HubSpec::call_timeout, read_positive_duration>},
};

void read_metrics(Reader& reader, const Node& node, MetricsSpec& into) { read_keys(reader, node, metrics_keys, into); }

void read_hub(Reader& reader, const Node& node, HubSpec& into) { read_keys(reader, node, hub_keys, into); }

// `env_file` stands above `environment`, whose variables win.
constexpr std::array app_keys{
    Key<AppSpec>{"version", ignore_text<AppSpec>},
    Key<AppSpec>{"name", field<&AppSpec::name, read_app_name>},
    Key<AppSpec>{"env_file", field<&AppSpec::environment, read_env_files>},
    Key<AppSpec>{"environment", field<&AppSpec::environment, read_environment>},
    Key<AppSpec>{"hub", field<&AppSpec::hub, read_hub>},
    Key<AppSpec>{"metrics", field<&AppSpec::metrics, read_metrics>},
    Key<AppSpec>{"processes", field<&AppSpec::processes, read_processes>},
};

constexpr std::array app_hints{
    Hint{"env", "environment"},
    Hint{"services", "processes"},
    Hint{"programs", "processes"},
    Hint{"apps", "processes"},
};

} // namespace

AppSpec read_app(Reader& reader, const Node& root)
{
    const LoadContext& context = reader.context();
    AppSpec app;
    app.name = app_name_for(context.folder);
    app.file = (context.folder / context.file.filename()).lexically_normal();
    const Given given = read_keys(reader, root, app_keys, app, app_hints);
    if (!given.find("processes") && std::holds_alternative<Map>(root.content))
        reader.problem(root.place, "no processes: there is nothing to supervise");
    return app;
}

std::vector<std::string> known_keys()
{
    std::vector<std::string> keys;
    append_keys("", app_keys, keys);
    append_keys("hub.", hub_keys, keys);
    append_keys("metrics.", metrics_keys, keys);
    append_process_keys(keys);
    return keys;
}

} // namespace pandora::procfiles
