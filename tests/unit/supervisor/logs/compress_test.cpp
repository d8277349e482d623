#include "supervisor/logs/compress.hpp"
#include "supervisor/os/unique_fd.hpp"
#include "tests/unit/supervisor/logs/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <zlib.h>
#include <zstd.h>

namespace pandora::supervisor::logs {
namespace {

using procfiles::Compression;

std::error_code compressed(const TemporaryFolder& folder, Compression kind, bool cancel = false)
{
    const os::UniqueFd from{::open((folder / "from").c_str(), O_RDONLY | O_CLOEXEC)};
    const os::UniqueFd to{::open((folder / "to").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    return compress(kind, from.get(), to.get(), [cancel] { return cancel; });
}

std::string gunzipped(const std::filesystem::path& path)
{
    const auto file = ::gzopen(path.c_str(), "rb");
    std::string text(10'000'000, '\0');
    const int got = ::gzread(file, text.data(), static_cast<unsigned>(text.size()));
    EXPECT_EQ(::gzclose(file), Z_OK);
    text.resize(static_cast<std::size_t>(got));
    return text;
}

std::string unzstded(const std::string& bytes)
{
    std::string text(10'000'000, '\0');
    ZSTD_DCtx* context = ::ZSTD_createDCtx();
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer out{text.data(), text.size(), 0};
    EXPECT_EQ(::ZSTD_decompressStream(context, &out, &in), 0U) << "the frame is complete";
    ::ZSTD_freeDCtx(context);
    text.resize(out.pos);
    return text;
}

TEST(Compress, GivesBackWhatItTook)
{
    const TemporaryFolder folder;
    std::string large;
    for (int n = 0; large.size() < 3'000'000; ++n) large += "line " + std::to_string(n * 7919) + "\n";
    for (const std::string& text : {std::string{}, std::string{"one line\n"}, large, std::string(256 * 1024, 'x')}) {
        folder.write("from", text);
        ASSERT_FALSE(compressed(folder, Compression::gzip));
        EXPECT_EQ(gunzipped(folder / "to"), text);
        ASSERT_FALSE(compressed(folder, Compression::zstd));
        EXPECT_EQ(unzstded(folder.text("to")), text);
    }
    EXPECT_LT(folder.text("to").size(), 10'000U);
}

TEST(Compress, EndsWhenItIsTold)
{
    const TemporaryFolder folder;
    folder.write("from", "x");
    EXPECT_EQ(compressed(folder, Compression::gzip, true), std::errc::operation_canceled);
}

TEST(Compress, SaysWhatFailed)
{
    const TemporaryFolder folder;
    folder.write("from", std::string(1'000'000, 'x'));
    const os::UniqueFd from{::open((folder / "from").c_str(), O_RDONLY | O_CLOEXEC)};
    const os::UniqueFd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    for (const auto kind : {Compression::gzip, Compression::zstd})
        EXPECT_EQ(compress(kind, from.get(), full.get(), [] { return false; }), std::errc::no_space_on_device);
    EXPECT_EQ(compress(Compression::gzip, -1, full.get(), [] { return false; }), std::errc::bad_file_descriptor);
}

} // namespace
} // namespace pandora::supervisor::logs
