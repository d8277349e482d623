// The least a supervisor can do: start a program some number of times, wait for ends, start it again. The
// yardstick for all others. SIGTERM ends everything.
//
// Usage: spawn_loop PROGRAM [COUNT]
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { children_max = 100000 };

static volatile pid_t children[children_max];
static long count = 1;
static char* program[2]; // argv of every child
static volatile sig_atomic_t stopping;
static int failed;

static void stop(int number)
{
    stopping = 1;
    for (long place = 0; place < count; ++place)
        if (children[place] > 0) kill(children[place], number);
}

static void give_up(const char* why)
{
    fprintf(stderr, "spawn_loop: %s: %s\n", program[0], why);
    failed = 1;
    stop(SIGTERM);
}

static void spawn(long place)
{
    const pid_t child = vfork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // whoever kills this loop ends its children too
        execv(program[0], program);
        _exit(127);
    }
    if (child < 0) {
        give_up(strerror(errno));
        return;
    }
    children[place] = child;
    if (stopping) kill(child, SIGTERM); // stop() ran before it could see this child
}

static long place_of(pid_t child)
{
    long place = 0;
    while (children[place] != child) ++place;
    return place;
}

static void replace(pid_t child, int status)
{
    const long place = place_of(child);
    children[place] = 0;
    if (stopping) return;
    if (WIFEXITED(status))
        give_up("ended by itself"); // a worker never does: it could not be started
    else
        spawn(place);
}

int main(int argc, char** argv)
{
    if (argc == 3) count = strtol(argv[2], NULL, 10);
    if (argc < 2 || argc > 3 || count < 1 || count > children_max) {
        fprintf(stderr, "usage: spawn_loop PROGRAM [COUNT up to %d]\n", children_max);
        return 2;
    }
    program[0] = argv[1];
    signal(SIGTERM, stop); // SA_RESTART: waitpid goes on
    for (long place = 0; place < count && !stopping; ++place) spawn(place);

    int status;
    for (pid_t child; (child = waitpid(-1, &status, 0)) > 0;) replace(child, status);
    return failed;
}
