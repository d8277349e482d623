#include "tests/process/stuck_disk.hpp"

#include "supervisor/os/unique_fd.hpp"

#include <cstdint>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace pandora::supervisor::logs {

namespace {

constexpr std::size_t page = 4096; // registered as a range: a larger page of the machine's is refused, and we skip

} // namespace

struct StuckDisk::State {
    os::UniqueFd faults{static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK))};
    os::UniqueFd file;
    void* memory = MAP_FAILED;
    std::thread writer;

    ~State()
    {
        if (memory != MAP_FAILED) ::munmap(memory, page);
    }

    bool withhold()
    {
        if (!faults) return false;
        uffdio_api api{};
        api.api = UFFD_API;
        if (::ioctl(faults.get(), UFFDIO_API, &api) != 0) return false;
        memory = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return false;
        uffdio_register range{};
        range.range = {reinterpret_cast<std::uintptr_t>(memory), page};
        range.mode = UFFDIO_REGISTER_MODE_MISSING;
        return ::ioctl(faults.get(), UFFDIO_REGISTER, &range) == 0;
    }

    void release() const
    {
        const char newline = '\n'; // what is written then
        alignas(page) static char content[page];
        content[0] = newline;
        uffdio_copy copy{};
        copy.dst = reinterpret_cast<std::uintptr_t>(memory);
        copy.src = reinterpret_cast<std::uintptr_t>(content);
        copy.len = page;
        ::ioctl(faults.get(), UFFDIO_COPY, &copy);
    }
};

StuckDisk::StuckDisk(std::unique_ptr<State> state) : state_{std::move(state)} {}

StuckDisk::~StuckDisk()
{
    state_->release();
    state_->writer.join();
}

std::unique_ptr<StuckDisk> StuckDisk::make(const std::filesystem::path& file)
{
    auto state = std::make_unique<State>();
    state->file = os::UniqueFd{::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
    if (!state->file || !state->withhold()) return nullptr;
    state->writer = std::thread{
        [memory = state->memory, fd = state->file.get()] { (void)!::write(fd, memory, bytes_left_behind); }};
    pollfd fault{state->faults.get(), POLLIN, 0}; // the write has come as far as the memory
    ::poll(&fault, 1, -1);
    return std::unique_ptr<StuckDisk>{new StuckDisk{std::move(state)}};
}

} // namespace pandora::supervisor::logs
