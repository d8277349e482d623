// What every kind of attempt shares: one deadline, and one answer.
#pragma once

#include "supervisor/probes/attempt.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <utility>

namespace pandora::supervisor::probes {

struct RunningOptions {
    boost::asio::io_context& io;
    std::chrono::milliseconds timeout;
    Answered answered;
};

/// One attempt. Its handlers own it: it lives until the last of them has run, which after its end is soon.
class Running : public std::enable_shared_from_this<Running> {
public:
    virtual ~Running() = default;
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    /// Once, by whoever made it.
    void begin();

    /// No answer from here on.
    void cancel();

    /// See Attempt::collect.
    virtual bool collect(pid_t) { return false; }

protected:
    explicit Running(RunningOptions options);

    /// Starts the work. May answer.
    virtual void work() = 0;

    /// Ends whatever is under way: called once, when there is an answer, or none is wanted any more.
    virtual void release() = 0;

    /// The first answer counts. It is given in a later turn of the loop, and only where nobody has cancelled meanwhile.
    void answer(Answer answer);

    void pass(std::string detail) { answer({true, std::move(detail)}); }

    void fail(std::string detail) { answer({false, std::move(detail)}); }

    boost::asio::io_context& io() { return io_; }

    /// Answered or cancelled: a handler that finds it so has nothing to do.
    bool is_over() const { return over_; }

private:
    void end();

    boost::asio::io_context& io_;
    std::chrono::milliseconds timeout_;
    boost::asio::steady_timer deadline_;
    Answered answered_;
    bool over_ = false;
};

/// "connection refused": as the system says it, in the middle of a sentence.
std::string phrase(const boost::system::error_code& error);

} // namespace pandora::supervisor::probes
