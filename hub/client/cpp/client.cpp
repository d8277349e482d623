// The client's public face, and what keeps it connected: a reconnect timer above one link.
#include "hub/client/cpp/client.hpp"

#include "hub/client/cpp/channels.hpp"
#include "hub/client/cpp/link.hpp"
#include "hub/client/cpp/owned_fd.hpp"
#include "hub/client/cpp/protocol.hpp"
#include "hub/client/cpp/unix_socket.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <stdexcept>
#include <tuple>
#include <unistd.h>

namespace pandora::hub::client {

namespace asio = boost::asio;

namespace {

Json host_of(const Json& location)
{
    Json host = location.is_object() ? location : Json::object();
    host["clientId"] = to_string(boost::uuids::random_generator{}());
    return host;
}

NativeOffer offer_of(const Options& options)
{
    NativeOffer offer{.window = options.window, .channels = options.channels};
    if (options.pooled_from) {
        offer.pools = memfd_source();
        offer.pooled_from = std::max<std::size_t>(*options.pooled_from, 1);
    }
    return offer;
}

GatherOutcome gathered(Outcome outcome)
{
    if (auto* error = std::get_if<CallError>(&outcome)) return std::move(*error);
    const auto* value = std::get_if<Json>(&outcome);
    if (!value || !value->is_object()) return CallError{"Error", "an end of a call of all that says nothing"};
    const auto count = [&](const char* key) {
        const auto found = value->find(key);
        return found != value->end() && found->is_number_unsigned() ? found->get<std::uint32_t>() : 0;
    };
    return Gathered{count("asked"), count("answered")};
}

} // namespace

Options Options::from_environment()
{
    const char* path = std::getenv("PANDORA_HUB_SOCKET");
    if (!path || !*path) throw std::runtime_error{"PANDORA_HUB_SOCKET is not set: no hub to connect to"};
    Options options;
    options.socket_path = path;
    if (const char* app = std::getenv("PANDORA_APP")) options.location["appName"] = app;
    if (const char* process = std::getenv("PANDORA_PROCESS")) options.location["processName"] = process;
    options.location["pid"] = std::to_string(::getpid()); // a string by the protocol's convention
    return options;
}

class Client::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, Options options)
        : io_{io}, options_{std::move(options)}, served_{std::make_shared<Served>()}, reconnect_timer_{io}
    {}

    /// Apart from the constructor, for the link's handlers know this object by a weak pointer.
    void make_link();

    void adopt(int connected_fd)
    {
        reconnects_ = false;
        adopted_ = OwnedFd{connected_fd};
        link_->expect_no_other_connection();
    }

    void start();
    void stop(std::function<void()> done);
    void abandon();
    void publish(const std::string& name, Methods methods, Properties properties);
    void unpublish(const std::string& object);
    void subscribe(const Topic& topic, Subscriber subscriber, SubscribeOptions options);
    void unsubscribe(const Topic& topic);
    CallHandle invoke(Invocation what, Completion done, PartListener part = nullptr);
    CallHandle invoke_all(Invocation what, EachListener each, std::function<void(GatherOutcome)> done);

    Link& link() { return *link_; }

    Channels& channels() { return *channels_; }

    std::function<void()> online_handler;
    std::function<void(const std::string&)> lost_handler;
    std::function<void()> goaway_handler;
    std::function<void(const Denial&)> denied_handler;

private:
    void connect();
    void connection_lost(const std::string& reason);
    void reconnect_later();
    void finish_stop();

    asio::io_context& io_;
    Options options_;
    std::shared_ptr<Served> served_;
    std::shared_ptr<Link> link_;
    std::shared_ptr<Channels> channels_;
    OwnedFd adopted_; // until start()
    asio::steady_timer reconnect_timer_;
    bool started_ = false;
    bool reconnects_ = true;
    bool attempts_fail_ = false; // and on_lost has been told
    std::function<void()> stopped_;
};

void Client::Impl::make_link()
{
    // A copy of each user's handler is run, for it may replace itself or destroy the client.
    const auto run = [weak = weak_from_this()](std::function<void()> Impl::*handler) {
        const auto self = weak.lock();
        if (const auto copy = self ? (*self).*handler : nullptr) copy();
    };
    Link::Handlers handlers;
    handlers.online = [run] { run(&Impl::online_handler); };
    handlers.goaway = [run] { run(&Impl::goaway_handler); };
    handlers.lost = [weak = weak_from_this()](const std::string& reason) {
        if (const auto self = weak.lock()) self->connection_lost(reason);
    };
    handlers.denied = [weak = weak_from_this()](const Denial& what) {
        const auto self = weak.lock();
        if (const auto copy = self ? self->denied_handler : nullptr) copy(what);
    };
    handlers.left = [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->finish_stop();
    };
    handlers.channel_offered = [weak = weak_from_this()](std::uint32_t number, OwnedFd socket, const Json& peer) {
        const auto self = weak.lock();
        if (self && self->options_.channels) self->channels_->offered(number, std::move(socket), peer);
    };
    handlers.channel_ended = [weak = weak_from_this()](std::uint32_t number) {
        if (const auto self = weak.lock()) self->channels_->ended(number);
    };
    const NativeOffer offer = offer_of(options_);
    Protocol protocol{host_of(options_.location), options_.native ? std::optional{offer} : std::nullopt};
    link_ = std::make_shared<Link>(io_, std::move(protocol), served_, std::move(handlers));
    channels_ = std::make_shared<Channels>(io_, served_, link_, options_.call_timeout, offer);
}

