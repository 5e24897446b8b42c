#define _GNU_SOURCE
#include "backend.h"
#include "packet.h"
#include "system.h"
#include "xsk.h"
#include "xskgen.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TX_DEPTH = 2048, BURST_MAX = 64, FLOWS_MAX = 1 << 16, PAIRS_MAX = 1 << 16 };

/* Below this pause the clock is watched, above it the thread sleeps, so that a slow sender leaves its CPU to others. */
enum { SLEEP_THRESHOLD_NS = 100000, SLEEP_MARGIN_NS = 60000 };

/* Where a packet comes from and which port it goes to, when each packet is a flow of its own. */
struct pair {
    uint32_t source;
    uint16_t port;
};

struct sender {
    /* options */
    const char *netns, *interface, *backend, *source_mac, *destination_mac, *source, *destination, *pairs;
    uint64_t queue, cpu, flows, length, rate, burst, seconds, count, stamp, port;
    /* state */
    struct umem umem;
    struct xsk xsk;
    int packet_fd;
    struct mmsghdr messages[BURST_MAX];
    struct iovec vectors[BURST_MAX];
    uint64_t next_frame, sent, kicks;
    struct pair *pair_list;
    uint64_t pair_count;
};

static void read_options(struct sender *sender, int argc, char **argv) {
    *sender = (struct sender){
        .backend = "xdp", .source_mac = "02:00:00:00:00:01", .destination_mac = "02:00:00:00:00:02",
        .source = "10.1.0.1", .destination = "10.2.0.1", .cpu = UINT64_MAX, .flows = 1, .length = 64,
        .burst = 32, .seconds = 10, .count = UINT64_MAX, .port = 9000,
    };
    const struct option_spec specs[] = {
        { "netns", OPTION_TEXT, &sender->netns, 0, 0 },
        { "interface", OPTION_TEXT, &sender->interface, 0, 0 },
        { "backend", OPTION_TEXT, &sender->backend, 0, 0 },
        { "source-mac", OPTION_TEXT, &sender->source_mac, 0, 0 },
        { "destination-mac", OPTION_TEXT, &sender->destination_mac, 0, 0 },
        { "source", OPTION_TEXT, &sender->source, 0, 0 },
        { "destination", OPTION_TEXT, &sender->destination, 0, 0 },
        { "pairs", OPTION_TEXT, &sender->pairs, 0, 0 },
        { "queue", OPTION_NUMBER, &sender->queue, 0, 63 },
        { "cpu", OPTION_NUMBER, &sender->cpu, 0, 1023 },
        { "flows", OPTION_NUMBER, &sender->flows, 1, FLOWS_MAX },
        { "length", OPTION_NUMBER, &sender->length, HEADERS_LENGTH, 3520 },
        { "rate", OPTION_NUMBER, &sender->rate, 0, 100000000 },
        { "burst", OPTION_NUMBER, &sender->burst, 1, BURST_MAX },
        { "seconds", OPTION_NUMBER, &sender->seconds, 1, 86400 },
        { "count", OPTION_NUMBER, &sender->count, 1, UINT64_MAX },
        { "stamp", OPTION_NUMBER, &sender->stamp, 0, 1 },
        { "port", OPTION_NUMBER, &sender->port, 1, 65535 },
    };
    parse_options(argc, argv, 2, specs, sizeof(specs) / sizeof(specs[0]));
    if (sender->interface == NULL) {
        die_use("send needs --interface");
    }
    if (sender->stamp != 0 && sender->length < PACKET_LENGTH_MIN) {
        die_use("--stamp 1 needs --length %d or more", PACKET_LENGTH_MIN);
    }
}

/* Lines "A.B.C.D PORT". */
static void read_pairs(struct sender *sender) {
    FILE *file = fopen(sender->pairs, "r");
    if (file == NULL) {
        die_errno("open", sender->pairs, "");
    }
    char address[16];
    unsigned port;
    sender->pair_list = calloc(PAIRS_MAX, sizeof(struct pair));
    while (sender->pair_list != NULL && sender->pair_count < PAIRS_MAX
        && fscanf(file, "%15s %u", address, &port) == 2) {
        sender->pair_list[sender->pair_count++] = (struct pair){ parse_address(address), (uint16_t)port };
    }
    fclose(file);
    if (sender->pair_count == 0) {
        die_use("--pairs %s has no line 'A.B.C.D PORT'", sender->pairs);
    }
}

