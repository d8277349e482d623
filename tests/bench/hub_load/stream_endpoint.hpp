/// An end over a byte stream: a transport adds how messages are written and found in it.
#pragma once

#include "tests/bench/hub_load/endpoint.hpp"
#include "tests/bench/hub_load/stream.hpp"

#include <utility>

namespace pandora::bench::hub_load {

class StreamEndpoint : public Endpoint {
public:
    explicit StreamEndpoint(Stream stream) : stream_{std::move(stream)} {}

    void flush() override { stream_.flush(); }

    void flush_all() override { stream_.flush_all(); }

    void receive(const Take& take) override
    {
        stream_.read();
        take_all(take);
    }

protected:
    /// Length of the message at the front of `input`, handed to `take` if it is for the application; 0: not all of
    /// it is there yet.
    virtual std::size_t next(std::string_view input, const Take& take) = 0;

    void take_all(const Take& take)
    {
        while (const std::size_t length = next(stream_.input(), take)) stream_.consume(length);
    }

    /// Writes what was appended and reads until `done`, of all that was read, says so.
    template <class Done>
    void read_until(Done done)
    {
        stream_.flush_all();
        while (!done(stream_.input())) stream_.read();
    }

    std::string& out() { return stream_.out(); }

    Stream& stream() { return stream_; }

private:
    Stream stream_;
};

} // namespace pandora::bench::hub_load
