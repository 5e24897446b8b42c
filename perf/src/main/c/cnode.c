/*
 * The C twin of a node: cfwd's cycle between its pods, and where it has an uplink with the overlay behind that. What a
 * pod sends is parsed and looked up; for another pod its checksum is finished, for another node it is wrapped in its
 * headroom. What comes for a pod is unwrapped, parsed, and its checksum finished.
 * Takes the place of an engine that has laid everything out and is gone: its programs go on, and find this socket in
 * their maps. No connections, no policy, no fragments, no errors: less than the engine does.
 *
 *     cnode --netns NAME --punt INTERFACE --punt-map PIN --pods ADDRESS=IFINDEX,... [--cpu N]
 *           [--uplink INTERFACE --uplink-map PIN --own ADDRESS --own-mac MAC --next-hop-mac MAC --own-vtep-mac MAC
 *            --peer ADDRESS --peer-vtep-mac MAC --peer-pods ADDRESS (a /16)]
 *
 * Says "ready", forwards until its standard input ends, and answers each line there with what it has counted.
 */
#define _GNU_SOURCE
#include "port.h"
#include "vxlan.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the engine has it: WorkerThread, WorkerConfig, WorkerIdle. */
enum { NICE = -10, SLICE_NS = 100000, IDLE_SPIN_NS = 50000, YIELDS_MAX = 4, POLL_TIMEOUT_MS = 100 };

enum { HASH_SEED = 0x5eed1234, TABLE_BASE = 0x0a800001, PODS = 256, VNI = 4096, VXLAN_PORT = 4789, UPLINK_MTU = 1500 };

enum { PUNT, UPLINK };

/* The first of the options: those of a node without an uplink, and those that one with an uplink needs. */
enum { OPTIONS_WITHOUT_UPLINK = 4, OPTIONS_WITH_UPLINK = 13 };

struct forwarder {
    /* options */
    const char *netns, *punt, *punt_map, *workloads;
    const char *uplink, *uplink_map, *own, *own_mac, *next_hop_mac, *own_vtep_mac;
    const char *peer, *peer_vtep_mac, *peer_pods;
    uint64_t cpu;
    /* state */
    struct umem umem;
    struct port ports[PORTS];
    uint32_t port_count;
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
        { "pods", OPTION_TEXT, &forwarder->workloads, 0, 0 },
        { "uplink", OPTION_TEXT, &forwarder->uplink, 0, 0 },
        { "uplink-map", OPTION_TEXT, &forwarder->uplink_map, 0, 0 },
        { "own", OPTION_TEXT, &forwarder->own, 0, 0 },
        { "own-mac", OPTION_TEXT, &forwarder->own_mac, 0, 0 },
        { "next-hop-mac", OPTION_TEXT, &forwarder->next_hop_mac, 0, 0 },
        { "own-vtep-mac", OPTION_TEXT, &forwarder->own_vtep_mac, 0, 0 },
        { "peer", OPTION_TEXT, &forwarder->peer, 0, 0 },
        { "peer-vtep-mac", OPTION_TEXT, &forwarder->peer_vtep_mac, 0, 0 },
        { "peer-pods", OPTION_TEXT, &forwarder->peer_pods, 0, 0 },
        { "cpu", OPTION_NUMBER, &forwarder->cpu, 0, 1023 },
    };
    forwarder->cpu = UINT64_MAX;
    parse_options(argc, argv, 1, specs, sizeof(specs) / sizeof(specs[0]));
    const int needed = forwarder->uplink == NULL ? OPTIONS_WITHOUT_UPLINK : OPTIONS_WITH_UPLINK;
    for (int i = 0; i < needed; i++) {
        if (*(const char **)specs[i].target == NULL) {
            die_use("cnode needs --%s", specs[i].name);
        }
    }
    forwarder->port_count = forwarder->uplink == NULL ? 1 : PORTS;
}

/* ADDRESS=IFINDEX, with commas between. */
static void add_pods(struct forwarder *forwarder) {
    forwarder->pods.hash_seed = HASH_SEED;
    for (const char *pod = forwarder->workloads; pod != NULL;) {
        char address[INET_ADDRSTRLEN];
        unsigned ifindex;
        if (sscanf(pod, "%15[0-9.]=%u", address, &ifindex) != 2 || ifindex == 0) {
            die_use("--pods is ADDRESS=IFINDEX,..., not '%s'", pod);
        }
        route_add(&forwarder->pods, parse_address(address), ifindex);
        pod = strchr(pod, ',');
        pod = pod == NULL ? NULL : pod + 1;
    }
    for (uint32_t pod = 1; pod < PODS; pod++) {
        route_add(&forwarder->pods, TABLE_BASE + pod, 1000 + pod);
    }
}

