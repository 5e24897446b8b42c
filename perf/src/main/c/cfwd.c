/*
 * The C twin: the same loop as Caracal's Java path (reclaim, refill, receive, parse, forward, transmit, kick) over the
 * same kind of AF_XDP sockets, as fast as C makes it. It is the honest limit that `caracal bench forward` measures by.
 *
 *     cfwd [--netns NAME] --in INTERFACE --out INTERFACE --ingress-ifindex N --source A --destination A
 *          [--queue N] [--cpu N] [--routes N] [--socket-map ID]
 *
 * With --socket-map somebody else steers packets: the XDP program that uses the XSKMAP of that id.
 *
 * Spoken to by lines on standard input, one JSON line or "ok" as answer; ends with standard input:
 *     run      forward, spinning          measure  the same, with a clock around each cycle and each kick
 *     pause    stop; the answer is what was counted since run or measure
 */
#define _GNU_SOURCE
#include "burst.h"
#include "system.h"
#include "xsk.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As io.caracal.xsk.RingDepths and io.caracal.port.XskPort have it. */
enum { FILL_DEPTH = 2048, RX_DEPTH = 2048, TX_DEPTH = 2048, COMPLETION_DEPTH = 2048, REFILL_MIN = 16 };

/* Each frame is in the pool, in a ring or in the burst: so many fill all rings and leave one burst over. */
enum { FRAME_COUNT = FILL_DEPTH + RX_DEPTH + TX_DEPTH + COMPLETION_DEPTH + BURST_PACKETS };

enum { TX_BUDGET = TX_DEPTH, HASH_SEED = 0x5eed1234, TABLE_BASE = 0x0a800001, CLOCK_CALLS = 1000000 };

enum mode { PAUSED, RUNNING, MEASURING, ENDED };

struct counters {
    uint64_t received, transmitted, received_bytes, transmitted_bytes, cycles, idle_cycles, kicks;
    uint64_t busy_ns, kick_ns, cycle_max_ns;
    uint64_t drops[DROP_REASONS];
};

struct forwarder {
    /* options */
    const char *netns, *in, *out, *source, *destination;
    uint64_t ingress_ifindex, queue, cpu, routes, socket_map;
    /* state */
    struct umem umem;
    struct xsk ingress, egress;
    uint64_t free_frames[FRAME_COUNT];
    uint32_t free_count, fill_outstanding, tx_outstanding;
    struct burst burst;
    struct route_table table;
    struct counters counters;
    uint64_t clock_ns, cycle_start_ns;
    volatile enum mode mode;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool parked;
};

static void read_options(struct forwarder *forwarder, int argc, char **argv) {
    forwarder->cpu = UINT64_MAX;
    forwarder->routes = 256;
    const struct option_spec specs[] = {
        { "netns", OPTION_TEXT, &forwarder->netns, 0, 0 },
        { "in", OPTION_TEXT, &forwarder->in, 0, 0 },
        { "out", OPTION_TEXT, &forwarder->out, 0, 0 },
        { "source", OPTION_TEXT, &forwarder->source, 0, 0 },
        { "destination", OPTION_TEXT, &forwarder->destination, 0, 0 },
        { "ingress-ifindex", OPTION_NUMBER, &forwarder->ingress_ifindex, 1, INT32_MAX },
        { "queue", OPTION_NUMBER, &forwarder->queue, 0, 63 },
        { "cpu", OPTION_NUMBER, &forwarder->cpu, 0, 1023 },
        { "routes", OPTION_NUMBER, &forwarder->routes, 2, ROUTES_MAX },
        { "socket-map", OPTION_NUMBER, &forwarder->socket_map, 1, UINT32_MAX },
    };
    parse_options(argc, argv, 1, specs, sizeof(specs) / sizeof(specs[0]));
    if (forwarder->in == NULL || forwarder->out == NULL || forwarder->source == NULL
        || forwarder->destination == NULL || forwarder->ingress_ifindex == 0) {
        die_use("cfwd needs --in, --out, --ingress-ifindex, --source and --destination");
    }
}