/* Each frame holds one flow's packet for good; the frames in a row are the flows in a row. */
static void build_packets(struct sender *sender) {
    if (sender->pairs != NULL) {
        read_pairs(sender);
    }
    struct packet_spec spec = {
        .source_address = parse_address(sender->source),
        .destination_address = parse_address(sender->destination),
        .destination_port = (uint16_t)sender->port,
        .length = (uint32_t)sender->length,
    };
    parse_mac(sender->source_mac, spec.source_mac);
    parse_mac(sender->destination_mac, spec.destination_mac);
    /* Twice the ring, so that a frame is never stamped anew while the kernel may still read it. */
    const uint64_t repeats = (2 * TX_DEPTH + sender->flows - 1) / sender->flows;
    umem_create(&sender->umem, repeats * sender->flows);
    for (uint64_t i = 0; i < sender->umem.frame_count; i++) {
        packet_build(sender->umem.area + i * FRAME_SIZE, &spec, (uint32_t)(i % sender->flows));
    }
}

static void open_backend(struct sender *sender) {
    const unsigned ifindex = interface_index(sender->interface);
    if (is_xdp_backend(sender->backend)) {
        const struct xsk_config config = {
            .ifindex = ifindex, .queue = (uint32_t)sender->queue,
            .fill_depth = 64, .completion_depth = TX_DEPTH, .tx_depth = TX_DEPTH, .tx_budget = 2 * BURST_MAX,
        };
        xsk_open(&sender->xsk, &sender->umem, NULL, &config);
        return;
    }
    sender->packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    const struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = (int)ifindex };
    const int bypass = 1;
    if (sender->packet_fd < 0 || bind(sender->packet_fd, (const struct sockaddr *)&address, sizeof(address)) != 0
        || setsockopt(sender->packet_fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)) != 0) {
        die_errno("open packet socket on", sender->interface, "needs CAP_NET_RAW");
    }
}

static uint64_t take_frame(struct sender *sender, uint64_t sequence) {
    const uint64_t address = sender->next_frame * FRAME_SIZE;
    sender->next_frame = sender->next_frame + 1 == sender->umem.frame_count ? 0 : sender->next_frame + 1;
    if (sender->pairs != NULL) {
        const struct pair *pair = &sender->pair_list[sequence % sender->pair_count];
        packet_aim(sender->umem.area + address, pair->source,
                   (uint16_t)(SOURCE_PORT_BASE + sequence / sender->pair_count % SOURCE_PORTS), pair->port);
    } else if (sender->stamp != 0) {
        packet_stamp(sender->umem.area + address, sequence, now_ns());
    }
    return address;
}

/* Returns how many were taken: all, or none while the rings are full. */
static uint32_t send_by_xdp(struct sender *sender, uint32_t count) {
    struct xsk *xsk = &sender->xsk;
    ring_release(&xsk->completion, ring_peek(&xsk->completion, TX_DEPTH));
    if (ring_free(&xsk->tx, count) < count) {
        xsk_kick(xsk, &sender->kicks);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct xdp_desc *descriptor = ring_descriptor(&xsk->tx, xsk->tx.cached_producer + i);
        descriptor->addr = take_frame(sender, sender->sent + i);
        descriptor->len = (uint32_t)sender->length;
        descriptor->options = 0;
    }
    xsk->tx.cached_producer += count;
    ring_submit(&xsk->tx);
    xsk_kick(xsk, &sender->kicks);
    return count;
}

