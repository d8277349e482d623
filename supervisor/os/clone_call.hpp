// The clone3 system call itself, which libc 2.36 does not offer: the child starts on a stack of its own, so the call
// has to enter the child's function without returning through the parent's frames.
#pragma once

#include <linux/sched.h>
#include <sys/syscall.h>

namespace pandora::supervisor::os {

using ChildEntry = int (*)(void*);

/// Returns the child's pid, or a negated errno. In the child `entry(argument)` runs on `args.stack`; it must not
/// return.
inline long clone_call(const clone_args& args, ChildEntry entry, void* argument)
{
#if defined(__x86_64__)
    long result = SYS_clone3;
    register ChildEntry entry_register asm("r12") = entry; // the kernel preserves all but rax, rcx and r11
    register void* argument_register asm("r13") = argument;
    asm volatile("syscall\n\t"
                 "test %%rax, %%rax\n\t"
                 "jnz 1f\n\t"
                 "xor %%ebp, %%ebp\n\t" // the outermost frame, for unwinders
                 "mov %%r13, %%rdi\n\t"
                 "call *%%r12\n\t"
                 "ud2\n"
                 "1:"
                 : "+a"(result)
                 : "D"(&args), "S"(sizeof args), "r"(entry_register), "r"(argument_register)
                 : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long result asm("x0") = reinterpret_cast<long>(&args);
    register long size asm("x1") = sizeof args;
    register long number asm("x8") = SYS_clone3;
    register ChildEntry entry_register asm("x19") = entry;
    register void* argument_register asm("x20") = argument;
    asm volatile("svc #0\n\t"
                 "cbnz x0, 1f\n\t"
                 "mov x29, xzr\n\t"
                 "mov x0, x20\n\t"
                 "blr x19\n\t"
                 "brk #0\n"
                 "1:"
                 : "+r"(result)
                 : "r"(size), "r"(number), "r"(entry_register), "r"(argument_register)
                 : "memory", "cc");
    return result;
#else
#error "clone_call: write the entry sequence of this architecture (see clone(2))"
#endif
}

} // namespace pandora::supervisor::os