static uint32_t parse_address(const char *text) {
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1) {
        die_use("'%s' is no IPv4 address", text);
    }
    return ntohl(address.s_addr);
}

/* As many routes as a node has pods, of which the traffic uses two. */
static void fill_table(struct forwarder *forwarder, uint32_t egress_ifindex) {
    forwarder->table.hash_seed = HASH_SEED;
    route_add(&forwarder->table, parse_address(forwarder->source), (uint32_t)forwarder->ingress_ifindex);
    route_add(&forwarder->table, parse_address(forwarder->destination), egress_ifindex);
    for (uint32_t i = 2; i < forwarder->routes; i++) {
        route_add(&forwarder->table, TABLE_BASE + i, 1000 + i);
    }
}

static void open_sockets(struct forwarder *forwarder) {
    const unsigned in = interface_index(forwarder->in), out = interface_index(forwarder->out);
    umem_create(&forwarder->umem, FRAME_COUNT);
    for (uint64_t frame = 0; frame < FRAME_COUNT; frame++) {
        forwarder->free_frames[forwarder->free_count++] = (FRAME_COUNT - 1 - frame) * FRAME_SIZE;
    }
    const struct xsk_config ingress = {
        .ifindex = in, .queue = (uint32_t)forwarder->queue, .fill_depth = FILL_DEPTH,
        .completion_depth = COMPLETION_DEPTH, .rx_depth = RX_DEPTH, .tx_depth = TX_DEPTH, .tx_budget = TX_BUDGET,
    };
    struct xsk_config egress = ingress;
    egress.ifindex = out;
    xsk_open(&forwarder->ingress, &forwarder->umem, NULL, &ingress);
    xsk_open(&forwarder->egress, &forwarder->umem, &forwarder->ingress, &egress);
    fill_table(forwarder, out);
}

static void reclaim(struct forwarder *forwarder) {
    if (forwarder->tx_outstanding == 0) {
        return;
    }
    struct ring *completion = &forwarder->egress.completion;
    const uint32_t count = ring_peek(completion, BURST_PACKETS);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t address = *ring_address(completion, completion->cached_consumer + i);
        forwarder->free_frames[forwarder->free_count++] = address & ~(uint64_t)(FRAME_SIZE - 1);
    }
    if (count > 0) {
        ring_release(completion, count);
        forwarder->tx_outstanding -= count;
    }
}

static void refill(struct forwarder *forwarder) {
    struct ring *fill = &forwarder->ingress.fill;
    uint32_t count = FILL_DEPTH - forwarder->fill_outstanding;
    if (count < REFILL_MIN) {
        return;
    }
    count = count < BURST_PACKETS ? count : BURST_PACKETS;
    count = count < forwarder->free_count ? count : forwarder->free_count;
    const uint32_t room = ring_free(fill, count);
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++) {
        *ring_address(fill, fill->cached_producer++) = forwarder->free_frames[--forwarder->free_count];
    }
    ring_submit(fill);
    forwarder->fill_outstanding += count;
}

static void receive(struct forwarder *forwarder) {
    struct burst *burst = &forwarder->burst;
    struct ring *rx = &forwarder->ingress.rx;
    burst->count = ring_peek(rx, BURST_PACKETS);
    for (uint32_t row = 0; row < burst->count; row++) {
        const struct xdp_desc *descriptor = ring_descriptor(rx, rx->cached_consumer + row);
        burst->address[row] = descriptor->addr;
        burst->length[row] = descriptor->len;
        burst->verdict[row] = UNDECIDED;
        burst->flags[row] = 0;
        forwarder->counters.received_bytes += descriptor->len;
    }
    if (burst->count > 0) {
        ring_release(rx, burst->count);
        forwarder->fill_outstanding -= burst->count;
        forwarder->counters.received += burst->count;
    }
}

