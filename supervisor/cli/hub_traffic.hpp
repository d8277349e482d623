// The records of `pandora hub monitor`: which of them are wanted, and how one looks on a line. Pure.
//
// A record is a JSON object as the hub's event `traffic` carries it: {at, verb, from, to, object, method, status,
// bytes, duration_us, id, payload?}. A request has no status yet, or that with which it was refused; an answer has the
// id of its request. Id 0 is none.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <string>
#include <vector>

namespace pandora::supervisor::cli {

/// Patterns as the shell has them: `*`, `?`, `[a-z]`. A list without patterns lets everything through, one with
/// several what matches any of them. The calls by which somebody asks to see all this are no traffic that anybody looks
/// for: they need a pattern of objects or methods to get through.
struct TrafficFilter {
    std::vector<std::string> objects;
    std::vector<std::string> processes; // of sender or receiver: "web" or "web/0"
    std::vector<std::string> methods;

    bool lets_through(const hub::client::Json& record) const;
};

/// The id of a call, which its request and its answers have in common; empty where there is none.
std::string call_id(const hub::client::Json& record);

/// The record as --json shows it. Payloads come to all who look as soon as one of them has asked for payloads: who has
/// not is not shown them.
hub::client::Json traffic_json(hub::client::Json record, bool with_payload);

/// "12:00:00.123456  web/0 -> store/0  invoke  store.get  ok  0.412 ms  20 B  #17", with the payload behind it where
/// asked for. Nothing in it that a terminal would obey.
std::string traffic_line(const hub::client::Json& record, bool with_payload);

} // namespace pandora::supervisor::cli
