#include "tests/bench/hub_load/transports.hpp"

#include <stdexcept>

namespace pandora::bench::hub_load {
namespace {

struct Named {
    std::string_view name;
    std::unique_ptr<Transport> (*make)(const std::string& address);
};

constexpr Named transports[] = {
    {"relay", make_relay},   {"socketpair", make_socketpair}, {"native", make_native}, {"channel", make_channel},
    {"legacy", make_legacy}, {"client", make_client},         {"pooled", make_pooled}, {"nats", make_nats},
    {"dbus", make_dbus},     {"redis", make_redis},
#ifdef BENCH_HAS_ZMQ
    {"zmq", make_zmq},
#endif
};

/// Those that this program was built with.
std::string transport_names()
{
    std::string names;
    for (const Named& each : transports) names.append(names.empty() ? "" : " ").append(each.name);
    return names;
}

} // namespace

std::unique_ptr<Transport> make_transport(std::string_view name, const std::string& address)
{
    for (const Named& each : transports)
        if (each.name == name) return each.make(address);
    throw std::runtime_error{"no transport " + std::string{name} + "; there are: " + transport_names()};
}

} // namespace pandora::bench::hub_load
