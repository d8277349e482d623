// The least a supervisor can do: start a program, wait for its end, start it again. The yardstick for
// restarts.
//
// Usage: spawn_loop PROGRAM
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv)
{
    if (argc != 2) {
        fputs("usage: spawn_loop PROGRAM\n", stderr);
        return 2;
    }
    for (;;) {
        const pid_t child = vfork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL); // whoever ends this loop ends its child too
            execv(argv[1], argv + 1);
            _exit(127);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) < 0) {
            perror("spawn_loop");
            return 1;
        }
        if (WIFEXITED(status)) { // the worker never ends by itself: it could not be started
            fprintf(stderr, "spawn_loop: %s ended with %d\n", argv[1], WEXITSTATUS(status));
            return 1;
        }
    }
}
