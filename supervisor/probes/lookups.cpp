#include "supervisor/probes/lookups.hpp"

#include "supervisor/os/unique_fd.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace pandora::supervisor::probes {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// A choice: more hosts than this are hardly probed by name on one machine; the threads of a dead name server's victims
// stay for as long as resolv.conf(5) says (5 s, twice, for each server).
constexpr int under_way_max = 32;

constexpr std::size_t endpoints_max = 8; // tried one after the other within one probe's timeout

struct Result {
    Endpoints endpoints;
    std::string why;
};

/// What a thread and the loop share.
struct Question {
    std::string host;
    std::uint16_t port = 0;
    os::UniqueFd answered; // an eventfd

    std::mutex mutex;
    Result result; // under the mutex
};

std::optional<Endpoints> known(const std::string& host, std::uint16_t port)
{
    if (host == "localhost")
        return Endpoints{{asio::ip::address_v4::loopback(), port}, {asio::ip::address_v6::loopback(), port}};
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']'; // as in a URL
    boost::system::error_code error;
    const auto address = asio::ip::make_address(bracketed ? host.substr(1, host.size() - 2) : host, error);
    if (error) return std::nullopt;
    return Endpoints{{address, port}};
}

/// On a thread of its own.
Result look_up(const std::string& host, std::uint16_t port)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
    if (error != 0) return {{}, "cannot find host " + host + ": " + ::gai_strerror(error)};
    Result result;
    for (const auto* entry = list; entry && result.endpoints.size() < endpoints_max; entry = entry->ai_next) {
        tcp::endpoint endpoint;
        if (entry->ai_addrlen > endpoint.capacity()) continue;
        endpoint.resize(entry->ai_addrlen);
        std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
        result.endpoints.push_back(endpoint);
    }
    ::freeaddrinfo(list);
    if (result.endpoints.empty()) result.why = "host " + host + " has no address";
    return result;
}

void answer(Question& question)
{
    auto result = look_up(question.host, question.port);
    {
        const std::lock_guard lock{question.mutex};
        question.result = std::move(result);
    }
    const std::uint64_t one = 1;
    (void)!::write(question.answered.get(), &one, sizeof one);
}

/// Signals are for the main thread.
class SignalsBlocked {
public:
    SignalsBlocked()
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

/// Throws std::system_error where there can be no more threads or descriptors.
std::shared_ptr<Question> ask(const std::string& host, std::uint16_t port,
                              const std::shared_ptr<std::atomic<int>>& count)
{
    auto question = std::make_shared<Question>();
    question->host = host;
    question->port = port;
    question->answered = os::UniqueFd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!question->answered) throw std::system_error{errno, std::generic_category()};
    const SignalsBlocked blocked; // the thread inherits it
    std::thread{[question, count] {
        answer(*question);
        --*count;
    }}.detach();
    ++*count; // it may have been below zero for a moment
    return question;
}

/// Has the loop wait for the thread's answer. Throws std::system_error.
void await(asio::io_context& io, const std::shared_ptr<Question>& question, Lookups::Found found)
{
    auto copy = os::UniqueFd{::fcntl(question->answered.get(), F_DUPFD_CLOEXEC, 0)};
    auto answered = std::make_shared<asio::posix::stream_descriptor>(io);
    boost::system::error_code error;
    answered->assign(copy.get(), error);
    if (error) throw std::system_error{error};
    (void)copy.release();
    answered->async_wait(asio::posix::descriptor_base::wait_read,
                         [answered, question, found = std::move(found)](const boost::system::error_code& failed) {
                             if (failed) return;
                             std::uint64_t count = 0;
                             (void)!::read(answered->native_handle(), &count, sizeof count);
                             std::unique_lock lock{question->mutex};
                             auto result = std::move(question->result);
                             lock.unlock();
                             found(std::move(result.endpoints), result.why);
                         });
}

} // namespace

void Lookups::find(const std::string& host, std::uint16_t port, const Found& found)
{
    if (auto endpoints = known(host, port)) return found(std::move(*endpoints), "");
    if (*under_way_ >= under_way_max) return found({}, "cannot find host " + host + ": too many lookups are under way");
    try {
        await(io_, ask(host, port, under_way_), found);
    } catch (const std::system_error& error) {
        found({}, "cannot find host " + host + ": " + error.code().message());
    }
}

} // namespace pandora::supervisor::probes
