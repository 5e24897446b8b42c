/*
 * The C twin of a node of the overlay: cfwd's cycle between the punt pair and an uplink, both ways. What a pod sends is
 * parsed, looked up and wrapped in its headroom; what comes for a pod is unwrapped, parsed, and its checksum finished.
 * Takes the place of an engine that has laid everything out and is gone: its programs go on, and find this socket in
 * their maps. No connections, no policy, no fragments, no errors: less than the engine does.
 *
 *     cvxlan --netns NAME --punt INTERFACE --punt-map PIN --uplink INTERFACE --uplink-map PIN
 *            --pod ADDRESS --pod-ifindex N --own ADDRESS --own-mac MAC --next-hop-mac MAC --own-vtep-mac MAC
 *            --peer ADDRESS --peer-vtep-mac MAC --peer-pods ADDRESS (a /16)
 *
 * Says "ready", forwards until its standard input ends, and answers each line there with what it has counted.
 */
#define _GNU_SOURCE
#include "port.h"
#include "vxlan.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the engine has it: WorkerThread, WorkerConfig, WorkerIdle. */
enum { NICE = -10, SLICE_NS = 100000, IDLE_SPIN_NS = 50000, YIELDS_MAX = 4, POLL_TIMEOUT_MS = 100 };

enum { HASH_SEED = 0x5eed1234, TABLE_BASE = 0x0a800001, PODS = 256, VNI = 4096, VXLAN_PORT = 4789, UPLINK_MTU = 1500 };

enum { PUNT, UPLINK };

struct forwarder {
    /* options */
    const char *netns, *punt, *punt_map, *uplink, *uplink_map, *pod, *own, *own_mac, *next_hop_mac, *own_vtep_mac;
    const char *peer, *peer_vtep_mac, *peer_pods;
    uint64_t pod_ifindex;
    /* state */
    struct umem umem;
    struct port ports[PORTS];
    struct frame_pool pool;
    struct burst burst;
    struct route_table pods;
    struct block_table blocks;
    struct tunnel tunnel;
    uint64_t drops[DROP_REASONS];
    uint32_t first_port;
    volatile bool ended;
};

static void read_options(struct forwarder *forwarder, int argc, char **argv) {
    const struct option_spec specs[] = {
        { "netns", OPTION_TEXT, &forwarder->netns, 0, 0 },
        { "punt", OPTION_TEXT, &forwarder->punt, 0, 0 },
        { "punt-map", OPTION_TEXT, &forwarder->punt_map, 0, 0 },
        { "uplink", OPTION_TEXT, &forwarder->uplink, 0, 0 },
        { "uplink-map", OPTION_TEXT, &forwarder->uplink_map, 0, 0 },
        { "pod", OPTION_TEXT, &forwarder->pod, 0, 0 },
        { "pod-ifindex", OPTION_NUMBER, &forwarder->pod_ifindex, 1, INT32_MAX },
        { "own", OPTION_TEXT, &forwarder->own, 0, 0 },
        { "own-mac", OPTION_TEXT, &forwarder->own_mac, 0, 0 },
        { "next-hop-mac", OPTION_TEXT, &forwarder->next_hop_mac, 0, 0 },
        { "own-vtep-mac", OPTION_TEXT, &forwarder->own_vtep_mac, 0, 0 },
        { "peer", OPTION_TEXT, &forwarder->peer, 0, 0 },
        { "peer-vtep-mac", OPTION_TEXT, &forwarder->peer_vtep_mac, 0, 0 },
        { "peer-pods", OPTION_TEXT, &forwarder->peer_pods, 0, 0 },
    };
    const int count = sizeof(specs) / sizeof(specs[0]);
    parse_options(argc, argv, 1, specs, count);
    for (int i = 0; i < count; i++) {
        if (specs[i].kind == OPTION_TEXT ? *(const char **)specs[i].target == NULL : forwarder->pod_ifindex == 0) {
            die_use("cvxlan needs --%s", specs[i].name);
        }
    }
}

