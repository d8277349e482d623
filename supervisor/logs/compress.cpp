#include "supervisor/logs/compress.hpp"

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <unistd.h>
#include <vector>
#include <zlib.h>
#include <zstd.h>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t block_bytes = 256 * 1024;
constexpr int zlib_gzip_window = 15 + 16; // 32 KiB, with gzip's header: see deflateInit2
constexpr int zlib_memory = 8;            // zlib's own default

std::error_code last_error() { return {errno, std::generic_category()}; }

std::error_code out_of_memory() { return std::make_error_code(std::errc::not_enough_memory); }

std::error_code write_all(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return last_error();
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

/// One format: takes a block and writes what it has become. `last` closes the stream.
class Encoder {
public:
    virtual ~Encoder() = default;
    virtual std::error_code add(std::span<char> block, bool last, int to) = 0;

protected:
    std::vector<char> out_ = std::vector<char>(block_bytes);
};

class Gzip final : public Encoder {
public:
    Gzip()
    {
        open_ = ::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, zlib_gzip_window, zlib_memory,
                               Z_DEFAULT_STRATEGY) == Z_OK;
    }

    ~Gzip() override
    {
        if (open_) ::deflateEnd(&stream_);
    }

    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    std::error_code add(std::span<char> block, bool last, int to) override
    {
        if (!open_) return out_of_memory();
        stream_.next_in = reinterpret_cast<Bytef*>(block.data());
        stream_.avail_in = static_cast<uInt>(block.size());
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
            stream_.avail_out = static_cast<uInt>(out_.size());
            ::deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
            if (auto error = write_all(to, {out_.data(), out_.size() - stream_.avail_out})) return error;
        } while (stream_.avail_out == 0);
        return {};
    }

private:
    z_stream stream_{};
    bool open_ = false;
};

class Zstd final : public Encoder {
public:
    std::error_code add(std::span<char> block, bool last, int to) override
    {
        if (!context_) return out_of_memory();
        ZSTD_inBuffer in{block.data(), block.size(), 0};
        std::size_t left = 0;
        do {
            ZSTD_outBuffer out{out_.data(), out_.size(), 0};
            left = ::ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
            if (::ZSTD_isError(left) != 0) return out_of_memory(); // nothing else can fail here
            if (auto error = write_all(to, {out_.data(), out.pos})) return error;
        } while (last ? left != 0 : in.pos < in.size);
        return {};
    }

private:
    struct Free {
        void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
    };

    std::unique_ptr<ZSTD_CCtx, Free> context_{::ZSTD_createCCtx()};
};

std::unique_ptr<Encoder> make_encoder(procfiles::Compression kind)
{
    switch (kind) {
    case procfiles::Compression::none: break;
    case procfiles::Compression::gzip: return std::make_unique<Gzip>();
    case procfiles::Compression::zstd: return std::make_unique<Zstd>();
    }
    assert(false && "nothing to compress with");
    return nullptr;
}

} // namespace

std::error_code compress(procfiles::Compression kind, int from, int to, const std::function<bool()>& cancelled)
{
    const auto encoder = make_encoder(kind);
    std::vector<char> block(block_bytes);
    for (off_t at = 0;;) {
        if (cancelled()) return std::make_error_code(std::errc::operation_canceled);
        const auto got = ::pread(from, block.data(), block.size(), at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return last_error();
        at += got;
        if (auto error = encoder->add({block.data(), static_cast<std::size_t>(got)}, got == 0, to)) return error;
        if (got == 0) break;
    }
    return ::fdatasync(to) == 0 ? std::error_code{} : last_error();
}

} // namespace pandora::supervisor::logs
