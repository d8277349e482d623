#include "hub/client/cpp/channels.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace pandora::hub::client {

namespace {

constexpr std::chrono::seconds report_period{1}; // PROTOCOL.md 9.8: about once a second

} // namespace

/// What the copies of a Channel share.
class Channel::State {
public:
    State(std::weak_ptr<Channels> channels, Selector who) : channels_{std::move(channels)}, who_{std::move(who)} {}

    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() { close(); }

    void opened(std::uint32_t number, std::weak_ptr<Link> link)
    {
        number_ = number;
        link_ = std::move(link);
    }

    void asked(CallHandle question) { question_ = std::move(question); }

    std::shared_ptr<Link> direct() const
    {
        auto link = link_.lock();
        return link && link->is_attached() ? link : nullptr;
    }

    CallHandle invoke(Invocation what, Completion done, EachListener each) const
    {
        const auto channels = channels_.lock();
        if (!channels) return {};
        auto link = direct();
        if (!link) link = channels->hub_.lock();
        if (!link) return {};
        what.to = who_;
        return link->call(std::move(done), std::move(each), [&](Protocol& protocol, TimePoint now) {
            return protocol.invoke(std::move(what), channels->call_timeout_, now);
        });
    }

    void close()
    {
        question_.cancel();
        const auto channels = channels_.lock();
        if (channels && direct()) channels->close(number_);
    }

private:
    std::weak_ptr<Channels> channels_;
    Selector who_;
    CallHandle question_; // until it is answered
    std::uint32_t number_ = 0;
    std::weak_ptr<Link> link_;
};

CallHandle Channel::invoke(const std::string& method, Payload params, Completion done, CallOptions options) const
{
    if (!state_) return {};
    Invocation what{.name = method, .params = std::move(params), .options = std::move(options)};
    return state_->invoke(std::move(what), std::move(done), nullptr);
}

CallHandle Channel::invoke_stream(const std::string& method, Payload params, PartListener part, Completion done,
                                  CallOptions options, std::uint16_t window) const
{
    if (!state_) return {};
    Invocation what{.name = method, .params = std::move(params), .options = std::move(options)};
    what.parts = window;
    return state_->invoke(std::move(what), std::move(done), each_of(std::move(part)));
}

bool Channel::is_direct() const { return state_ && state_->direct(); }

void Channel::close() const
{
    if (state_) state_->close();
}

// ---- all of a client

Channels::Channels(boost::asio::io_context& io, std::shared_ptr<Served> served, std::weak_ptr<Link> hub,
                   Millis call_timeout, NativeOffer offer)
    : io_{io}, served_{std::move(served)}, hub_{std::move(hub)}, call_timeout_{call_timeout}, offer_{std::move(offer)},
      report_timer_{io}
{}

Channel Channels::open(const Selector& who, const CallOptions& options,
                       std::function<void(std::optional<CallError>)> opened)
{
    const auto hub = hub_.lock();
    if (!hub) return Channel{};
    const auto state = std::make_shared<Channel::State>(weak_from_this(), who);
    const auto take = [self = weak_from_this(), weak = std::weak_ptr{state}, opened](std::uint32_t number,
                                                                                     OwnedFd socket, const Json& peer) {
        const auto channels = self.lock();
        const auto wanted = weak.lock();
        if (!channels || !wanted) return; // nobody wants it any more: the socket closes, and so the other's end
        wanted->opened(number, channels->add(number, std::move(socket), peer));
        if (opened) opened(std::nullopt);
    };
    const auto failed = [opened](const Outcome& outcome) {
        const auto* error = std::get_if<CallError>(&outcome);
        if (opened && error) opened(*error);
    };
    const auto ask = [&](Protocol& protocol, TimePoint now) {
        return protocol.open_channel(who, options, call_timeout_, now);
    };
    state->asked(hub->call(failed, nullptr, ask, take));
    return Channel{state};
}

void Channels::offered(std::uint32_t number, OwnedFd socket, const Json& peer) { add(number, std::move(socket), peer); }

std::shared_ptr<Link> Channels::add(std::uint32_t number, OwnedFd socket, const Json& peer)
{
    Link::Handlers handlers;
    handlers.lost = [weak = weak_from_this(), number](const std::string&) {
        if (const auto self = weak.lock()) self->close(number);
    };
    const auto link = std::make_shared<Link>(io_, Protocol::direct(peer, offer_), served_, std::move(handlers));
    link->expect_no_other_connection();
    link->with_protocol([&](Protocol& protocol, TimePoint now) {
        for (const auto& [name, object] : served_->objects) protocol.publish(name, interface_of(*object), now);
    });
    link->attach(socket.release());
    open_.insert_or_assign(number, link);
    if (!std::exchange(reporting_, true)) report_all_later();
    return link;
}

void Channels::ended(std::uint32_t number) { close(number); }

/// Also when the peer has closed it: then the link ends its calls in the turn that it is in.
void Channels::close(std::uint32_t number)
{
    auto node = open_.extract(number);
    if (node.empty()) return;
    report(number, *node.mapped(), wire::Status::peer_gone);
    node.mapped()->disconnect("the direct channel was closed");
}

void Channels::hub_lost()
{
    for (const auto& [number, link] : std::exchange(open_, {})) link->disconnect("the hub was lost");
}

void Channels::publish(const std::string& object, const Interface& what)
{
    for (const auto& [number, link] : open_)
        link->with_protocol([&](Protocol& protocol, TimePoint now) { protocol.publish(object, what, now); });
}

void Channels::unpublish(const std::string& object)
{
    for (const auto& [number, link] : open_)
        link->with_protocol([&](Protocol& protocol, TimePoint now) { protocol.unpublish(object, now); });
}

void Channels::report(std::uint32_t number, const Link& link, wire::Status is)
{
    const auto hub = hub_.lock();
    if (!hub || !hub->is_attached()) return;
    const Link::Totals totals = link.totals();
    const Json json{{"calls", totals.calls},
                    {"errors", totals.errors},
                    {"bytes_sent", totals.bytes_sent},
                    {"bytes_received", totals.bytes_received}};
    hub->with_protocol([&](Protocol& protocol, TimePoint) { protocol.report_channel(number, json, is); });
}

void Channels::report_all_later()
{
    report_timer_.expires_after(report_period);
    report_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        for (const auto& [number, link] : self->open_) self->report(number, *link, wire::Status::ok);
        self->reporting_ = !self->open_.empty();
        if (self->reporting_) self->report_all_later();
    });
}

void Channels::abandon()
{
    report_timer_.cancel();
    for (const auto& [number, link] : std::exchange(open_, {})) link->abandon();
}

} // namespace pandora::hub::client
