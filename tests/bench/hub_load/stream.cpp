#include "tests/bench/hub_load/stream.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pandora::bench::hub_load {
namespace {

constexpr std::size_t read_bytes_max = 256 * 1024;              // a few of the largest messages; the same for all hubs
constexpr auto silence_max = std::chrono::milliseconds{10'000}; // then something was lost: nothing here takes so long
constexpr int descriptors_max = 4;

[[noreturn]] void fail(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

template <class Address>
int connected(int family, const Address& address, socklen_t length)
{
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) fail("socket");
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
        const int cause = errno;
        ::close(descriptor);
        throw std::system_error{cause, std::generic_category(), "connect"};
    }
    return descriptor;
}

} // namespace

Stream::Stream(int descriptor) : descriptor_{descriptor}, input_(read_bytes_max)
{
    if (::fcntl(descriptor_, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

Stream::Stream(Stream&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, out_{std::move(other.out_)}, written_{std::exchange(
                                                                                          other.written_, 0)},
      input_{std::move(other.input_)}, begin_{std::exchange(other.begin_, 0)}, end_{std::exchange(other.end_, 0)},
      with_descriptors_{other.with_descriptors_}, descriptors_{std::move(other.descriptors_)}
{}

Stream& Stream::operator=(Stream&& other) noexcept
{
    std::swap(descriptor_, other.descriptor_);
    std::swap(out_, other.out_);
    std::swap(written_, other.written_);
    std::swap(input_, other.input_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(with_descriptors_, other.with_descriptors_);
    std::swap(descriptors_, other.descriptors_);
    return *this;
}

Stream::~Stream()
{
    for (const int each : descriptors_) ::close(each);
    if (descriptor_ >= 0) ::close(descriptor_);
}

Stream Stream::connect_unix(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error{"too long for a socket's path: " + path};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return Stream{connected(AF_UNIX, address, sizeof address)};
}

Stream Stream::connect_loopback(const std::string& port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int descriptor = connected(AF_INET, address, sizeof address);
    const int on = 1;
    if (::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
    return Stream{descriptor};
}

void Stream::flush()
{
    if (written_ == out_.size()) return;
    const ssize_t taken = ::send(descriptor_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN && errno != EINTR) fail("send");
    if (taken > 0) written_ += static_cast<std::size_t>(taken);
    if (written_ < out_.size()) return;
    out_.clear();
    written_ = 0;
}

void Stream::flush_all()
{
    for (flush(); written_ < out_.size(); flush()) wait(POLLOUT);
}

void Stream::wait(short events)
{
    pollfd one{descriptor_, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(silence_max.count()));
    if (ready < 0 && errno != EINTR) fail("poll");
    if (ready == 0) throw std::runtime_error{"nothing came for 10 s: something was lost"};
}

void Stream::read()
{
    flush();
    make_space();
    for (;;) {
        const long got = read_some();
        if (got > 0) {
            end_ += static_cast<std::size_t>(got);
            return;
        }
        if (got == 0) throw std::runtime_error{"the hub closed the connection"};
        if (errno != EAGAIN && errno != EINTR) fail("read");
        wait(written_ < out_.size() ? POLLIN | POLLOUT : POLLIN);
        flush();
    }
}

/// Room for one full read behind what has not been consumed.
void Stream::make_space()
{
    if (input_.size() - end_ >= read_bytes_max) return;
    std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (input_.size() - end_ < read_bytes_max) input_.resize(end_ + read_bytes_max);
}

long Stream::read_some()
{
    if (!with_descriptors_) return ::read(descriptor_, input_.data() + end_, read_bytes_max);
    iovec place{input_.data() + end_, read_bytes_max};
    alignas(cmsghdr) char control[CMSG_SPACE(descriptors_max * sizeof(int))];
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(descriptor_, &message, MSG_CMSG_CLOEXEC);
    if (got < 0) return got;
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        descriptors_.resize(descriptors_.size() + count);
        std::memcpy(descriptors_.data() + descriptors_.size() - count, CMSG_DATA(each), count * sizeof(int));
    }
    return got;
}

int Stream::take_descriptor()
{
    if (descriptors_.empty()) return -1;
    const int oldest = descriptors_.front();
    descriptors_.erase(descriptors_.begin());
    return oldest;
}

} // namespace pandora::bench::hub_load
