// A worker that says when it came to life: "PID NANOSECONDS\n" of CLOCK_MONOTONIC, read as the first thing in
// main, to the file named by BENCH_REPORT; then, where NOTIFICATION_FD names one, a newline to a supervisor that
// wants to hear that it is ready. Then it waits to be killed. Linked statically, so that the dynamic
// linker's work is not counted as the supervisor's.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);

    const char* path = getenv("BENCH_REPORT");
    const int report = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (report < 0) return 1;
    // Shorter than PIPE_BUF and written at once: lines of two workers never mix.
    if (dprintf(report, "%ld %lld\n", (long)getpid(), (long long)now.tv_sec * 1000000000 + now.tv_nsec) < 0) return 1;
    close(report);
    const char* ready = getenv("NOTIFICATION_FD");
    if (ready && write(atoi(ready), "\n", 1) != 1) return 1;
    for (;;) pause();
}
