#define _GNU_SOURCE
#include "backend.h"
#include "judge.h"
#include "system.h"
#include "xsk.h"
#include "xskgen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RX_DEPTH = 4096, BURST = 64, POLL_MS = 10, SOCKET_BUFFER = 64 << 20 };

struct receiver {
    /* options */
    const char *netns, *interface, *backend;
    uint64_t queue, cpu, seconds, count, quiet_ms, bucket_ms, spin, port, realtime;
    /* state */
    struct judge *judge;
    struct umem umem;
    struct xsk xsk;
    int packet_fd;
    uint8_t *buffers;
    struct mmsghdr messages[BURST];
    struct iovec vectors[BURST];
};

static void read_options(struct receiver *receiver, int argc, char **argv) {
    *receiver = (struct receiver){
        .backend = "packet", .cpu = UINT64_MAX, .seconds = 10, .count = UINT64_MAX, .port = 9000,
    };
    const struct option_spec specs[] = {
        { "netns", OPTION_TEXT, &receiver->netns, 0, 0 },
        { "interface", OPTION_TEXT, &receiver->interface, 0, 0 },
        { "backend", OPTION_TEXT, &receiver->backend, 0, 0 },
        { "queue", OPTION_NUMBER, &receiver->queue, 0, 63 },
        { "cpu", OPTION_NUMBER, &receiver->cpu, 0, 1023 },
        { "seconds", OPTION_NUMBER, &receiver->seconds, 1, 86400 },
        { "count", OPTION_NUMBER, &receiver->count, 1, UINT64_MAX },
        { "quiet-ms", OPTION_NUMBER, &receiver->quiet_ms, 0, 3600000 },
        { "bucket-ms", OPTION_NUMBER, &receiver->bucket_ms, 0, 60000 },
        { "spin", OPTION_NUMBER, &receiver->spin, 0, 1 },
        { "port", OPTION_NUMBER, &receiver->port, 1, 65535 },
        { "realtime", OPTION_NUMBER, &receiver->realtime, 0, 1 },
    };
    parse_options(argc, argv, 2, specs, sizeof(specs) / sizeof(specs[0]));
    if (receiver->interface == NULL) {
        die_use("receive needs --interface");
    }
}

static void give_frame(struct receiver *receiver, uint64_t address) {
    struct ring *fill = &receiver->xsk.fill;
    *ring_address(fill, fill->cached_producer++) = address;
}

static void open_xdp(struct receiver *receiver, unsigned ifindex) {
    umem_create(&receiver->umem, RX_DEPTH);
    const struct xsk_config config = {
        .ifindex = ifindex, .queue = (uint32_t)receiver->queue,
        .fill_depth = RX_DEPTH, .completion_depth = 64, .rx_depth = RX_DEPTH,
    };
    xsk_open(&receiver->xsk, &receiver->umem, NULL, &config);
    for (uint64_t i = 0; i < RX_DEPTH; i++) {
        give_frame(receiver, i * FRAME_SIZE);
    }
    ring_submit(&receiver->xsk.fill);
    xsk_attach(&receiver->xsk, ifindex, config.queue);
}

static void open_packet_socket(struct receiver *receiver, unsigned ifindex) {
    receiver->packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = (int)ifindex,
    };
    const int buffer_size = SOCKET_BUFFER;
    receiver->buffers = malloc((size_t)BURST * FRAME_SIZE);
    if (receiver->packet_fd < 0 || receiver->buffers == NULL
        || setsockopt(receiver->packet_fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_size, sizeof(buffer_size)) != 0
        || bind(receiver->packet_fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        die_errno("open packet socket on", receiver->interface, "needs CAP_NET_RAW and CAP_NET_ADMIN");
    }
    for (int i = 0; i < BURST; i++) {
        receiver->vectors[i] = (struct iovec){ receiver->buffers + (size_t)i * FRAME_SIZE, FRAME_SIZE };
        receiver->messages[i].msg_hdr.msg_iov = &receiver->vectors[i];
        receiver->messages[i].msg_hdr.msg_iovlen = 1;
    }
}

/* The fill ring has room for every frame there is, so giving back cannot fail. */
static uint32_t receive_by_xdp(struct receiver *receiver) {
    struct ring *rx = &receiver->xsk.rx;
    const uint32_t count = ring_peek(rx, BURST);
    const uint64_t now = count == 0 ? 0 : now_ns();
    for (uint32_t i = 0; i < count; i++) {
        const struct xdp_desc *descriptor = ring_descriptor(rx, rx->cached_consumer + i);
        judge_packet(receiver->judge, receiver->umem.area + descriptor->addr, descriptor->len, now);
        give_frame(receiver, descriptor->addr & ~(uint64_t)(FRAME_SIZE - 1));
    }
    ring_release(rx, count);
    ring_submit(&receiver->xsk.fill);
    return count;
}

static uint32_t receive_by_packet_socket(struct receiver *receiver) {
    const int count = recvmmsg(receiver->packet_fd, receiver->messages, BURST, MSG_DONTWAIT, NULL);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            die_errno("receive on", receiver->interface, "has the interface gone away or down?");
        }
        return 0;
    }
    const uint64_t now = now_ns();
    for (int i = 0; i < count; i++) {
        judge_packet(receiver->judge, receiver->vectors[i].iov_base, receiver->messages[i].msg_len, now);
    }
    return (uint32_t)count;
}

static void receive_all(struct receiver *receiver, bool by_xdp, uint64_t end_ns) {
    struct judge *judge = receiver->judge;
    struct pollfd wanted = { .fd = by_xdp ? receiver->xsk.fd : receiver->packet_fd, .events = POLLIN };
    while (!stop_requested && judge->faults[PACKET_SOUND] < receiver->count) {
        const uint32_t count = by_xdp ? receive_by_xdp(receiver) : receive_by_packet_socket(receiver);
        if (count != 0) {
            continue;
        }
        const uint64_t now = now_ns();
        const bool quiet = receiver->quiet_ms != 0 && judge->first_ns != 0
            && now - judge->last_ns > receiver->quiet_ms * 1000000u;
        if (now > end_ns || quiet) {
            return;
        }
        if (receiver->spin == 0) {
            poll(&wanted, 1, POLL_MS);
        }
    }
}

int run_receive(int argc, char **argv) {
    struct receiver *receiver = calloc(1, sizeof(*receiver));
    if (receiver == NULL) {
        die_errno("allocate", "receiver", "");
    }
    read_options(receiver, argc, argv);
    const bool by_xdp = is_xdp_backend(receiver->backend);
    if (receiver->netns != NULL) {
        enter_netns(receiver->netns);
    }
    if (receiver->cpu != UINT64_MAX) {
        pin_to_cpu(receiver->cpu);
    }
    if (receiver->realtime != 0) {
        run_before_others();
    }
    receiver->judge = judge_create((uint16_t)receiver->port, receiver->bucket_ms * 1000000u);
    const unsigned ifindex = interface_index(receiver->interface);
    if (by_xdp) {
        open_xdp(receiver, ifindex);
    } else {
        open_packet_socket(receiver, ifindex);
    }
    puts("ready");
    fflush(stdout);
    const uint64_t start_ns = now_ns();
    receive_all(receiver, by_xdp, start_ns + receiver->seconds * 1000000000u);
    judge_print(receiver->judge, receiver->backend, start_ns, now_ns() - start_ns);
    putchar('\n');
    return EXIT_DONE;
}
