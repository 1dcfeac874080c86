/* The yardstick of bench-nodes: libzmq itself, between two processes.
 *
 * libzmq rate ADDRESS BYTES COUNT     PUSH to PULL; prints messages a second
 * libzmq trip ADDRESS BYTES COUNT     REQ to REP; prints microseconds for there and back
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static void must(int is_well, const char *what) {
    if (!is_well) {
        fprintf(stderr, "libzmq: %s: %s\n", what, zmq_strerror(zmq_errno()));
        exit(1);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* The side that connects: pushes so many messages and one more, or answers them. */
static void other_side(int is_trip, const char *address, size_t bytes, long count) {
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, is_trip ? ZMQ_REP : ZMQ_PUSH);
    char *message = calloc(1, bytes);
    must(socket && message && zmq_connect(socket, address) == 0, "connect");
    for (long number = 0; number <= count; number++) {
        if (is_trip) {
            must(zmq_recv(socket, message, bytes, 0) >= 0, "receive");
        }
        must(zmq_send(socket, message, bytes, 0) >= 0, "send");
    }
    free(message);
    zmq_close(socket);
    zmq_ctx_term(context);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: libzmq rate|trip ADDRESS BYTES COUNT\n");
        return 2;
    }
    int is_trip = strcmp(argv[1], "trip") == 0;
    size_t bytes = strtoul(argv[3], NULL, 10);
    long count = strtol(argv[4], NULL, 10);

    /* A process of its own, made before any thread is. */
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        other_side(is_trip, argv[2], bytes, count);
        return 0;
    }
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, is_trip ? ZMQ_REQ : ZMQ_PULL);
    char *message = calloc(1, bytes);
    must(socket && message && zmq_bind(socket, argv[2]) == 0, "bind");
    double began = 0;
    for (long number = 0; number <= count; number++) {
        if (is_trip) {
            must(zmq_send(socket, message, bytes, 0) >= 0, "send");
        }
        must(zmq_recv(socket, message, bytes, 0) >= 0, "receive");
        /* The first one shows that the two are connected. */
        if (number == 0) {
            began = now();
        }
    }
    double took = now() - began;
    printf("%f\n", is_trip ? took / count * 1e6 : count / took);
    free(message);
    zmq_close(socket);
    zmq_ctx_term(context);
    waitpid(child, NULL, 0);
    return 0;
}
