/* The least a hub can do: pass frames between one provider and its consumers. The yardstick of the hub bench.
 *
 * Usage: hub_relay PATH
 * A connection begins with one byte, 'p' for the provider or 'c' for a consumer, and is answered with one: its number.
 * Then come frames: flags u8, id u32, length u32, all big endian, body. What a consumer sends goes to the provider;
 * what the provider sends goes to the consumer whose number is the first byte of the id, or to all of them if that is
 * 255. Nothing is rewritten, named, counted, bounded or timed. One read, then one write for each run of frames that
 * goes to the same place. SIGTERM ends it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { header_bytes = 9, read_bytes = 64 * 1024, peers_max = 255, everybody = 255, nobody = -1 };

struct bytes {
    char* data;
    size_t begin, end, capacity;
};

struct peer {
    int fd; /* 0: a free place */
    int greeted;
    struct bytes in, out;
};

static struct peer peers[peers_max];
static int provider = nobody;
static int loop;

/* Room for `more` behind what is there. */
static void reserve(struct bytes* bytes, size_t more)
{
    if (bytes->capacity - bytes->end >= more) return;
    if (bytes->begin > 0) {
        memmove(bytes->data, bytes->data + bytes->begin, bytes->end - bytes->begin);
        bytes->end -= bytes->begin;
        bytes->begin = 0;
    }
    if (bytes->capacity - bytes->end >= more) return;
    bytes->capacity = 2 * bytes->capacity + more;
    bytes->data = realloc(bytes->data, bytes->capacity);
    if (!bytes->data) abort();
}

static void drop(int number)
{
    struct peer* peer = &peers[number];
    close(peer->fd);
    free(peer->in.data);
    free(peer->out.data);
    memset(peer, 0, sizeof *peer);
    if (provider == number) provider = nobody;
}

static void watch(int number, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)number};
    if (epoll_ctl(loop, operation, peers[number].fd, &event) != 0) abort();
}

/* How much of it the kernel took; a broken connection is found by the next read of it. */
static size_t write_some(int fd, const char* data, size_t length)
{
    const ssize_t taken = send(fd, data, length, MSG_NOSIGNAL);
    return taken < 0 ? 0 : (size_t)taken;
}

static void pass(int number, const char* data, size_t length)
{
    struct peer* to = &peers[number];
    if (!to->fd || length == 0) return;
    const int waits = to->out.end > to->out.begin;
    const size_t taken = waits ? 0 : write_some(to->fd, data, length);
    if (taken == length) return;
    reserve(&to->out, length - taken);
    memcpy(to->out.data + to->out.end, data + taken, length - taken);
    to->out.end += length - taken;
    if (!waits) watch(number, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void write_waiting(int number)
{
    struct bytes* out = &peers[number].out;
    out->begin += write_some(peers[number].fd, out->data + out->begin, out->end - out->begin);
    if (out->begin < out->end) return;
    out->begin = out->end = 0;
    watch(number, EPOLL_CTL_MOD, EPOLLIN);
}

static void pass_run(int to, int from, const char* data, size_t length)
{
    if (to != everybody) {
        if (to != nobody) pass(to, data, length);
        return;
    }
    for (int each = 0; each < peers_max; ++each)
        if (each != from) pass(each, data, length);
}

static size_t frame_length(const unsigned char* at)
{
    return header_bytes + ((size_t)at[5] << 24 | (size_t)at[6] << 16 | (size_t)at[7] << 8 | at[8]);
}

/* All whole frames, those that follow each other to the same place at once. */
static void pass_frames(int from)
{
    struct bytes* in = &peers[from].in;
    size_t run = in->begin, at = in->begin;
    int run_to = nobody;
    while (in->end - at >= header_bytes) {
        const unsigned char* header = (unsigned char*)in->data + at;
        const size_t length = frame_length(header);
        if (in->end - at < length) break;
        const int to = from == provider ? header[1] : provider;
        if (to != run_to) {
            pass_run(run_to, from, in->data + run, at - run);
            run = at;
            run_to = to;
        }
        at += length;
    }
    pass_run(run_to, from, in->data + run, at - run);
    in->begin = at;
    if (in->begin == in->end) in->begin = in->end = 0;
}

static void greet(int number)
{
    struct peer* peer = &peers[number];
    if (peer->in.data[peer->in.begin++] == 'p') provider = number;
    peer->greeted = 1;
    const char answer = (char)number;
    pass(number, &answer, 1);
}

static void read_from(int number)
{
    struct peer* peer = &peers[number];
    reserve(&peer->in, read_bytes);
    const ssize_t got = read(peer->fd, peer->in.data + peer->in.end, read_bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        drop(number);
        return;
    }
    peer->in.end += (size_t)got;
    if (!peer->greeted) greet(number);
    pass_frames(number);
}

static void accept_from(int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    for (int number = 0; number < peers_max; ++number) {
        if (peers[number].fd) continue;
        peers[number].fd = fd;
        watch(number, EPOLL_CTL_ADD, EPOLLIN);
        return;
    }
    close(fd);
}

static int listen_at(const char* path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return -1;
    strcpy(address.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr*)&address, sizeof address) != 0 || listen(fd, 64) != 0) return -1;
    return fd;
}

int main(int argc, char** argv)
{
    if (argc != 2) return 2;
    const int listener = listen_at(argv[1]);
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || loop < 0) return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = peers_max};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event) != 0) return 1;
    for (;;) {
        struct epoll_event events[64];
        const int count = epoll_wait(loop, events, 64, -1);
        for (int each = 0; each < count; ++each) {
            const int number = (int)events[each].data.u32;
            if (number == peers_max) {
                accept_from(listener);
                continue;
            }
            if (events[each].events & EPOLLOUT) write_waiting(number);
            if (events[each].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_from(number);
        }
    }
}