static void transmit(struct forwarder *forwarder) {
    struct burst *burst = &forwarder->burst;
    struct ring *tx = &forwarder->egress.tx;
    const uint32_t room = ring_free(tx, burst->count);
    uint32_t taken = 0;
    for (uint32_t row = 0; row < burst->count; row++) {
        if (burst->verdict[row] != TRANSMIT) {
            continue;
        }
        if (taken == room) {
            burst_drop(burst, row, TX_RING_FULL);
            continue;
        }
        struct xdp_desc *descriptor = ring_descriptor(tx, tx->cached_producer + taken);
        descriptor->addr = burst->address[row];
        descriptor->len = burst->length[row];
        descriptor->options = 0;
        forwarder->counters.transmitted_bytes += burst->length[row];
        taken++;
    }
    tx->cached_producer += taken;
    ring_submit(tx);
    forwarder->tx_outstanding += taken;
    forwarder->counters.transmitted += taken;
}

static void drop(struct forwarder *forwarder) {
    const struct burst *burst = &forwarder->burst;
    for (uint32_t row = 0; row < burst->count; row++) {
        if (burst->verdict[row] != TRANSMIT) {
            forwarder->counters.drops[burst->drop_reason[row]]++;
            forwarder->free_frames[forwarder->free_count++] = burst->address[row] & ~(uint64_t)(FRAME_SIZE - 1);
        }
    }
}

static void kick(struct forwarder *forwarder) {
    struct xsk *egress = &forwarder->egress;
    if (forwarder->tx_outstanding > 0
        && __atomic_load_n(egress->tx.consumer, __ATOMIC_ACQUIRE) != egress->tx.cached_producer) {
        xsk_kick(egress, &forwarder->counters.kicks);
    }
}

/* The time is taken once a cycle, as the Java worker does for its stages and its longest cycle. */
static void observe_cycle(struct forwarder *forwarder) {
    const uint64_t now = now_ns();
    if (forwarder->burst.count > 0 && now - forwarder->cycle_start_ns > forwarder->counters.cycle_max_ns) {
        forwarder->counters.cycle_max_ns = now - forwarder->cycle_start_ns;
    }
    forwarder->cycle_start_ns = now;
}

/* One burst cycle; measured, a constant where it is inlined, puts clocks around it as the Java side does. */
static inline __attribute__((always_inline)) void cycle(struct forwarder *forwarder, const bool measured) {
    const uint64_t start_ns = measured ? now_ns() : 0;
    observe_cycle(forwarder);
    reclaim(forwarder);
    refill(forwarder);
    receive(forwarder);
    parse_stage(&forwarder->burst, forwarder->umem.area, HASH_SEED);
    forward_stage(&forwarder->burst, forwarder->umem.area, &forwarder->table);
    transmit(forwarder);
    drop(forwarder);
    const uint64_t kick_start_ns = measured ? now_ns() : 0;
    kick(forwarder);
    const uint64_t kick_end_ns = measured ? now_ns() : 0;
    if (forwarder->burst.count == 0) {
        forwarder->counters.idle_cycles++;
        return;
    }
    forwarder->counters.cycles++;
    if (measured) {
        forwarder->counters.kick_ns += kick_end_ns - kick_start_ns;
        forwarder->counters.busy_ns += now_ns() - start_ns;
    }
}

static void forward_until_told(struct forwarder *forwarder) {
    memset(&forwarder->counters, 0, sizeof(forwarder->counters));
    while (forwarder->mode == RUNNING) {
        cycle(forwarder, false);
    }
    while (forwarder->mode == MEASURING) {
        cycle(forwarder, true);
    }
}

static uint64_t drop_sum(const struct counters *counters) {
    uint64_t sum = 0;
    for (int i = 0; i < DROP_REASONS; i++) {
        sum += counters->drops[i];
    }
    return sum;
}

