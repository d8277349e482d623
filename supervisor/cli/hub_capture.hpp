// The file that `pandora hub capture` writes and `replay` reads. Pure: streams of the caller's in and out.
//
//   offset  size
//        0     8  "PANDCAP\n"
//        8     4  version, big endian: 1
//       12        records, one after the other, each:
//                   4  length n, big endian, at most 16 MiB
//                   n  a traffic record, JSON in UTF-8, as `pandora hub monitor --json --payload` prints it
//
// A file that ends within a record was cut off while it was written: what stands before is whole.
#pragma once

#include "hub/client/cpp/call.hpp"

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <stdexcept>

namespace pandora::supervisor::cli {

/// The file is no capture, or damaged; what() says how, in one line.
class BadCapture : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Writes the heading at once. The stream has to outlive it; whether it is still good is for the caller to see.
class CaptureWriter {
public:
    CaptureWriter(std::ostream& out, std::uint64_t bytes_max);

    /// False: nothing was written, for the file would become longer than `bytes_max`.
    bool write(const hub::client::Json& record);

    std::uint64_t records() const { return records_; }

    std::uint64_t bytes() const { return bytes_; }

private:
    std::ostream& out_;
    std::uint64_t bytes_max_;
    std::uint64_t bytes_ = 0;
    std::uint64_t records_ = 0;
};

/// The stream has to outlive it. Throws BadCapture where it does not begin as a capture does.
class CaptureReader {
public:
    explicit CaptureReader(std::istream& in);

    /// nullopt at the end. Throws BadCapture.
    std::optional<hub::client::Json> next();

    /// After the end: the last record is not whole.
    bool torn() const { return torn_; }

private:
    std::istream& in_;
    bool torn_ = false;
};

} // namespace pandora::supervisor::cli
