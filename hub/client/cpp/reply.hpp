// What a method is given to answer with.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace pandora::hub::client {

/// Answers one call, now or later, once; copyable so that it can be kept. Further answers are ignored. When the last
/// copy goes without an answer, the caller is told so instead of waiting for its timeout. May outlive the client.
class Reply {
public:
    /// Who sends the answers, by its own number of the call.
    class Owner {
    public:
        virtual void answer(std::uint64_t call, const Outcome& outcome) = 0;
        virtual bool part(std::uint64_t call, const Payload& value) = 0;
        virtual void on_part_wanted(std::uint64_t call, std::function<void()> handler) = 0;

    protected:
        ~Owner() = default;
    };

    Reply(std::weak_ptr<Owner> owner, std::uint64_t call);

    /// The call has gone well: with JSON, or with bytes, which only callers get that take them (CallOptions::bytes).
    void value(Json result) const;
    void bytes(Bytes result) const;

    /// Without a result (Outcome::absent()), which is not the value null.
    void done() const;

    /// The call has failed: what the caller gets as CallError.
    void error(std::string message, std::string name = "Error") const;

    /// One part of a stream, before the answer. False: it was not sent, for the caller takes no more of them now;
    /// on_part_wanted() tells when to try again. Always false where not Call::takes_parts, and when the call is over:
    /// so it is after a part that is too large for any frame and pool, of which the caller is told as of an error, and
    /// this side as of a cancellation.
    bool part(const Json& value) const;
    bool part(const Bytes& value) const;

    /// Runs `handler`, each time in place of an earlier one, when a part that was refused may be sent. Let go with the
    /// answer, and when the caller cancels.
    void on_part_wanted(std::function<void()> handler) const;

    bool answered() const;

private:
    class Once;

    std::shared_ptr<Once> once_;
};

} // namespace pandora::hub::client