static void make_tables(struct forwarder *forwarder) {
    struct tunnel_ends ends = {
        .own = parse_address(forwarder->own), .peer = parse_address(forwarder->peer), .vni = VNI, .port = VXLAN_PORT,
    };
    parse_mac(forwarder->own_mac, ends.own_mac);
    parse_mac(forwarder->next_hop_mac, ends.next_hop_mac);
    parse_mac(forwarder->own_vtep_mac, ends.own_vtep_mac);
    parse_mac(forwarder->peer_vtep_mac, ends.peer_vtep_mac);
    tunnel_create(&forwarder->tunnel, &ends);
    forwarder->pods.hash_seed = HASH_SEED;
    route_add(&forwarder->pods, parse_address(forwarder->pod), (uint32_t)forwarder->pod_ifindex);
    for (uint32_t pod = 1; pod < PODS; pod++) {
        route_add(&forwarder->pods, TABLE_BASE + pod, 1000 + pod);
    }
    for (uint32_t block = 0; block < BLOCKS_OF_LEAF; block++) {
        block_add(&forwarder->blocks, parse_address(forwarder->peer_pods) + (block << BLOCK_BITS), 1);
    }
}

static void open_ports(struct forwarder *forwarder) {
    const unsigned ifindexes[PORTS] = { interface_index(forwarder->punt), interface_index(forwarder->uplink) };
    umem_create(&forwarder->umem, FRAME_COUNT);
    pool_create(&forwarder->pool);
    ports_open(forwarder->ports, ifindexes, 0, &forwarder->umem);
    forwarder->ports[PUNT].actions = 1 << ACTION_TO_WORKLOAD;
    forwarder->ports[UPLINK].actions = 1 << ACTION_TO_UPLINK;
    port_fill(&forwarder->ports[PUNT], &forwarder->pool);
    port_fill(&forwarder->ports[UPLINK], &forwarder->pool);
}

/* What is inside gets the header that a packet of the punt pair has, so that one parser does for both. */
static void decapsulate_stage(struct forwarder *forwarder) {
    struct burst *burst = &forwarder->burst;
    for (uint32_t row = 0; row < burst->count; row++) {
        if (burst->direction[row] != FROM_UPLINK) {
            continue;
        }
        if (decapsulate(burst, forwarder->umem.area, row, &forwarder->tunnel)) {
            punt_header(forwarder->umem.area + burst->address[row], FROM_UPLINK, 0);
        } else {
            burst_drop(burst, row, OVERLAY_INVALID);
        }
    }
}

static void from_uplink(struct forwarder *forwarder, uint32_t row, uint8_t *ip) {
    struct burst *burst = &forwarder->burst;
    burst->egress_ifindex[row] = route_find(&forwarder->pods, load32(ip + 16));
    if (burst->egress_ifindex[row] == 0) {
        burst_drop(burst, row, DESTINATION_UNKNOWN);
        return;
    }
    if ((burst->flags[row] & FLAG_FRAGMENT) == 0) {
        complete_checksum(ip, burst->l4_offset[row] - burst->l3_offset[row], burst->length[row] - ETHERNET);
    }
    decrement_ttl(ip);
    aim_at_workload(burst, forwarder->umem.area, row);
}

static void from_workload(struct forwarder *forwarder, uint32_t row, uint8_t *ip) {
    struct burst *burst = &forwarder->burst;
    if (route_find(&forwarder->pods, load32(ip + 12)) != burst->ingress_ifindex[row]) {
        burst_drop(burst, row, SOURCE_SPOOFED);
    } else if (block_find(&forwarder->blocks, load32(ip + 16)) == 0) {
        burst_drop(burst, row, DESTINATION_UNKNOWN);
    } else if (burst->length[row] + TUNNEL - ETHERNET > UPLINK_MTU) {
        burst_drop(burst, row, TOO_BIG);
    } else {
        decrement_ttl(ip);
        encapsulate(burst, forwarder->umem.area, row, &forwarder->tunnel);
    }
}

static void route_stage(struct forwarder *forwarder) {
    struct burst *burst = &forwarder->burst;
    for (uint32_t row = 0; row < burst->count; row++) {
        if (burst->verdict[row] != UNDECIDED) {
            continue;
        }
        uint8_t *ip = forwarder->umem.area + burst->address[row] + burst->l3_offset[row];
        if (ip[8] <= 1) {
            burst_drop(burst, row, TTL_EXPIRED);
        } else if (burst->direction[row] == FROM_UPLINK) {
            from_uplink(forwarder, row, ip);
        } else {
            from_workload(forwarder, row, ip);
        }
    }
}

