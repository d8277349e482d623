/* ZeroMQ's own broker, as its guide builds it: zmq_proxy between sockets of a process of its own.
 *
 * Usage: hub_zmq_proxy PATH
 * Binds ipc://PATH (callers) and PATH.callee; PATH.publisher and PATH.subscriber. Queues have no bound, as nothing may
 * be dropped where answers are counted. SIGTERM ends it.
 */
#include <pthread.h>
#include <stdio.h>
#include <zmq.h>

static void* context;
static const char* path;

static void* bind_at(int type, const char* suffix)
{
    char address[256];
    const int unbounded = 0;
    void* socket = zmq_socket(context, type);
    snprintf(address, sizeof address, "ipc://%s%s", path, suffix);
    if (!socket || zmq_setsockopt(socket, ZMQ_SNDHWM, &unbounded, sizeof unbounded) != 0 ||
        zmq_setsockopt(socket, ZMQ_RCVHWM, &unbounded, sizeof unbounded) != 0 || zmq_bind(socket, address) != 0) {
        fprintf(stderr, "hub_zmq_proxy: %s: %s\n", address, zmq_strerror(zmq_errno()));
        return NULL;
    }
    return socket;
}

static void* pass_events(void* unused)
{
    (void)unused;
    void* in = bind_at(ZMQ_XSUB, ".publisher");
    void* out = bind_at(ZMQ_XPUB, ".subscriber");
    if (in && out) zmq_proxy(in, out, NULL);
    return NULL;
}

int main(int argc, char** argv)
{
    if (argc != 2) return 2;
    path = argv[1];
    context = zmq_ctx_new();
    pthread_t events;
    if (!context || pthread_create(&events, NULL, pass_events, NULL) != 0) return 1;
    void* callee = bind_at(ZMQ_DEALER, ".callee");
    void* callers = bind_at(ZMQ_ROUTER, "");
    if (!callers || !callee) return 1;
    zmq_proxy(callers, callee, NULL);
    return 1;
}
