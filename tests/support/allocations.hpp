// Counts what a program takes from the heap. For one file of it: operator new is replaced by what stands here.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace pandora::tests::support {

inline std::atomic<std::uint64_t> allocation_count{0};

/// How often memory was taken since the program began, on whatever thread.
inline std::uint64_t allocations() { return allocation_count.load(std::memory_order_relaxed); }

inline void* counted(std::size_t bytes)
{
    allocation_count.fetch_add(1, std::memory_order_relaxed);
    if (void* const memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc{};
}

} // namespace pandora::tests::support

// Not inlined: g++ takes a free() that it sees behind a `new` that it does not see through for a mistake.
// NOLINTBEGIN(misc-new-delete-overloads, misc-definitions-in-headers): replaced as a whole, for one program
[[gnu::noinline]] void* operator new(std::size_t bytes) { return pandora::tests::support::counted(bytes); }

[[gnu::noinline]] void* operator new[](std::size_t bytes) { return pandora::tests::support::counted(bytes); }

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }

[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

// NOLINTEND(misc-new-delete-overloads, misc-definitions-in-headers)