/* One burst cycle, in io.caracal.worker.PacketWorker's order; returns whether there was anything to do. */
static bool cycle(struct forwarder *forwarder) {
    struct port *punt = &forwarder->ports[PUNT], *uplink = &forwarder->ports[UPLINK];
    struct burst *burst = &forwarder->burst;
    port_reclaim(punt, &forwarder->pool);
    port_reclaim(uplink, &forwarder->pool);
    port_refill(punt, &forwarder->pool);
    port_refill(uplink, &forwarder->pool);
    /* Starts with the other port each cycle: one that fills the burst alone must not starve it. */
    forwarder->first_port ^= 1;
    for (uint32_t i = 0; i < PORTS; i++) {
        const uint32_t port = forwarder->first_port ^ i;
        port_receive(&forwarder->ports[port], burst, port == PUNT ? FROM_WORKLOAD : FROM_UPLINK);
    }
    const bool has_worked = burst->count > 0;
    decapsulate_stage(forwarder);
    parse_stage(burst, forwarder->umem.area, HASH_SEED);
    route_stage(forwarder);
    port_transmit(punt, burst);
    port_transmit(uplink, burst);
    burst_dispose(burst, &forwarder->pool, forwarder->drops);
    port_kick(punt);
    port_kick(uplink);
    return has_worked;
}

/* struct sched_attr in its first version; not every C library has it, and some have it twice. */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline, period;
};

static void favour_this_thread(void) {
    const struct scheduling attributes = { .size = sizeof(attributes), .nice = NICE, .slice_ns = SLICE_NS };
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) {
        die_errno("favour", "forwarding thread", "needs CAP_SYS_NICE");
    }
}

/* Spins, because an answer comes soon; yields, because somebody else may have to make it; then sleeps. */
static void *forward_until_ended(void *argument) {
    struct forwarder *forwarder = argument;
    struct pollfd sockets[PORTS];
    uint64_t idle_since_ns = 0;
    int yields = 0;
    favour_this_thread();
    for (int i = 0; i < PORTS; i++) {
        sockets[i] = (struct pollfd){ .fd = forwarder->ports[i].xsk.fd, .events = POLLIN };
    }
    while (!forwarder->ended) {
        if (cycle(forwarder)) {
            idle_since_ns = 0;
            yields = 0;
            continue;
        }
        if (idle_since_ns == 0) {
            idle_since_ns = now_ns();
        }
        if (now_ns() - idle_since_ns < IDLE_SPIN_NS) {
            __builtin_ia32_pause();
        } else if (yields < YIELDS_MAX) {
            yields++;
            sched_yield();
        } else {
            poll(sockets, PORTS, POLL_TIMEOUT_MS);
        }
    }
    return NULL;
}

static void print_counters(const struct forwarder *forwarder) {
    printf("{\"fromPods\":%llu,\"toUplink\":%llu,\"fromUplink\":%llu,\"toPods\":%llu,\"drops\":[",
        (unsigned long long)forwarder->ports[PUNT].received, (unsigned long long)forwarder->ports[UPLINK].transmitted,
        (unsigned long long)forwarder->ports[UPLINK].received, (unsigned long long)forwarder->ports[PUNT].transmitted);
    for (int i = 0; i < DROP_REASONS; i++) {
        printf("%s%llu", i == 0 ? "" : ",", (unsigned long long)forwarder->drops[i]);
    }
    puts("]}");
    fflush(stdout);
}

int main(int argc, char **argv) {
    set_tool_name("cvxlan");
    struct forwarder *forwarder = calloc(1, sizeof(*forwarder));
    if (forwarder == NULL) {
        die_errno("allocate", "forwarder", "");
    }
    read_options(forwarder, argc, argv);
    enter_netns(forwarder->netns);
    make_tables(forwarder);
    open_ports(forwarder);
    xsk_join_pinned_map(&forwarder->ports[PUNT].xsk, forwarder->punt_map, 0);
    xsk_join_pinned_map(&forwarder->ports[UPLINK].xsk, forwarder->uplink_map, 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, forward_until_ended, forwarder) != 0) {
        die_errno("start", "forwarding thread", "");
    }
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        print_counters(forwarder);
    }
    forwarder->ended = true;
    pthread_join(thread, NULL);
    return EXIT_DONE;
}
