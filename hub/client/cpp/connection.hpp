// One connected stream socket: moves bytes and descriptors, and decides nothing.
#pragma once

#include "hub/client/cpp/outbox.hpp"
#include "hub/client/cpp/owned_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace pandora::hub::client {

/// Lives on the thread of its io_context. A read or a write is tried at once and waited for only if it would block, so
/// that a question and its answer cost one system call each.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    /// None runs after close(), `ended` excepted, which follows it.
    struct Handlers {
        std::function<std::span<std::byte>()> space; // where the next bytes go
        /// So many are there now, and these came with them.
        std::function<void(std::size_t bytes, std::vector<OwnedFd> descriptors)> received;
        std::function<void()> written;                        // all of a write() that had to wait
        std::function<void(const std::string& reason)> ended; // once: nothing more is read or written
    };

    /// Takes the ownership of a connected socket.
    Connection(boost::asio::io_context& io, int connected_fd, Handlers handlers);

    /// Begins to read. Not in the constructor, since handlers may run before it returns otherwise.
    void start();

    /// Writes `chunks` in order. True: the kernel has them all; else `written` runs when it has. Not while an earlier
    /// write waits.
    bool write(std::vector<Chunk> chunks);

    bool is_writing() const { return !chunks_.empty(); }

    std::uint64_t bytes_read() const { return bytes_read_; }

    std::uint64_t bytes_written() const { return bytes_written_; }

    /// Also in a handler.
    void close();

private:
    using Socket = boost::asio::local::stream_protocol::socket;

    enum class Progress : std::uint8_t { done, blocked, ended };

    void await_read();
    void await_write();
    void read();
    Progress read_once();
    bool flush();
    void drop_written(std::size_t bytes);
    void end(const std::string& reason);

    Socket socket_;
    Handlers handlers_;
    std::deque<Chunk> chunks_;     // to be written
    std::size_t chunk_offset_ = 0; // of what the kernel has of the first
    std::uint64_t bytes_read_ = 0;
    std::uint64_t bytes_written_ = 0;
    bool closed_ = false;
};

} // namespace pandora::hub::client
