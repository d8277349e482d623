// The C++ client library on both sides, with all payloads in frames or all in pools.
#include "hub/client/cpp/client.hpp"

#include "tests/bench/hub_load/transports.hpp"

#include <boost/asio/io_context.hpp>

#include <vector>

namespace pandora::bench::hub_load {
namespace {

namespace client = hub::client;

client::Options options_of(const std::string& path, std::optional<std::size_t> pooled_from)
{
    client::Options options;
    options.socket_path = path;
    options.pooled_from = pooled_from;
    return options;
}

class ClientEndpoint final : public Endpoint {
public:
    ClientEndpoint(const std::string& path, Role role, std::optional<std::size_t> pooled_from)
        : client_{io_, options_of(path, pooled_from)}
    {
        if (role == Role::callee) serve();
        bool online = false;
        client_.on_online([&] { online = true; });
        client_.on_lost([](const std::string& reason) { throw std::runtime_error{reason}; });
        client_.start();
        while (!online) io_.run_one();
        client_.on_online(nullptr);
    }

    void request(std::uint64_t id, std::string_view payload) override
    {
        const auto done = [this, id](client::Outcome outcome) {
            if (const auto* error = std::get_if<client::CallError>(&outcome)) throw failure_of(*error);
            arrived_.push_back({id, std::get<client::Bytes>(std::move(outcome)), std::nullopt});
        };
        client_.invoke(std::string{object_name}, std::string{method_name}, client::Bytes{std::string{payload}}, done,
                       {.bytes = true});
    }

    void answer(const Message&) override { answering_->reply->bytes(answering_->payload); }

    void publish(std::string_view) override { throw std::runtime_error{"only calls are measured through the client"}; }

    void flush() override { io_.poll(); }

    void flush_all() override { io_.poll(); }

    void receive(const Take& take) override
    {
        while (arrived_.empty()) io_.run_one();
        for (Arrived& one : std::exchange(arrived_, {})) {
            answering_ = &one;
            take({.id = one.id, .payload = one.payload.text()});
        }
    }

private:
    struct Arrived {
        std::uint64_t id = 0;
        client::Bytes payload;
        std::optional<client::Reply> reply; // of a request
    };

    void serve()
    {
        const auto echo = [this](const client::Call& call, const client::Reply& reply) {
            arrived_.push_back({++asked_, *call.bytes, reply});
        };
        client_.publish(std::string{object_name}, {{std::string{method_name}, echo}});
    }

    static std::runtime_error failure_of(const client::CallError& error)
    {
        return std::runtime_error{error.name + ": " + error.message};
    }

    boost::asio::io_context io_{1};
    std::uint64_t asked_ = 0;
    std::vector<Arrived> arrived_;
    Arrived* answering_ = nullptr;
    client::Client client_;
};

template <bool Pooled>
std::unique_ptr<Endpoint> connect(const std::string& path, Role role)
{
    return std::make_unique<ClientEndpoint>(path, role, Pooled ? std::optional<std::size_t>{1} : std::nullopt);
}

} // namespace

std::unique_ptr<Transport> make_client(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect<false>>>(path);
}

std::unique_ptr<Transport> make_pooled(const std::string& path)
{
    return std::make_unique<ConnectingTransport<connect<true>>>(path);
}

} // namespace pandora::bench::hub_load
