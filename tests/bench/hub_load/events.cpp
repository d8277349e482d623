#include "tests/bench/hub_load/broker_cpu.hpp"
#include "tests/bench/hub_load/child.hpp"
#include "tests/bench/hub_load/load.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace pandora::bench::hub_load {
namespace {

constexpr unsigned subscribers_max = 64;
constexpr int silence_ms_max = 10'000; // as in stream.cpp
constexpr int join_again_ms = 10;      // between the events that ask whether a subscriber hears already

/// What the subscribers tell the publisher, beside the hub: how far each is. Shared by all the processes.
class Progress {
public:
    Progress() : page_{::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)}
    {
        moved_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (page_ == MAP_FAILED || moved_ < 0) throw std::system_error{errno, std::generic_category(), "shared page"};
        new (page_) Page{};
    }

    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    ~Progress()
    {
        ::munmap(page_, sizeof(Page));
        ::close(moved_);
    }

    /// Of a subscriber: the number of the newest event.
    void tell(unsigned subscriber, std::uint64_t reached)
    {
        page().reached[subscriber].value.store(reached);
        // The publisher stores what it waits for and then looks again, so one of the two sees the other.
        if (reached >= page().awaited.load() && ::eventfd_write(moved_, 1) != 0)
            throw std::system_error{errno, std::generic_category(), "eventfd"};
    }

    /// Of the publisher: waits until all have reached `number`, at most `milliseconds`.
    bool wait(unsigned subscribers, std::uint64_t number, int milliseconds)
    {
        page().awaited.store(number);
        bool moved = true;
        while (slowest(subscribers) < number && moved) {
            pollfd one{moved_, POLLIN, 0};
            moved = ::poll(&one, 1, milliseconds) != 0;
            eventfd_t count = 0;
            ::eventfd_read(moved_, &count);
        }
        page().awaited.store(~std::uint64_t{0});
        return slowest(subscribers) >= number;
    }

    std::uint64_t slowest(unsigned subscribers)
    {
        std::uint64_t least = ~std::uint64_t{0};
        for (unsigned each = 0; each < subscribers; ++each) least = std::min(least, page().reached[each].value.load());
        return least;
    }

private:
    struct alignas(64) Reached { // a cache line each
        std::atomic<std::uint64_t> value{0};
    };

    struct Page {
        std::atomic<std::uint64_t> awaited{~std::uint64_t{0}};
        Reached reached[subscribers_max];
    };

    Page& page() { return *static_cast<Page*>(page_); }

    void* page_;
    int moved_;
};

[[noreturn]] void listen(Transport& transport, Progress& progress, unsigned place, const std::function<void()>& ready)
{
    const auto endpoint = transport.connect(Role::subscriber);
    ready();
    std::uint64_t reached = 0;
    for (;;) {
        endpoint->receive([&](const Message& event) {
            const std::uint64_t number = id_in(event.payload);
            // The first may come twice, or not at all: see join().
            if (number != reached + 1 && number != 1)
                throw std::runtime_error{"event " + std::to_string(number) + " after " + std::to_string(reached)};
            reached = std::max(reached, number);
        });
        endpoint->flush();
        progress.tell(place, reached);
    }
}

class Publisher {
public:
    Publisher(Endpoint& endpoint, Progress& progress, const Load& load)
        : endpoint_{endpoint}, progress_{progress}, load_{load}, payload_(load.payload_bytes, 'x')
    {}

    /// The first event again and again, until everybody has heard it: ZeroMQ does not say when a subscription holds.
    void join()
    {
        const auto deadline = Clock::now() + std::chrono::milliseconds{silence_ms_max};
        do {
            if (Clock::now() > deadline) throw std::runtime_error{"not every subscriber hears"};
            tell(published_ = 1);
            endpoint_.flush_all();
        } while (!progress_.wait(load_.subscribers, 1, join_again_ms));
    }

    /// As many as may be on the way, together; then waits until half of them have arrived everywhere.
    void turn()
    {
        const std::uint64_t arrived = progress_.slowest(load_.subscribers);
        while (published_ < arrived + load_.in_flight) tell(++published_);
        endpoint_.flush_all();
        await(published_ - load_.in_flight / 2);
    }

    /// Waits until all have heard all.
    void finish() { await(published_); }

    std::uint64_t delivered() { return progress_.slowest(load_.subscribers) * load_.subscribers; }

private:
    void await(std::uint64_t number)
    {
        if (!progress_.wait(load_.subscribers, number, silence_ms_max))
            throw std::runtime_error{"an event was lost: a subscriber has heard nothing for 10 s"};
    }

    void tell(std::uint64_t number)
    {
        write_id(payload_, number);
        endpoint_.publish(payload_);
    }

    Endpoint& endpoint_;
    Progress& progress_;
    const Load& load_;
    std::string payload_;
    std::uint64_t published_ = 0;
};

} // namespace

EventFigures measure_events(Transport& transport, const Load& load)
{
    if (load.subscribers == 0 || load.subscribers > subscribers_max)
        throw std::runtime_error{"1 to " + std::to_string(subscribers_max) + " subscribers"};
    Progress progress;
    std::deque<Child> subscribers;
    for (unsigned place = 0; place < load.subscribers; ++place)
        subscribers.emplace_back(
            [&, place](const std::function<void()>& ready) { listen(transport, progress, place, ready); });
    const auto endpoint = transport.connect(Role::publisher);
    Publisher publisher{*endpoint, progress, load};
    publisher.join();
    const auto warm_at = Clock::now() + std::chrono::duration_cast<Clock::duration>(load.lasts / 10);
    while (Clock::now() < warm_at) publisher.turn();

    const auto cpu_before = cpu_time_of(load.broker);
    const auto delivered_before = publisher.delivered();
    const auto begin = Clock::now();
    Clock::time_point end = begin;
    for (; end - begin < load.lasts; end = Clock::now()) publisher.turn();
    const auto deliveries = static_cast<double>(publisher.delivered() - delivered_before);
    const auto cpu = cpu_time_of(load.broker) - cpu_before;
    publisher.finish();
    return {.deliveries_per_second = deliveries / std::chrono::duration<double>{end - begin}.count(),
            .broker_us_per_delivery = std::chrono::duration<double, std::micro>{cpu}.count() / deliveries};
}

} // namespace pandora::bench::hub_load
