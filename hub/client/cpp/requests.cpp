#include "hub/client/cpp/requests.hpp"

namespace pandora::hub::client {

bool takes_bytes(const Purpose& purpose)
{
    if (const auto* caller = std::get_if<ForCaller>(&purpose)) return caller->takes_bytes;
    const auto* gatherer = std::get_if<ForGatherer>(&purpose);
    return gatherer && gatherer->takes_bytes;
}

Outcome as_taken(Outcome outcome, bool takes_bytes)
{
    if (takes_bytes || !std::holds_alternative<Bytes>(outcome)) return outcome;
    return CallError{"PandoraUnsupportedError", "the answer is bytes, which the caller does not take"};
}

RequestId Requests::open(TimePoint deadline, Millis timeout, Purpose purpose)
{
    const RequestId id = next();
    requests_.emplace(
        id, Request{.deadline = deadline, .ends = deadline, .timeout = timeout, .purpose = std::move(purpose)});
    ends_.emplace(deadline, id);
    return id;
}

std::optional<Request> Requests::close(RequestId id)
{
    auto node = requests_.extract(id);
    if (node.empty()) return std::nullopt;
    Request request = std::move(node.mapped());
    ends_.erase({request.ends, id});
    packets_.erase(request.packet);
    return request;
}

Request* Requests::find(RequestId id)
{
    const auto found = requests_.find(id);
    return found == requests_.end() ? nullptr : &found->second;
}

void Requests::sent(RequestId id, std::uint32_t packet)
{
    Request* const request = find(id);
    if (!request) return;
    request->packet = packet;
    packets_.emplace(packet, id);
}

void Requests::take_back(RequestId id)
{
    Request* const request = find(id);
    if (request) packets_.erase(std::exchange(request->packet, 0));
}

std::optional<RequestId> Requests::of_packet(std::uint32_t packet) const
{
    const auto found = packets_.find(packet);
    return found == packets_.end() ? std::nullopt : std::optional{found->second};
}

void Requests::postpone(RequestId id, TimePoint end)
{
    Request* const request = find(id);
    if (!request) return;
    ends_.erase({request->ends, id});
    request->ends = end;
    ends_.emplace(end, id);
}

std::optional<std::pair<TimePoint, RequestId>> Requests::first() const
{
    return ends_.empty() ? std::nullopt : std::optional{*ends_.begin()};
}

std::vector<RequestId> Requests::under_way() const
{
    std::vector<RequestId> found;
    for (const auto& [id, request] : requests_) {
        if (request.packet != 0) found.push_back(id);
    }
    return found;
}

std::vector<RequestId> Requests::all() const
{
    std::vector<RequestId> found;
    for (const auto& [id, request] : requests_) found.push_back(id);
    return found;
}

} // namespace pandora::hub::client