// ---- connection

void Client::Impl::start()
{
    assert(!started_ && "a client is started once");
    started_ = true;
    if (adopted_)
        link_->attach(adopted_.release());
    else
        connect();
}

void Client::Impl::connect()
{
    const auto fd = connect_unix(options_.socket_path);
    if (fd) {
        attempts_fail_ = false;
        return link_->attach(*fd);
    }
    const bool told = std::exchange(attempts_fail_, true);
    reconnect_later();
    if (told || !lost_handler) return;
    // Posted, for no callback runs inside start().
    asio::post(io_, [self = shared_from_this(), reason = options_.socket_path + ": " + fd.error().message()] {
        if (const auto handler = self->lost_handler) handler(reason);
    });
}

void Client::Impl::connection_lost(const std::string& reason)
{
    channels_->hub_lost();
    if (reconnects_) reconnect_later();
    if (const auto handler = lost_handler) handler(reason);
}

void Client::Impl::reconnect_later()
{
    reconnect_timer_.expires_after(options_.reconnect_delay);
    reconnect_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error && !self->link_->is_closed() && !self->link_->is_attached()) self->connect();
    });
}

// ---- the end

void Client::Impl::stop(std::function<void()> done)
{
    if (stopped_ || link_->is_closed()) return;
    stopped_ = done ? std::move(done) : [] {};
    reconnects_ = false;
    link_->expect_no_other_connection();
    link_->with_protocol([](Protocol& protocol, TimePoint now) { protocol.leave(now); });
}

void Client::Impl::finish_stop()
{
    link_->finish();
    const auto done = std::exchange(stopped_, nullptr);
    abandon();
    if (done) done();
}

void Client::Impl::abandon()
{
    channels_->abandon();
    link_->abandon();
    reconnect_timer_.cancel();
    // Users' functions may hold the last reference to anything, this client's owner included: let them go from locals.
    const auto dropped = std::tuple{std::exchange(*served_, {}),
                                    std::exchange(online_handler, nullptr),
                                    std::exchange(lost_handler, nullptr),
                                    std::exchange(goaway_handler, nullptr),
                                    std::exchange(denied_handler, nullptr),
                                    std::exchange(stopped_, nullptr)};
}

// ---- what the user asks for

CallHandle Client::Impl::invoke(Invocation what, Completion done, PartListener part)
{
    return link_->call(std::move(done), each_of(std::move(part)), [&](Protocol& protocol, TimePoint now) {
        return protocol.invoke(std::move(what), options_.call_timeout, now);
    });
}

CallHandle Client::Impl::invoke_all(Invocation what, EachListener each, std::function<void(GatherOutcome)> done)
{
    const auto end = [done = std::move(done)](Outcome outcome) {
        if (done) done(gathered(std::move(outcome)));
    };
    return link_->call(end, std::move(each), [&](Protocol& protocol, TimePoint now) {
        return protocol.invoke_all(std::move(what), options_.call_timeout, now);
    });
}

void Client::Impl::publish(const std::string& name, Methods methods, Properties properties)
{
    const auto object =
        std::make_shared<const Served::Object>(Served::Object{std::move(methods), std::move(properties)});
    link_->with_protocol(
        [&](Protocol& protocol, TimePoint now) { protocol.publish(name, interface_of(*object), now); });
    channels_->publish(name, interface_of(*object));
    served_->objects.insert_or_assign(name, object);
}

void Client::Impl::unpublish(const std::string& object)
{
    served_->objects.erase(object);
    channels_->unpublish(object);
    link_->with_protocol([&](Protocol& protocol, TimePoint now) { protocol.unpublish(object, now); });
}

void Client::Impl::subscribe(const Topic& topic, Subscriber subscriber, SubscribeOptions options)
{
    subscriber.on_overflow = std::move(options.on_overflow);
    served_->subscribers.insert_or_assign(topic, std::move(subscriber));
    link_->with_protocol(
        [&](Protocol& protocol, TimePoint now) { protocol.subscribe(topic, options.overflow, options.queue, now); });
}

void Client::Impl::unsubscribe(const Topic& topic)
{
    served_->subscribers.erase(topic);
    link_->with_protocol([&](Protocol& protocol, TimePoint now) { protocol.unsubscribe(topic, now); });
}

// ---- the public face

Client::Client(asio::io_context& io, Options options) : impl_{std::make_shared<Impl>(io, std::move(options))}
{
    impl_->make_link();
}

Client::Client(asio::io_context& io, Options options, int connected_fd) : Client{io, std::move(options)}
{
    impl_->adopt(connected_fd);
}

Client::~Client() { impl_->abandon(); }

