// The edge under the protocol engine: one socket, one deadline timer, one reconnect timer. It moves bytes,
// tells the time, and runs the callbacks that the engine's events name.
#include "hub/client/cpp/client.hpp"

#include "hub/client/cpp/protocol.hpp"
#include "hub/client/cpp/unix_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <array>
#include <cassert>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <tuple>
#include <unistd.h>

namespace pandora::hub::client {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::local::stream_protocol::socket;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t read_bytes = 64 * 1024; // one read; about what a Unix socket buffers

Json host_of(const Json& location)
{
    Json host = location.is_object() ? location : Json::object();
    host["clientId"] = to_string(boost::uuids::random_generator{}());
    return host;
}

std::vector<std::string> names_of(const Methods& methods)
{
    std::vector<std::string> names;
    names.reserve(methods.size());
    for (const auto& [name, method] : methods) names.push_back(name);
    return names;
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
        : io_{io}, options_{std::move(options)}, protocol_{host_of(options_.location)}, deadline_timer_{io},
          reconnect_timer_{io}
    {}

    void adopt(int connected_fd)
    {
        reconnects_ = false;
        socket_.emplace(io_, asio::local::stream_protocol{}, connected_fd);
    }

    void start();
    void stop(std::function<void()> done);
    void abandon();
    void invoke(Invocation what, Millis timeout, Completion done);
    void publish(const std::string& object, Methods methods);
    void unpublish(const std::string& object);
    void subscribe(const Topic& topic, Listener listener);
    void unsubscribe(const Topic& topic);

    /// Lets `change` use the engine, then sees to what follows from it, once for all changes of one loop
    /// turn.
    template <class Change>
    void with_protocol(Change change)
    {
        change(protocol_, Clock::now());
        schedule_turn();
    }

    std::chrono::milliseconds call_timeout() const { return options_.call_timeout; }

    std::function<void()> online_handler;
    std::function<void(const std::string&)> lost_handler;

private:
    void connect();
    void online_over(Socket socket);
    void lose(const std::string& reason);
    void reconnect_later();
    void close_socket();
    void read();
    void on_read(error_code error, std::size_t bytes);
    void write();
    void arm_deadline();
    void schedule_turn();
    void turn();
    void finish_stop();

    void perform(BecameOnline&);

    void perform(Refused& event) { lose(event.reason); }

    void perform(Finished& event);
    void perform(Invoked& event);
    void perform(Notified& event);

    void perform(Left&) { finish_stop(); }

    Reply reply_to(AnswerId id);

    asio::io_context& io_;
    Options options_;
    Protocol protocol_;
    asio::steady_timer deadline_timer_;
    asio::steady_timer reconnect_timer_;
    std::optional<TimePoint> armed_for_;
    std::optional<Socket> socket_;
    std::uint64_t connection_ = 0; // counts sockets, so that a late completion of an old one is told from the present
    bool started_ = false;
    bool reconnects_ = true;
    bool attempts_fail_ = false; // and on_lost has been told
    bool writing_ = false;
    bool turn_scheduled_ = false;
    bool closed_ = false;
    std::function<void()> stopped_;

    std::map<std::string, Methods> objects_;
    std::map<Topic, Listener> listeners_;
    std::map<RequestId, Completion> completions_;
    std::array<std::byte, read_bytes> buffer_;
};

// ---- connection

void Client::Impl::start()
{
    assert(!started_ && "a client is started once");
    started_ = true;
    if (socket_) {
        Socket connected = std::move(*socket_);
        socket_.reset();
        online_over(std::move(connected));
    } else {
        connect();
    }
    schedule_turn();
}

void Client::Impl::connect()
{
    const auto fd = connect_unix(options_.socket_path);
    if (fd) return online_over(Socket{io_, asio::local::stream_protocol{}, *fd});
    const bool told = std::exchange(attempts_fail_, true);
    reconnect_later();
    if (told || !lost_handler) return;
    // Posted, for no callback runs inside start().
    asio::post(io_, [self = shared_from_this(), reason = options_.socket_path + ": " + fd.error().message()] {
        if (!self->closed_ && self->lost_handler) self->lost_handler(reason);
    });
}

void Client::Impl::online_over(Socket socket)
{
    attempts_fail_ = false;
    ++connection_;
    socket_.emplace(std::move(socket));
    protocol_.connected(Clock::now());
    read();
}

void Client::Impl::reconnect_later()
{
    reconnect_timer_.expires_after(options_.reconnect_delay);
    reconnect_timer_.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->closed_ || self->socket_) return;
        self->connect();
        self->turn();
    });
}

