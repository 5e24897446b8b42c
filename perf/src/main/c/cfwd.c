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
#include "port.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HASH_SEED = 0x5eed1234, TABLE_BASE = 0x0a800001, CLOCK_CALLS = 1000000 };

enum { INGRESS, EGRESS };

enum mode { PAUSED, RUNNING, MEASURING, ENDED };

struct counters {
    uint64_t received, transmitted, kicks, cycles, idle_cycles; /* the first three as the ports had them at the start */
    uint64_t busy_ns, kick_ns, cycle_max_ns;
    uint64_t drops[DROP_REASONS];
};

struct forwarder {
    /* options */
    const char *netns, *in, *out, *source, *destination;
    uint64_t ingress_ifindex, queue, cpu, routes, socket_map;
    /* state */
    struct umem umem;
    struct port ports[PORTS];
    struct frame_pool pool;
    struct burst burst;
    struct route_table table;
    struct counters counters;
    uint64_t clock_ns, cycle_start_ns;
    bool has_worked;
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

/* As many routes as a node has pods, of which the traffic uses two. */
static void fill_table(struct forwarder *forwarder, uint32_t egress_ifindex) {
    forwarder->table.hash_seed = HASH_SEED;
    route_add(&forwarder->table, parse_address(forwarder->source), (uint32_t)forwarder->ingress_ifindex);
    route_add(&forwarder->table, parse_address(forwarder->destination), egress_ifindex);
    for (uint32_t i = 2; i < forwarder->routes; i++) {
        route_add(&forwarder->table, TABLE_BASE + i, 1000 + i);
    }
}

static void open_ports(struct forwarder *forwarder) {
    const unsigned ifindexes[PORTS] = { interface_index(forwarder->in), interface_index(forwarder->out) };
    umem_create(&forwarder->umem, FRAME_COUNT);
    pool_create(&forwarder->pool);
    ports_open(forwarder->ports, ifindexes, PORTS, (uint32_t)forwarder->queue, &forwarder->umem);
    forwarder->ports[EGRESS].actions = 1 << ACTION_TO_WORKLOAD;
    fill_table(forwarder, ifindexes[EGRESS]);
}

/* The time is taken once a cycle, as the Java worker does for its stages and its longest cycle. */
static void observe_cycle(struct forwarder *forwarder) {
    const uint64_t now = now_ns();
    if (forwarder->has_worked && now - forwarder->cycle_start_ns > forwarder->counters.cycle_max_ns) {
        forwarder->counters.cycle_max_ns = now - forwarder->cycle_start_ns;
    }
    forwarder->cycle_start_ns = now;
}

/* One burst cycle; measured, a constant where it is inlined, puts clocks around it as the Java side does. */
static inline __attribute__((always_inline)) void cycle(struct forwarder *forwarder, const bool measured) {
    struct port *ingress = &forwarder->ports[INGRESS], *egress = &forwarder->ports[EGRESS];
    struct burst *burst = &forwarder->burst;
    const uint64_t start_ns = measured ? now_ns() : 0;
    observe_cycle(forwarder);
    port_reclaim(egress, &forwarder->pool);
    port_refill(ingress, &forwarder->pool);
    port_receive(ingress, burst, FROM_WORKLOAD);
    forwarder->has_worked = burst->count > 0;
    parse_stage(burst, forwarder->umem.area, HASH_SEED);
    forward_stage(burst, forwarder->umem.area, &forwarder->table);
    port_transmit(egress, burst);
    burst_dispose(burst, &forwarder->pool, forwarder->counters.drops);
    const uint64_t kick_start_ns = measured ? now_ns() : 0;
    port_kick(egress);
    const uint64_t kick_end_ns = measured ? now_ns() : 0;
    if (!forwarder->has_worked) {
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
    forwarder->counters.received = forwarder->ports[INGRESS].received;
    forwarder->counters.transmitted = forwarder->ports[EGRESS].transmitted;
    forwarder->counters.kicks = forwarder->ports[EGRESS].kicks;
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
        (unsigned long long)(forwarder->ports[INGRESS].received - counters->received),
        (unsigned long long)(forwarder->ports[EGRESS].transmitted - counters->transmitted),
        (unsigned long long)drop_sum(counters), (unsigned long long)counters->cycles,
        (unsigned long long)counters->idle_cycles,
        (unsigned long long)(forwarder->ports[EGRESS].kicks - counters->kicks),
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
    open_ports(forwarder);
    const struct xsk *ingress = &forwarder->ports[INGRESS].xsk;
    port_fill(&forwarder->ports[INGRESS], &forwarder->pool);
    if (forwarder->socket_map != 0) {
        xsk_join_map(ingress, (uint32_t)forwarder->socket_map, (uint32_t)forwarder->queue);
    } else {
        xsk_attach(ingress, interface_index(forwarder->in), (uint32_t)forwarder->queue);
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
