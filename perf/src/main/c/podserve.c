#define _GNU_SOURCE
#include "podgen.h"
#include "system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, EVENTS = 256, DATAGRAMS = 64, DATAGRAM_MAX = 2048, SOCKET_BUFFER = 16 << 20 };
enum { DESCRIPTORS_MAX = 65536 };

static int listen_at(const struct load *load, int flags) {
    const struct sockaddr_in address = load_address(load);
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0
        || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0) {
        die_errno("listen at", load->address, "is the address in this namespace, and the port free?");
    }
    return fd;
}

static void *drain(void *argument) {
    const int fd = (int)(intptr_t)argument;
    struct tally *tally = tally_new(false);
    char *buffer = malloc(BULK);
    if (buffer == NULL) {
        die_errno("allocate", "buffer", "");
    }
    while (!stop_requested) {
        const ssize_t count = recv(fd, buffer, BULK, 0);
        if (count <= 0) {
            break;
        }
        tally_add(&tally->bytes, (uint64_t)count);
        tally_add(&tally->operations, 1);
    }
    free(buffer);
    close(fd);
    return NULL;
}

static void *accept_all(void *argument) {
    const int listener = (int)(intptr_t)argument;
    while (!stop_requested) {
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            start_thread(drain, (void *)(intptr_t)fd);
        } else if (errno != ECONNABORTED && errno != EINTR) {
            die_errno("accept", "connection", "");
        }
    }
    return NULL;
}

void serve_sink(const struct load *load) {
    start_thread(accept_all, (void *)(intptr_t)listen_at(load, 0));
}

struct answering {
    int listener, epoll;
    uint64_t length;
    bool closes;
    struct tally *tally;
    uint32_t pending[DESCRIPTORS_MAX]; /* bytes of a request that have come, by descriptor */
    char buffer[16384];
};

static void watch(const struct answering *answering, int fd) {
    struct epoll_event wanted = { .events = EPOLLIN, .data.fd = fd };
    if (fd >= DESCRIPTORS_MAX || epoll_ctl(answering->epoll, EPOLL_CTL_ADD, fd, &wanted) != 0) {
        die_errno("watch", "connection", "more descriptors than the server has room for?");
    }
}

static void accept_waiting(struct answering *answering) {
    for (;;) {
        const int fd = accept4(answering->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        answering->pending[fd] = 0;
        watch(answering, fd);
    }
}

static void answer(struct answering *answering, int fd) {
    const ssize_t count = recv(fd, answering->buffer, answering->length - answering->pending[fd], 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN) {
            close(fd);
        }
        return;
    }
    answering->pending[fd] += (uint32_t)count;
    if (answering->pending[fd] < answering->length) {
        return;
    }
    answering->pending[fd] = 0;
    tally_add(&answering->tally->operations, 1);
    if (send(fd, answering->buffer, answering->length, MSG_NOSIGNAL) < 0 || answering->closes) {
        close(fd);
    }
}

static void *answer_all(void *argument) {
    struct answering *answering = argument;
    struct epoll_event events[EVENTS];
    while (!stop_requested) {
        const int count = epoll_wait(answering->epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == answering->listener) {
                accept_waiting(answering);
            } else {
                answer(answering, events[i].data.fd);
            }
        }
    }
    return NULL;
}

void serve_answers(const struct load *load) {
    struct answering *answering = calloc(1, sizeof(*answering));
    if (answering == NULL || (answering->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        die_errno("prepare", "server", "");
    }
    answering->length = load->length;
    answering->closes = load->close_after != 0;
    answering->tally = tally_new(false);
    answering->listener = listen_at(load, SOCK_NONBLOCK);
    watch(answering, answering->listener);
    start_thread(answer_all, answering);
}

static int datagram_socket(const struct sockaddr_in *address) {
    const int buffer = SOCKET_BUFFER;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0
        || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        die_errno("bind", "UDP socket", "is the address in this namespace? CAP_NET_ADMIN?");
    }
    return fd;
}

struct counting {
    int epoll;
    struct tally *tally;
    struct mmsghdr messages[DATAGRAMS];
    struct iovec vectors[DATAGRAMS];
    char buffers[DATAGRAMS][DATAGRAM_MAX];
};

static void count_waiting(struct counting *counting, int fd) {
    for (;;) {
        const int count = recvmmsg(fd, counting->messages, DATAGRAMS, MSG_DONTWAIT, NULL);
        if (count <= 0) {
            return;
        }
        uint64_t bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += counting->messages[i].msg_len;
        }
        tally_add(&counting->tally->bytes, bytes);
        tally_add(&counting->tally->operations, (uint64_t)count);
    }
}

static void *count_all(void *argument) {
    struct counting *counting = argument;
    struct epoll_event events[EVENTS];
    while (!stop_requested) {
        const int count = epoll_wait(counting->epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            count_waiting(counting, events[i].data.fd);
        }
    }
    return NULL;
}

static void watch_datagrams(const struct counting *counting, const struct sockaddr_in *address) {
    struct epoll_event wanted = { .events = EPOLLIN, .data.fd = datagram_socket(address) };
    if (epoll_ctl(counting->epoll, EPOLL_CTL_ADD, wanted.data.fd, &wanted) != 0) {
        die_errno("watch", "UDP socket", "");
    }
}

void serve_datagrams(const struct load *load) {
    struct counting *counting = calloc(1, sizeof(*counting));
    if (counting == NULL || (counting->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        die_errno("prepare", "UDP server", "");
    }
    counting->tally = tally_new(false);
    for (int i = 0; i < DATAGRAMS; i++) {
        counting->vectors[i] = (struct iovec){ counting->buffers[i], DATAGRAM_MAX };
        counting->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &counting->vectors[i], .msg_iovlen = 1 };
    }
    if (load->peer_count == 0) {
        const struct sockaddr_in address = load_address(load);
        watch_datagrams(counting, &address);
    }
    for (unsigned i = 0; i < load->peer_count; i++) {
        const struct sockaddr_in address = {
            .sin_family = AF_INET, .sin_port = htons((uint16_t)load->port), .sin_addr = load->peers[i].address,
        };
        enter_netns(load->peers[i].netns);
        watch_datagrams(counting, &address);
    }
    start_thread(count_all, counting);
}