static void print_counters(const struct forwarder *forwarder) {
    const struct counters *counters = &forwarder->counters;
    printf("{\"received\":%llu,\"transmitted\":%llu,\"dropped\":%llu,\"cycles\":%llu,\"idleCycles\":%llu,"
        "\"kicks\":%llu,\"cycleMaxNs\":%llu,\"busyNs\":%llu,\"kickNs\":%llu,\"clockNs\":%llu}\n",
        (unsigned long long)counters->received, (unsigned long long)counters->transmitted,
        (unsigned long long)drop_sum(counters), (unsigned long long)counters->cycles,
        (unsigned long long)counters->idle_cycles, (unsigned long long)counters->kicks,
        (unsigned long long)counters->cycle_max_ns,
        (unsigned long long)counters->busy_ns, (unsigned long long)counters->kick_ns,
        (unsigned long long)forwarder->clock_ns);
    fflush(stdout);
}

static void *forwarding_thread(void *argument) {
    struct forwarder *forwarder = argument;
    if (forwarder->cpu != UINT64_MAX) {
        pin_to_cpu(forwarder->cpu);
    }
    pthread_mutex_lock(&forwarder->lock);
    while (forwarder->mode != ENDED) {
        forwarder->parked = true;
        pthread_cond_broadcast(&forwarder->changed);
        pthread_cond_wait(&forwarder->changed, &forwarder->lock);
        if (forwarder->mode == RUNNING || forwarder->mode == MEASURING) {
            forwarder->parked = false;
            pthread_mutex_unlock(&forwarder->lock);
            forward_until_told(forwarder);
            pthread_mutex_lock(&forwarder->lock);
        }
    }
    pthread_mutex_unlock(&forwarder->lock);
    return NULL;
}

/* Changes the mode; a change to anything but forwarding waits until the thread is parked. */
static void set_mode(struct forwarder *forwarder, enum mode mode) {
    pthread_mutex_lock(&forwarder->lock);
    forwarder->mode = mode;
    pthread_cond_broadcast(&forwarder->changed);
    while (mode == PAUSED && !forwarder->parked) {
        pthread_cond_wait(&forwarder->changed, &forwarder->lock);
    }
    pthread_mutex_unlock(&forwarder->lock);
}

static void obey(struct forwarder *forwarder, const char *line) {
    if (strcmp(line, "run\n") == 0 || strcmp(line, "measure\n") == 0) {
        set_mode(forwarder, line[0] == 'r' ? RUNNING : MEASURING);
        puts("ok");
        fflush(stdout);
    } else if (strcmp(line, "pause\n") == 0) {
        set_mode(forwarder, PAUSED);
        print_counters(forwarder);
    } else {
        die_use("unknown command %s", line);
    }
}

/* What one look at the clock costs; the reader subtracts two from each measured cycle. */
static uint64_t clock_cost_ns(void) {
    const uint64_t start_ns = now_ns();
    for (int i = 0; i < CLOCK_CALLS; i++) {
        (void)now_ns();
    }
    return (now_ns() - start_ns + CLOCK_CALLS / 2) / CLOCK_CALLS;
}

int main(int argc, char **argv) {
    set_tool_name("cfwd");
    struct forwarder *forwarder = calloc(1, sizeof(*forwarder));
    if (forwarder == NULL) {
        die_errno("allocate", "forwarder", "");
    }
    read_options(forwarder, argc, argv);
    if (forwarder->netns != NULL) {
        enter_netns(forwarder->netns);
    }
    open_sockets(forwarder);
    while (forwarder->fill_outstanding <= FILL_DEPTH - REFILL_MIN) {
        refill(forwarder);
    }
    if (forwarder->socket_map != 0) {
        xsk_join_map(&forwarder->ingress, (uint32_t)forwarder->socket_map, (uint32_t)forwarder->queue);
    } else {
        xsk_attach(&forwarder->ingress, interface_index(forwarder->in), (uint32_t)forwarder->queue);
    }
    forwarder->clock_ns = clock_cost_ns();
    pthread_mutex_init(&forwarder->lock, NULL);
    pthread_cond_init(&forwarder->changed, NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, forwarding_thread, forwarder) != 0) {
        die_errno("start", "forwarding thread", "");
    }
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(forwarder, line);
    }
    set_mode(forwarder, ENDED);
    pthread_join(thread, NULL);
    return EXIT_DONE;
}
