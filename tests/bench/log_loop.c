/* The least code that keeps standard input in a file: the yardstick of log_capture. No lines, no rotation.
 *
 * Usage: log_loop FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static char buffer[64 * 1024];

int main(int argc, char** argv)
{
    if (argc != 2) return 2;
    const int file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (file < 0) return 1;
    for (;;) {
        const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got == 0 ? 0 : 1;
        for (ssize_t done = 0; done < got;) {
            const ssize_t written = write(file, buffer + done, (size_t)(got - done));
            if (written < 0 && errno != EINTR) return 1;
            if (written > 0) done += written;
        }
    }
}
