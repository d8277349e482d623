/// A connected stream socket, never blocking, with what waits to be written and what was read.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pandora::bench::hub_load {

class Stream {
public:
    /// Owns `descriptor` from now on.
    explicit Stream(int descriptor);
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&& other) noexcept;
    ~Stream();

    static Stream connect_unix(const std::string& path);
    static Stream connect_loopback(const std::string& port);

    /// Append here.
    std::string& out() { return out_; }

    /// One write, if there is anything to write. What is not taken stays.
    void flush();
    void flush_all();
    /// Waits until something can be read, writing the rest meanwhile, and reads once.
    void read();

    /// What was read and not consumed. Holds until the next read().
    std::string_view input() const { return {input_.data() + begin_, end_ - begin_}; }

    void consume(std::size_t bytes) { begin_ += bytes; }

    /// The oldest descriptor that came with what was read, owned by the caller; -1: none. Only after
    /// expect_descriptors(), since a plain read is what the others do.
    int take_descriptor();

    void expect_descriptors() { with_descriptors_ = true; }

private:
    void wait(short events);
    void make_space();
    long read_some();

    int descriptor_;
    std::string out_;
    std::size_t written_ = 0; // of out_
    std::vector<char> input_;
    std::size_t begin_ = 0, end_ = 0; // of what is in input_
    bool with_descriptors_ = false;
    std::vector<int> descriptors_;
};

} // namespace pandora::bench::hub_load
