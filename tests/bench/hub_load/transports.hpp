/// The transports, one file each; make_transport() finds them by name.
#pragma once

#include "tests/bench/hub_load/endpoint.hpp"

namespace pandora::bench::hub_load {

std::unique_ptr<Transport> make_relay(const std::string& path);
/// No hub: caller and callee hold the two ends of a socketpair. What a direct channel is measured by.
std::unique_ptr<Transport> make_socketpair(const std::string& unused);
std::unique_ptr<Transport> make_native(const std::string& path);
/// Native, and the two go on over the direct channel that the hub gave them.
std::unique_ptr<Transport> make_channel(const std::string& path);
std::unique_ptr<Transport> make_legacy(const std::string& path);
/// Native, by the C++ client library; its payloads in frames.
std::unique_ptr<Transport> make_client(const std::string& path);
/// The same with all payloads in shared memory.
std::unique_ptr<Transport> make_pooled(const std::string& path);
std::unique_ptr<Transport> make_nats(const std::string& port);
std::unique_ptr<Transport> make_dbus(const std::string& path);
std::unique_ptr<Transport> make_redis(const std::string& path);
#ifdef BENCH_HAS_ZMQ
std::unique_ptr<Transport> make_zmq(const std::string& path);
#endif

/// A transport whose ends share nothing: each opens its own connection with Connect(address, role).
template <auto Connect>
class ConnectingTransport final : public Transport {
public:
    explicit ConnectingTransport(std::string address) : address_{std::move(address)} {}

    std::unique_ptr<Endpoint> connect(Role role) override { return Connect(address_, role); }

private:
    std::string address_;
};

} // namespace pandora::bench::hub_load
