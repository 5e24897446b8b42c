#define _GNU_SOURCE
#include "podgen.h"
#include "system.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 16384, PROBE_MS = 10 };

static int connect_to(const struct load *load) {
    const struct sockaddr_in address = load_address(load);
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0) {
        die_errno("open", "socket", "");
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_or_die(const struct load *load) {
    const int fd = connect_to(load);
    if (fd < 0) {
        die_errno("connect to", load->address, "is its server there, and does the network let it through?");
    }
    return fd;
}

/* Whether so many bytes came before the other side closed. */
static bool receive_exactly(int fd, char *buffer, uint64_t length) {
    for (uint64_t received = 0; received < length;) {
        const ssize_t count = recv(fd, buffer, length - received, 0);
        if (count <= 0) {
            return false;
        }
        received += (uint64_t)count;
    }
    return true;
}

static bool exchange(int fd, char *buffer, uint64_t length) {
    return send(fd, buffer, length, MSG_NOSIGNAL) == (ssize_t)length && receive_exactly(fd, buffer, length);
}

static void *stream(void *argument) {
    const struct load *load = argument;
    struct tally *tally = tally_new(false);
    char *buffer = calloc(1, BULK);
    const int fd = connect_or_die(load);
    if (buffer == NULL) {
        die_errno("allocate", "buffer", "");
    }
    if (load->rate != 0 && setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &load->rate, sizeof(load->rate)) != 0) {
        die_errno("pace", "stream", "");
    }
    while (!stop_requested) {
        const ssize_t count = send(fd, buffer, BULK, MSG_NOSIGNAL);
        if (count <= 0) {
            die_errno("send to", load->address, "has its server ended?");
        }
        tally_add(&tally->bytes, (uint64_t)count);
    }
    return NULL;
}

static void *connect_request_close(void *argument) {
    const struct load *load = argument;
    struct tally *tally = tally_new(true);
    char buffer[MESSAGE_MAX] = { 0 };
    while (!stop_requested) {
        const uint64_t start_ns = now_ns();
        const int fd = connect_to(load);
        /* The server closes first, as a server of HTTP/1.0 does: no port of the client waits in TIME_WAIT. */
        if (fd >= 0 && exchange(fd, buffer, load->length) && recv(fd, buffer, 1, 0) == 0) {
            histogram_record(tally->latency, now_ns() - start_ns);
            tally_add(&tally->operations, 1);
        } else {
            tally_add(&tally->failures, 1);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return NULL;
}

static void *request(void *argument) {
    const struct load *load = argument;
    struct tally *tally = tally_new(true);
    char buffer[MESSAGE_MAX] = { 0 };
    const int fd = connect_or_die(load);
    while (!stop_requested) {
        const uint64_t start_ns = now_ns();
        if (!exchange(fd, buffer, load->length)) {
            die_errno("exchange with", load->address, "has its server ended?");
        }
        histogram_record(tally->latency, now_ns() - start_ns);
        tally_add(&tally->operations, 1);
    }
    return NULL;
}

static void start_parallel(const struct load *load, void *(*body)(void *)) {
    for (uint64_t i = 0; i < load->parallel; i++) {
        start_thread(body, (void *)load);
    }
}

void load_streams(const struct load *load) {
    start_parallel(load, stream);
}

void load_connections(const struct load *load) {
    start_parallel(load, connect_request_close);
}

void load_requests(const struct load *load) {
    start_parallel(load, request);
}

static void note_gap(struct tally *tally, uint64_t *last_ns) {
    const uint64_t now = now_ns();
    const uint64_t gap = now - *last_ns;
    *last_ns = now;
    if (gap > atomic_load_explicit(&tally->gap_ns, memory_order_relaxed)) {
        atomic_store_explicit(&tally->gap_ns, gap, memory_order_relaxed);
    }
    tally_add(&tally->operations, 1);
}

/*
 * A new connection at a time, given up after 10 ms: the kernel would try a lost first packet again only after a
 * second, and the gap would be known no better than that.
 */
static void *probe(void *argument) {
    const struct load *load = argument;
    const struct sockaddr_in address = load_address(load);
    struct tally *tally = tally_new(false);
    uint64_t last_ns = now_ns();
    while (!stop_requested) {
        const uint64_t start_ns = now_ns();
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct pollfd wanted = { .fd = fd, .events = POLLOUT };
        int error = 0;
        socklen_t length = sizeof(error);
        if (fd < 0) {
            die_errno("open", "socket", "");
        }
        connect(fd, (const struct sockaddr *)&address, sizeof(address));
        if (poll(&wanted, 1, PROBE_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0
            && error == 0) {
            note_gap(tally, &last_ns);
        } else {
            tally_add(&tally->failures, 1);
        }
        const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(fd);
        const uint64_t used_ns = now_ns() - start_ns;
        if (used_ns < PROBE_MS * 1000000u) {
            usleep((useconds_t)((PROBE_MS * 1000000u - used_ns) / 1000));
        }
    }
    return NULL;
}

void load_probes(const struct load *load) {
    start_thread(probe, (void *)load);
}

struct held {
    const struct load *load;
    int fds[1024];
};

/* Requests in turn on all connections, a thousand a second; whoever breaks is counted once and left. */
static void *hold(void *argument) {
    struct held *held = argument;
    struct tally *tally = tally_new(true);
    char buffer[MESSAGE_MAX] = { 0 };
    uint64_t last_ns = now_ns();
    while (!stop_requested) {
        for (uint64_t i = 0; i < held->load->parallel; i++) {
            if (held->fds[i] < 0) {
                continue;
            }
            const uint64_t start_ns = now_ns();
            if (exchange(held->fds[i], buffer, held->load->length)) {
                histogram_record(tally->latency, now_ns() - start_ns);
                note_gap(tally, &last_ns);
            } else {
                tally_add(&tally->failures, 1);
                close(held->fds[i]);
                held->fds[i] = -1;
            }
            usleep(1000);
        }
    }
    return NULL;
}

void load_held(const struct load *load) {
    struct held *held = calloc(1, sizeof(*held));
    const struct timeval patience = { .tv_sec = 10 };
    if (held == NULL) {
        die_errno("allocate", "connections", "");
    }
    held->load = load;
    for (uint64_t i = 0; i < load->parallel; i++) {
        held->fds[i] = connect_or_die(load);
        if (setsockopt(held->fds[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
            die_errno("set", "receive timeout", "");
        }
    }
    start_thread(hold, held);
}
