#define _GNU_SOURCE
#include "podgen.h"
#include "system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM_MAX = 2048, PACED_BATCHES_PER_SECOND = 2000, PORT_BATCHES_PER_SECOND = 100 };

static const uint64_t NS_PER_SECOND = 1000000000u;

/* Sockets take turns, a batch each; a socket sends to its own peer, or to every other pod in turn. */
struct sending {
    const struct load *load;
    int *fds;
    unsigned fd_count, batch;
    struct tally *tally;
    struct mmsghdr messages[BATCH];
    struct iovec vector;
    struct sockaddr_in everyone[PEERS_MAX];
    char payload[DATAGRAM_MAX];
};

static int datagram_socket(void) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die_errno("open", "UDP socket", "");
    }
    return fd;
}

/* What a call to send has returned. */
static void tally_sent(const struct sending *sending, int count) {
    if (count > 0) {
        tally_add(&sending->tally->operations, (uint64_t)count);
    } else if (errno == ENOBUFS || errno == ECONNREFUSED || errno == EAGAIN || errno == EPERM) {
        tally_add(&sending->tally->failures, 1);
    } else {
        die_errno("send", "datagrams", "");
    }
}

static void send_batch(struct sending *sending, int fd) {
    tally_sent(sending, sendmmsg(fd, sending->messages, sending->batch, 0));
}

/*
 * A socket for each datagram, from the next of so many ports: to send from one port costs the sender as much as to send
 * from thousands. Another sender of the pod may have been stopped with the same port in its hand.
 */
static void send_from_next_ports(struct sending *sending, uint64_t next) {
    const struct load *load = sending->load;
    const struct sockaddr_in target = load_address(load);
    for (unsigned i = 0; i < sending->batch; i++) {
        const struct sockaddr_in source = {
            .sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + (next + i) % load->ports)),
        };
        const int fd = datagram_socket(), one = 1;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0
            || bind(fd, (const struct sockaddr *)&source, sizeof(source)) != 0
            || connect(fd, (const struct sockaddr *)&target, sizeof(target)) != 0) {
            die_errno("bind", "UDP socket", "is the port free?");
        }
        tally_sent(sending, sendmmsg(fd, sending->messages, 1, 0));
        close(fd);
    }
}

/* Everyone but the sender, beginning elsewhere each time. */
static void aim(struct sending *sending, unsigned sender, unsigned begin) {
    const unsigned count = sending->load->peer_count;
    for (unsigned i = 0; i < sending->batch; i++) {
        const unsigned step = 1 + (begin + i) % (count - 1);
        sending->messages[i].msg_hdr.msg_name = &sending->everyone[(sender + step) % count];
        sending->messages[i].msg_hdr.msg_namelen = sizeof(sending->everyone[0]);
    }
}

static void wait_for_turn(const struct sending *sending, uint64_t *next_ns) {
    if (sending->load->rate == 0) {
        return;
    }
    *next_ns += sending->batch * NS_PER_SECOND / sending->load->rate;
    const uint64_t now = now_ns();
    if (*next_ns > now) {
        const uint64_t left_ns = *next_ns - now;
        const struct timespec pause = {
            .tv_sec = (time_t)(left_ns / NS_PER_SECOND), .tv_nsec = (long)(left_ns % NS_PER_SECOND),
        };
        nanosleep(&pause, NULL);
    } else if (now - *next_ns > NS_PER_SECOND / 10) {
        *next_ns = now;
    }
}

static void *send_all(void *argument) {
    struct sending *sending = argument;
    uint64_t next_ns = now_ns();
    for (uint64_t turn = 0; !stop_requested; turn++) {
        const unsigned sender = (unsigned)(turn % sending->fd_count);
        if (sending->load->peer_count != 0) {
            aim(sending, sender, (unsigned)(turn / sending->fd_count) * sending->batch);
        }
        if (sending->load->ports != 0) {
            send_from_next_ports(sending, turn * sending->batch);
        } else {
            send_batch(sending, sending->fds[sender]);
        }
        wait_for_turn(sending, &next_ns);
    }
    return NULL;
}

static void connect_flows(struct sending *sending) {
    const struct sockaddr_in address = load_address(sending->load);
    for (unsigned i = 0; i < sending->fd_count; i++) {
        sending->fds[i] = datagram_socket();
        if (connect(sending->fds[i], (const struct sockaddr *)&address, sizeof(address)) != 0) {
            die_errno("connect to", sending->load->address, "");
        }
    }
}

static void open_everywhere(struct sending *sending) {
    const struct load *load = sending->load;
    for (unsigned i = 0; i < load->peer_count; i++) {
        sending->everyone[i] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons((uint16_t)load->port), .sin_addr = load->peers[i].address,
        };
        enter_netns(load->peers[i].netns);
        sending->fds[i] = datagram_socket();
    }
}

void load_datagrams(const struct load *load) {
    struct sending *sending = calloc(1, sizeof(*sending));
    if (load->length > DATAGRAM_MAX || load->peer_count == 1) {
        die_use("--length is at most %d, and a file of peers has two or more", DATAGRAM_MAX);
    }
    if (sending == NULL) {
        die_errno("allocate", "sender", "");
    }
    sending->load = load;
    sending->fd_count = load->peer_count != 0 ? load->peer_count : (unsigned)load->parallel;
    sending->fds = calloc(sending->fd_count, sizeof(int));
    sending->tally = tally_new(false);
    /*
     * A paced sender's batches must be short, or the pace is that of floods. Not where flows are what is asked for:
     * they shall wake whoever carries them as seldom as can be.
     */
    const uint64_t paced =
        1 + load->rate / (load->ports != 0 ? PORT_BATCHES_PER_SECOND : PACED_BATCHES_PER_SECOND);
    sending->batch = load->rate == 0 || paced > BATCH ? BATCH : (unsigned)paced;
    sending->vector = (struct iovec){ sending->payload, load->length };
    for (int i = 0; i < BATCH; i++) {
        sending->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &sending->vector, .msg_iovlen = 1 };
    }
    if (load->peer_count != 0) {
        open_everywhere(sending);
    } else if (load->ports == 0) {
        connect_flows(sending);
    }
    start_thread(send_all, sending);
}
