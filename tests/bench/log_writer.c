/* Writes MEGABYTES of lines to standard output, BYTES at a time, as fast as they are taken: the worker of log_capture.
 *
 * Usage: log_writer MEGABYTES BYTES LINE_BYTES
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv)
{
    if (argc != 4) return 2;
    const size_t total = strtoul(argv[1], NULL, 10) * 1000000;
    const size_t bytes = strtoul(argv[2], NULL, 10);
    const size_t line_bytes = strtoul(argv[3], NULL, 10);
    if (bytes == 0 || line_bytes == 0) return 2;
    char* block = malloc(bytes + line_bytes);
    if (!block) return 1;
    for (size_t at = 0; at < bytes + line_bytes; ++at) block[at] = (at + 1) % line_bytes ? 'x' : '\n';

    size_t phase = 0; /* lines go on from one write to the next */
    for (size_t done = 0; done < total;) {
        const size_t left = total - done < bytes ? total - done : bytes;
        const ssize_t written = write(STDOUT_FILENO, block + phase, left);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return 1;
        done += (size_t)written;
        phase = (phase + (size_t)written) % line_bytes;
    }
    return 0;
}