static uint32_t send_by_packet_socket(struct sender *sender, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        sender->vectors[i].iov_base = sender->umem.area + take_frame(sender, sender->sent + i);
        sender->vectors[i].iov_len = sender->length;
        sender->messages[i].msg_hdr.msg_iov = &sender->vectors[i];
        sender->messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (uint32_t taken = 0; taken < count && !stop_requested;) {
        const int result = sendmmsg(sender->packet_fd, sender->messages + taken, count - taken, 0);
        sender->kicks++;
        if (result > 0) {
            taken += (uint32_t)result;
        } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            die_errno("send on", sender->interface, "has the interface gone away or down?");
        }
    }
    return count;
}

static void wait_until(uint64_t due_ns) {
    const uint64_t now = now_ns();
    if (due_ns > now + SLEEP_THRESHOLD_NS) {
        const uint64_t pause_ns = due_ns - now - SLEEP_MARGIN_NS;
        const struct timespec pause = { (time_t)(pause_ns / 1000000000u), (long)(pause_ns % 1000000000u) };
        nanosleep(&pause, NULL);
    }
}

/* How many packets the rate allows now, at most a burst; a sender that was held up catches up in whole bursts. */
static uint32_t due_count(const struct sender *sender, uint64_t start_ns, uint64_t now) {
    const uint64_t left = sender->count - sender->sent;
    const uint64_t limit = left < sender->burst ? left : sender->burst;
    if (sender->rate == 0) {
        return (uint32_t)limit;
    }
    const uint64_t allowed = (uint64_t)((double)(now - start_ns) * 1e-9 * (double)sender->rate) + 1;
    const uint64_t due = allowed > sender->sent ? allowed - sender->sent : 0;
    return (uint32_t)(due < limit ? due : limit);
}

static uint64_t send_all(struct sender *sender) {
    const bool by_xdp = is_xdp_backend(sender->backend);
    const uint64_t start_ns = now_ns(), end_ns = start_ns + sender->seconds * 1000000000u;
    uint64_t now = start_ns;
    while (now < end_ns && sender->sent < sender->count && !stop_requested) {
        const uint32_t count = due_count(sender, start_ns, now);
        if (count > 0) {
            sender->sent += by_xdp ? send_by_xdp(sender, count) : send_by_packet_socket(sender, count);
        } else {
            wait_until(start_ns + (uint64_t)((double)sender->sent * 1e9 / (double)sender->rate));
        }
        now = now_ns();
    }
    return now - start_ns;
}

/* What is in the ring but not yet with the kernel at the end would be counted as sent, but never be. */
static void drain_tx_ring(struct sender *sender) {
    struct xsk *xsk = &sender->xsk;
    for (int attempt = 0; attempt < 1000 && is_xdp_backend(sender->backend); attempt++) {
        if (__atomic_load_n(xsk->tx.consumer, __ATOMIC_ACQUIRE) == xsk->tx.cached_producer) {
            return;
        }
        ring_release(&xsk->completion, ring_peek(&xsk->completion, TX_DEPTH));
        xsk_kick(xsk, &sender->kicks);
    }
}

int run_send(int argc, char **argv) {
    struct sender *sender = calloc(1, sizeof(*sender));
    if (sender == NULL) {
        die_errno("allocate", "sender", "");
    }
    read_options(sender, argc, argv);
    if (sender->netns != NULL) {
        enter_netns(sender->netns);
    }
    if (sender->cpu != UINT64_MAX) {
        pin_to_cpu(sender->cpu);
    }
    build_packets(sender);
    open_backend(sender);
    const uint64_t start_ns = now_ns();
    const uint64_t elapsed_ns = send_all(sender);
    drain_tx_ring(sender);
    printf("{\"role\":\"send\",\"backend\":\"%s\",\"flows\":%llu,\"length\":%llu,\"sent\":%llu,\"kicks\":%llu,"
        "\"startedNs\":%llu,\"elapsedNs\":%llu,\"pps\":%.0f}\n", sender->backend,
        (unsigned long long)sender->flows, (unsigned long long)sender->length, (unsigned long long)sender->sent,
        (unsigned long long)sender->kicks, (unsigned long long)start_ns, (unsigned long long)elapsed_ns,
        elapsed_ns == 0 ? 0.0 : (double)sender->sent * 1e9 / (double)elapsed_ns);
    return EXIT_DONE;
}