void Client::Impl::lose(const std::string& reason)
{
    if (!socket_) return;
    close_socket();
    if (reconnects_) {
        protocol_.disconnected();
        reconnect_later();
    } else {
        protocol_.end();
    }
    if (const auto handler = lost_handler) handler(reason);
}

void Client::Impl::close_socket()
{
    socket_.reset();
    ++connection_;
    writing_ = false;
}

void Client::Impl::read()
{
    socket_->async_read_some(asio::buffer(buffer_), [self = shared_from_this(),
                                                     connection = connection_](error_code error, std::size_t bytes) {
        if (connection == self->connection_ && !self->closed_) self->on_read(error, bytes);
    });
}

void Client::Impl::on_read(error_code error, std::size_t bytes)
{
    if (error) {
        lose(error == asio::error::eof ? "the hub closed the connection" : error.message());
    } else if (const auto violation = protocol_.receive(std::span{buffer_}.first(bytes), Clock::now())) {
        lose(violation->what);
    } else {
        read();
    }
    turn();
}

void Client::Impl::write()
{
    if (writing_ || !socket_) return;
    auto chunks = std::make_shared<const std::vector<std::string>>(protocol_.take_output());
    if (chunks->empty()) return;
    writing_ = true;
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(chunks->size());
    for (const auto& chunk : *chunks) buffers.push_back(asio::buffer(chunk));
    asio::async_write(*socket_, buffers,
                      [self = shared_from_this(), chunks, connection = connection_](error_code error, std::size_t) {
                          if (connection != self->connection_ || self->closed_) return;
                          self->writing_ = false;
                          if (error)
                              self->lose(error.message());
                          else
                              self->protocol_.output_written();
                          self->turn();
                      });
}

// ---- the loop turn

void Client::Impl::schedule_turn()
{
    if (closed_ || std::exchange(turn_scheduled_, true)) return;
    asio::post(io_, [self = shared_from_this()] { self->turn(); });
}

void Client::Impl::turn()
{
    turn_scheduled_ = true; // callbacks below must not ask for another turn
    for (auto events = protocol_.take_events(); !events.empty(); events = protocol_.take_events()) {
        for (auto& event : events) {
            if (closed_) return;
            std::visit([this](auto& happened) { perform(happened); }, event);
        }
    }
    turn_scheduled_ = false;
    if (closed_) return;
    write();
    arm_deadline();
}

void Client::Impl::arm_deadline()
{
    const auto next = protocol_.next_deadline();
    if (!next || (armed_for_ && *armed_for_ <= *next)) return; // an early wake-up arms again; most deadlines never come
    armed_for_ = next;
    deadline_timer_.expires_at(*next);
    deadline_timer_.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->closed_) return;
        self->armed_for_.reset();
        self->protocol_.expire(Clock::now());
        self->turn();
    });
}

void Client::Impl::perform(BecameOnline&)
{
    if (const auto handler = online_handler) handler();
}

void Client::Impl::perform(Finished& event)
{
    auto node = completions_.extract(event.call);
    if (!node.empty() && node.mapped()) node.mapped()(std::move(event.outcome));
}

void Client::Impl::perform(Invoked& event)
{
    const Reply reply = reply_to(event.answer);
    const auto object = objects_.find(event.object);
    const auto found = object == objects_.end() ? Methods::const_iterator{} : object->second.find(event.method);
    if (object == objects_.end() || found == object->second.end()) {
        return reply.error("the object was withdrawn while the call was on its way");
    }
    const Method method = found->second; // a copy, for the method may withdraw or replace its own object
    try {
        method(event.call, reply);
    } catch (const std::exception& error) {
        reply.error(error.what());
    } catch (...) {
        reply.error("the method failed with an exception that is no std::exception");
    }
}

void Client::Impl::perform(Notified& event)
{
    const Reply reply = reply_to(event.answer);
    const auto found = listeners_.find(event.topic);
    if (found == listeners_.end()) return reply.value(nullptr);
    const Listener listener = found->second; // a copy, for the listener may unsubscribe itself
    try {
        listener(event.params);
        reply.value(nullptr);
    } catch (const std::exception& error) {
        reply.error(error.what());
    } catch (...) {
        reply.error("the listener failed with an exception that is no std::exception");
    }
}

Reply Client::Impl::reply_to(AnswerId id)
{
    return Reply{[weak = weak_from_this(), id](Outcome outcome) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        self->protocol_.answer(id, std::move(outcome));
        self->schedule_turn();
    }};
}

