#include "supervisor/probes/running.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace pandora::supervisor::probes {

namespace asio = boost::asio;

namespace {

std::string spelled(std::chrono::milliseconds duration)
{
    const auto count = duration.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

} // namespace

std::string phrase(const boost::system::error_code& error)
{
    auto text = error.message();
    const bool sentence = text.size() > 1 && is_upper(text[0]) && !is_upper(text[1]);
    if (sentence) text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

Running::Running(RunningOptions options)
    : io_{options.io}, timeout_{options.timeout}, deadline_{options.io}, answered_{std::move(options.answered)}
{}

void Running::begin()
{
    deadline_.expires_after(timeout_);
    deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->fail("timed out after " + spelled(self->timeout_));
    });
    work();
}

void Running::cancel()
{
    answered_ = nullptr; // also where the answer is on its way
    end();
}

void Running::answer(Answer answer)
{
    if (over_) return;
    end();
    asio::post(io_, [self = shared_from_this(), answer = std::move(answer)]() mutable {
        if (const auto answered = std::exchange(self->answered_, nullptr)) answered(std::move(answer));
    });
}

void Running::end()
{
    if (std::exchange(over_, true)) return;
    deadline_.cancel();
    release();
}

Attempt::Attempt(std::shared_ptr<Running> running) : running_{std::move(running)} {}

Attempt& Attempt::operator=(Attempt&& other) noexcept
{
    if (running_ && running_ != other.running_) running_->cancel();
    running_ = std::move(other.running_);
    return *this;
}

Attempt::~Attempt()
{
    if (running_) running_->cancel();
}

bool Attempt::collect(pid_t pid) { return running_ && running_->collect(pid); }

} // namespace pandora::supervisor::probes
