// Calls that wait: for a process that will be back, and for the supervisor to say why a callee went away.
#include "hub/core/router.hpp"

#include <algorithm>
#include <utility>

namespace pandora::hub::core {

namespace {

/// For whom calls wait that wait for anybody who publishes the object. No process can be called so.
std::string anybody_with(std::string_view object) { return "*" + std::string{object}; }

} // namespace

/// The process that will bring back somebody who serves it. One that runs and has promised the object counts as well
/// while nobody is there: it has just died, and the supervisor's word is on its way, or it is about to publish.
std::optional<std::string_view> Router::returning_for(const Message& message) const
{
    if (const auto process = expectations_.returning_for(message.target->asked)) return process;
    const std::string_view owner = expectations_.promised_by(message.object());
    const bool nobody = !routes_.knows(message.target->asked[Key::object_name]);
    return nobody && !owner.empty() && expectations_.is_serving(owner) ? std::optional{owner} : std::nullopt;
}

Failure Router::no_route(const Message& message) const
{
    Failure failure{CallEnd::no_route, "Cannot found any clients by selector: " + std::string{message.remote}};
    const std::string_view owner = expectations_.promised_by(message.object());
    if (owner.empty()) return failure;
    failure.whose = InstanceName{std::string{owner}, 0};
    failure.reason = expectations_.cause_of(owner);
    return failure;
}

/// Whether the message waits now for somebody to come, instead of failing.
bool Router::wait_worth(const Message& message, const Failure& failure)
{
    if (failure.end != CallEnd::no_route || !message.fds.empty() || message.is_pooled()) return false;
    const auto returning = returning_for(message);
    if (!returning && (!message.waits || message.object().empty())) return false;
    const std::string process = returning ? std::string{*returning} : anybody_with(message.object());
    Parked parked{.call = {},
                  .from = message.from,
                  .flags = message.flags,
                  .body = std::string{message.body},
                  .packet = message.packet};
    const std::size_t bytes = parked.bytes();
    // A call that wants an answer has been counted; one that wants none is kept like one.
    const bool is_one_more = !message.wants_answer && !message.resumed && !is_own(connections_[message.from].reach);
    if (is_one_more && calls_.in_flight_from(message.from) >= limits_.calls_in_flight_max)
        return refuse(message, {CallEnd::busy, "too many messages wait"}), true;
    if (!parking_.has_room(process, bytes))
        return refuse(message, {CallEnd::busy, "too many calls wait for " + process}), true;
    const CallId call = open_call(message, message.wants_answer ? Gathering::one_answer : Gathering::no_answer);
    parked.call = call;
    parking_.park(process, std::move(parked));
    connections_.hold(message.from, bytes);
    calls_.keep(call, KeptBy::parking);
    return true;
}

/// Gives those who wait to whom has come since.
void Router::resume_parked(TimePoint now)
{
    while (!came_.empty()) {
        const Came came = std::move(came_.back());
        came_.pop_back();
        if (parking_.empty()) {
            came_.clear();
            return;
        }
        resume_all(came.process, now);
        if (came.object.empty()) continue;
        resume_all(std::string{expectations_.promised_by(came.object)}, now);
        resume_all(anybody_with(came.object), now);
    }
}

void Router::resume_all(const std::string& process, TimePoint now)
{
    if (process.empty() || parking_.size(process) == 0) return;
    std::vector<Parked> lot;
    parking_.take(process, lot);
    for (Parked& parked : lot) {
        connections_.release(parked.from, parked.bytes());
        calls_.take_back(parked.call);
    }
    for (const Parked& parked : lot) resume(parked.call, parked.flags, parked.body, now);
}

/// Routes a call's frame again, whose dialect and sense are known to be right. If there is still nobody, it waits
/// again.
void Router::resume(CallId call, std::uint8_t flags, const std::string& body, TimePoint now)
{
    const PeerId from = calls_[call].caller;
    const wire::Frame frame{{flags, calls_[call].packet, static_cast<std::uint32_t>(body.size())}, body};
    const TimePoint deadline = calls_[call].deadline;
    const auto route_again = [&](Message& message) {
        message.resumed = call;
        message.deadline = deadline;
        route(message);
    };
    if (flags & wire::flag::native) {
        const auto parsed = wire::parse_native(body);
        Message message = read_native(from, frame, *parsed, {}, now);
        message.target = &target_of(message);
        return route_again(message);
    }
    const auto parsed = wire::parse_legacy(body);
    const auto& legacy = std::get<wire::LegacyBody>(parsed);
    Message message = read_legacy({from, frame.header.id, legacy, frame, now});
    message.target = &targets_.of_text(message.remote);
    route_again(message);
}

void Router::lose_leg(LegId leg, const Loss& loss, TimePoint now)
{
    const CallId id = calls_[leg].call;
    const PeerId callee = calls_[leg].callee;
    calls_.close_leg(leg);
    count_for(callee, CallEnd::peer_gone);
    if (calls_[id].gathering == Gathering::all_answers) {
        gather_failure(id, callee, explained(loss), now);
        return finish_if_complete(id, now);
    }
    if (!calls_[id].frame.empty()) return retry(id, now);
    mourn(id, loss, now);
}

/// An idempotent call is given to another callee, as long as its time is not over.
void Router::retry(CallId id, TimePoint now)
{
    const std::string frame = calls_[id].frame; // the call may end meanwhile
    resume(id, calls_[id].frame_flags, frame, now);
}

/// Answers now if the supervisor has said why already, or is not there to say; else a moment later.
void Router::mourn(CallId id, const Loss& loss, TimePoint now)
{
    const auto prospect = loss.failure.whose ? expectations_.prospect_of(*loss.failure.whose) : std::nullopt;
    if (prospect != Prospect::serving) return fail_call(id, explained(loss), now);
    calls_.keep(id, KeptBy::mourning);
    mourned_.emplace(id, loss);
    mourning_deadlines_.arm(static_cast<Deadlines::Key>(id), now + limits_.mourning);
}

/// With the true reason, where the supervisor has said that the instance does not run any more.
Failure Router::explained(const Loss& loss) const
{
    Failure failure = loss.failure;
    const bool is_away = failure.whose && expectations_.prospect_of(*failure.whose) != Prospect::serving;
    if (is_away) failure.reason = expectations_.cause_of(*failure.whose);
    failure.message.append(": ").append(failure.reason.empty() ? loss.how : std::string_view{failure.reason});
    return failure;
}

void Router::end_mourning(TimePoint now)
{
    if (mourned_.empty()) return;
    expired_.clear();
    mourning_deadlines_.advance(now, expired_);
    for (const Deadlines::Key key : expired_) tell_loss(CallId{key}, now);
}

void Router::tell_loss(CallId id, TimePoint now)
{
    const Loss loss = mourned_.at(id);
    fail_call(id, explained(loss), now); // which forgets it
}

void Router::tell_all_losses(TimePoint now)
{
    while (!mourned_.empty()) tell_loss(mourned_.begin()->first, now);
}

void Router::promise(const std::string& process, std::vector<std::string> objects)
{
    expectations_.promise(process, std::move(objects));
}

void Router::heard(InstanceNews news, TimePoint now)
{
    const InstanceName name = news.name;
    const bool away = news.prospect != Prospect::serving;
    mark(name, &Peer::unready, !news.ready);
    expectations_.heard(std::move(news));
    std::vector<CallId> told;
    if (away)
        for (const auto& [call, loss] : mourned_)
            if (loss.failure.whose == name) told.push_back(call);
    for (const CallId call : told) tell_loss(call, now);
    // Those who wait for it in vain are told so, and those whom it can serve now are given to it.
    if (!away || !expectations_.is_returning(name.process)) came_.push_back({name.process, {}});
    settle(now);
}

} // namespace pandora::hub::core