void Client::start() { impl_->start(); }

void Client::stop(std::function<void()> done) { impl_->stop(std::move(done)); }

void Client::on_online(std::function<void()> handler) { impl_->online_handler = std::move(handler); }

void Client::on_lost(std::function<void(const std::string&)> handler) { impl_->lost_handler = std::move(handler); }

void Client::on_goaway(std::function<void()> handler) { impl_->goaway_handler = std::move(handler); }

void Client::on_denied(std::function<void(const Denial&)> handler) { impl_->denied_handler = std::move(handler); }

void Client::publish(const std::string& object, Methods methods, Properties properties)
{
    impl_->publish(object, std::move(methods), std::move(properties));
}

void Client::unpublish(const std::string& object) { impl_->unpublish(object); }

void Client::emit(const std::string& object, const std::string& event, Json params, bool retain)
{
    impl_->link().with_protocol([&](Protocol& protocol, TimePoint now) {
        protocol.emit({object, event}, std::move(params), retain, now);
    });
}

void Client::clear_retained(const std::string& object, const std::string& event)
{
    impl_->link().with_protocol([&](Protocol& protocol, TimePoint now) {
        protocol.emit({object, event}, std::nullopt, true, now);
    });
}

CallHandle Client::invoke(const Selector& who, const std::string& method, Json params, Completion done,
                          CallOptions options)
{
    return invoke_payload(who, method, std::move(params), std::move(done), std::move(options));
}

CallHandle Client::invoke(const Selector& who, const std::string& method, Json params, Completion done,
                          std::chrono::milliseconds timeout)
{
    return invoke_payload(who, method, std::move(params), std::move(done), CallOptions{.timeout = timeout});
}

CallHandle Client::invoke_payload(const Selector& who, const std::string& method, Payload params, Completion done,
                                  CallOptions options)
{
    return impl_->invoke({.to = who, .name = method, .params = std::move(params), .options = std::move(options)},
                         std::move(done));
}

CallHandle Client::invoke_all(const Selector& who, const std::string& method, Json params, EachListener each,
                              std::function<void(GatherOutcome)> done, CallOptions options)
{
    return impl_->invoke_all({.to = who, .name = method, .params = std::move(params), .options = std::move(options)},
                             std::move(each), std::move(done));
}

CallHandle Client::invoke_stream(const Selector& who, const std::string& method, Json params, PartListener part,
                                 Completion done, CallOptions options, std::uint16_t window)
{
    Invocation what{.to = who, .name = method, .params = std::move(params), .options = std::move(options)};
    what.parts = window;
    return impl_->invoke(std::move(what), std::move(done), std::move(part));
}

CallHandle Client::get_property(const Selector& who, const std::string& property, Completion done, CallOptions options)
{
    Invocation what{.to = who, .name = property, .options = std::move(options)};
    what.act = wire::Act::get_property;
    return impl_->invoke(std::move(what), std::move(done));
}

CallHandle Client::introspect(const Selector& who, Completion done, CallOptions options)
{
    Invocation what{.to = who, .options = std::move(options)};
    what.act = wire::Act::introspect;
    return impl_->invoke(std::move(what), std::move(done));
}

CallHandle Client::wait_for(const Selector& who, std::chrono::milliseconds timeout,
                            std::function<void(std::optional<CallError>)> done)
{
    const auto end = [done = std::move(done)](const Outcome& outcome) {
        const auto* error = std::get_if<CallError>(&outcome);
        if (done) done(error ? std::optional{*error} : std::nullopt);
    };
    return impl_->link().call(end, nullptr,
                              [&](Protocol& protocol, TimePoint now) { return protocol.wait_for(who, timeout, now); });
}

Channel Client::open_channel(const Selector& who, std::function<void(std::optional<CallError>)> opened,
                             CallOptions options)
{
    return impl_->channels().open(who, options, std::move(opened));
}

void Client::send(const Selector& who, const std::string& method, Json params, CallOptions options)
{
    send_payload(who, method, std::move(params), std::move(options));
}

void Client::send_payload(const Selector& who, const std::string& method, Payload params, CallOptions options)
{
    impl_->link().with_protocol([&](Protocol& protocol, TimePoint now) {
        protocol.send({.to = who, .name = method, .params = std::move(params), .options = std::move(options)}, now);
    });
}

void Client::subscribe(const std::string& object, const std::string& event, Listener listener, SubscribeOptions options)
{
    const auto named = [listener = std::move(listener)](const std::string&, const Json& params) { listener(params); };
    impl_->subscribe({object, event}, {.listener = named, .on_overflow = {}}, std::move(options));
}

void Client::subscribe(const std::string& object, const std::string& event, EventListener listener,
                       SubscribeOptions options)
{
    impl_->subscribe({object, event}, {.listener = std::move(listener), .on_overflow = {}}, std::move(options));
}

void Client::unsubscribe(const std::string& object, const std::string& event) { impl_->unsubscribe({object, event}); }

bool Client::speaks_native() const { return impl_->link().speaks_native(); }

} // namespace pandora::hub::client