// ---- the end

void Client::Impl::stop(std::function<void()> done)
{
    if (stopped_ || closed_) return;
    stopped_ = done ? std::move(done) : [] {};
    reconnects_ = false;
    with_protocol([](Protocol& protocol, TimePoint now) { protocol.leave(now); });
}

void Client::Impl::finish_stop()
{
    if (socket_) close_socket();
    closed_ = true; // what the completions below ask for comes too late
    protocol_.end();
    auto events = protocol_.take_events();
    for (auto& event : events) {
        if (auto* finished = std::get_if<Finished>(&event)) perform(*finished);
    }
    const auto done = std::exchange(stopped_, nullptr);
    abandon();
    if (done) done();
}

void Client::Impl::abandon()
{
    closed_ = true;
    if (socket_) close_socket();
    deadline_timer_.cancel();
    reconnect_timer_.cancel();
    // Users' functions may hold the last reference to anything, this client's owner included: let them go
    // from locals.
    const auto dropped = std::tuple{std::exchange(completions_, {}),      std::exchange(objects_, {}),
                                    std::exchange(listeners_, {}),        std::exchange(online_handler, nullptr),
                                    std::exchange(lost_handler, nullptr), std::exchange(stopped_, nullptr)};
}

// ---- what the user asks for

void Client::Impl::invoke(Invocation what, Millis timeout, Completion done)
{
    if (closed_) {
        if (!done) return;
        const CallError error{"PandoraConnectionLostError", "this client was stopped"};
        return asio::post(io_, [done = std::move(done), error] { done(error); });
    }
    with_protocol([&](Protocol& protocol, TimePoint now) {
        completions_.emplace(protocol.invoke(std::move(what), timeout, now), std::move(done));
    });
}

void Client::Impl::publish(const std::string& object, Methods methods)
{
    with_protocol([&](Protocol& protocol, TimePoint now) { protocol.publish(object, names_of(methods), now); });
    objects_.insert_or_assign(object, std::move(methods));
}

void Client::Impl::unpublish(const std::string& object)
{
    objects_.erase(object);
    with_protocol([&](Protocol& protocol, TimePoint now) { protocol.unpublish(object, now); });
}

void Client::Impl::subscribe(const Topic& topic, Listener listener)
{
    listeners_.insert_or_assign(topic, std::move(listener));
    with_protocol([&](Protocol& protocol, TimePoint now) { protocol.subscribe(topic, now); });
}

void Client::Impl::unsubscribe(const Topic& topic)
{
    listeners_.erase(topic);
    with_protocol([&](Protocol& protocol, TimePoint now) { protocol.unsubscribe(topic, now); });
}

// ---- the public face

Client::Client(asio::io_context& io, Options options) : impl_{std::make_shared<Impl>(io, std::move(options))} {}

Client::Client(asio::io_context& io, Options options, int connected_fd) : Client{io, std::move(options)}
{
    impl_->adopt(connected_fd);
}

Client::~Client() { impl_->abandon(); }

void Client::start() { impl_->start(); }

void Client::stop(std::function<void()> done) { impl_->stop(std::move(done)); }

void Client::on_online(std::function<void()> handler) { impl_->online_handler = std::move(handler); }

void Client::on_lost(std::function<void(const std::string&)> handler) { impl_->lost_handler = std::move(handler); }

void Client::publish(const std::string& object, Methods methods) { impl_->publish(object, std::move(methods)); }

void Client::unpublish(const std::string& object) { impl_->unpublish(object); }

void Client::emit(const std::string& object, const std::string& event, Json params)
{
    impl_->with_protocol([&](Protocol& protocol, TimePoint now) {
        protocol.emit({object, event}, std::move(params), now);
    });
}

void Client::invoke(const std::string& object, const std::string& method, Json params, Completion done,
                    std::optional<std::chrono::milliseconds> timeout)
{
    impl_->invoke({object, method, std::move(params)}, timeout.value_or(impl_->call_timeout()), std::move(done));
}

void Client::send(const std::string& object, const std::string& method, Json params)
{
    impl_->with_protocol([&](Protocol& protocol, TimePoint now) {
        protocol.send({object, method, std::move(params)}, now);
    });
}

void Client::subscribe(const std::string& object, const std::string& event, Listener listener)
{
    impl_->subscribe({object, event}, std::move(listener));
}

void Client::unsubscribe(const std::string& object, const std::string& event) { impl_->unsubscribe({object, event}); }

} // namespace pandora::hub::client