static void make_tunnel(struct forwarder *forwarder) {
    struct tunnel_ends ends = {
        .own = parse_address(forwarder->own), .peer = parse_address(forwarder->peer), .vni = VNI, .port = VXLAN_PORT,
    };
    parse_mac(forwarder->own_mac, ends.own_mac);
    parse_mac(forwarder->next_hop_mac, ends.next_hop_mac);
    parse_mac(forwarder->own_vtep_mac, ends.own_vtep_mac);
    parse_mac(forwarder->peer_vtep_mac, ends.peer_vtep_mac);
    tunnel_create(&forwarder->tunnel, &ends);
    for (uint32_t block = 0; block < BLOCKS_OF_LEAF; block++) {
        block_add(&forwarder->blocks, parse_address(forwarder->peer_pods) + (block << BLOCK_BITS), 1);
    }
}

static void open_ports(struct forwarder *forwarder) {
    const char *const names[PORTS] = { forwarder->punt, forwarder->uplink };
    const char *const maps[PORTS] = { forwarder->punt_map, forwarder->uplink_map };
    const uint32_t actions[PORTS] = { 1 << ACTION_TO_WORKLOAD, 1 << ACTION_TO_UPLINK };
    unsigned ifindexes[PORTS];
    for (uint32_t i = 0; i < forwarder->port_count; i++) {
        ifindexes[i] = interface_index(names[i]);
    }
    umem_create(&forwarder->umem, FRAME_COUNT);
    pool_create(&forwarder->pool);
    ports_open(forwarder->ports, ifindexes, forwarder->port_count, 0, &forwarder->umem);
    for (uint32_t i = 0; i < forwarder->port_count; i++) {
        forwarder->ports[i].actions = actions[i];
        port_fill(&forwarder->ports[i], &forwarder->pool);
        xsk_join_pinned_map(&forwarder->ports[i].xsk, maps[i], 0);
    }
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

/* A pod takes no unfinished checksum from a frame. */
static void deliver(struct forwarder *forwarder, uint32_t row, uint8_t *ip, uint32_t ifindex) {
    struct burst *burst = &forwarder->burst;
    if ((burst->flags[row] & FLAG_FRAGMENT) == 0) {
        complete_checksum(ip, burst->l4_offset[row] - burst->l3_offset[row], burst->length[row] - ETHERNET);
    }
    decrement_ttl(ip);
    burst->egress_ifindex[row] = ifindex;
    aim_at_workload(burst, forwarder->umem.area, row);
}

static void from_workload(struct forwarder *forwarder, uint32_t row, uint8_t *ip, uint32_t ifindex) {
    struct burst *burst = &forwarder->burst;
    if (route_find(&forwarder->pods, load32(ip + 12)) != burst->ingress_ifindex[row]) {
        burst_drop(burst, row, SOURCE_SPOOFED);
    } else if (ifindex != 0) {
        deliver(forwarder, row, ip, ifindex);
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
        const uint32_t ifindex = route_find(&forwarder->pods, load32(ip + 16));
        if (ip[8] <= 1) {
            burst_drop(burst, row, TTL_EXPIRED);
        } else if (burst->direction[row] != FROM_UPLINK) {
            from_workload(forwarder, row, ip, ifindex);
        } else if (ifindex == 0) {
            burst_drop(burst, row, DESTINATION_UNKNOWN);
        } else {
            deliver(forwarder, row, ip, ifindex);
        }
    }
}

/* One burst cycle, in io.caracal.worker.PacketWorker's order; returns whether there was anything to do. */
static bool cycle(struct forwarder *forwarder) {
    struct port *ports = forwarder->ports;
    struct burst *burst = &forwarder->burst;
    const uint32_t port_count = forwarder->port_count;
    for (uint32_t i = 0; i < port_count; i++) {
        port_reclaim(&ports[i], &forwarder->pool);
        port_refill(&ports[i], &forwarder->pool);
    }
    /* Starts with the other port each cycle: one that fills the burst alone must not starve it. */
    forwarder->first_port = port_count - 1 - forwarder->first_port;
    for (uint32_t i = 0; i < port_count; i++) {
        const uint32_t port = forwarder->first_port ^ i;
        port_receive(&ports[port], burst, port == PUNT ? FROM_WORKLOAD : FROM_UPLINK);
    }
    const bool has_worked = burst->count > 0;
    decapsulate_stage(forwarder);
    parse_stage(burst, forwarder->umem.area, HASH_SEED);
    route_stage(forwarder);
    for (uint32_t i = 0; i < port_count; i++) {
        port_transmit(&ports[i], burst);
    }
    burst_dispose(burst, &forwarder->pool, forwarder->drops);
    for (uint32_t i = 0; i < port_count; i++) {
        port_kick(&ports[i]);
    }
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
    if (forwarder->cpu != UINT64_MAX) {
        pin_to_cpu(forwarder->cpu);
    }
    for (uint32_t i = 0; i < forwarder->port_count; i++) {
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
            poll(sockets, forwarder->port_count, POLL_TIMEOUT_MS);
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
    set_tool_name("cnode");
    struct forwarder *forwarder = calloc(1, sizeof(*forwarder));
    if (forwarder == NULL) {
        die_errno("allocate", "forwarder", "");
    }
    read_options(forwarder, argc, argv);
    enter_netns(forwarder->netns);
    add_pods(forwarder);
    if (forwarder->uplink != NULL) {
        make_tunnel(forwarder);
    }
    open_ports(forwarder);
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
