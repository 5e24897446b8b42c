/*
 * What the parts of podgen share: the options, and counters that threads of load add to while the main thread reads
 * them out whenever it is asked.
 */
#ifndef CARACAL_PODGEN_H
#define CARACAL_PODGEN_H

#include "histogram.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { TALLIES_MAX = 4096, PEERS_MAX = 128, BULK = 128 << 10 };

/* Source ports of --ports: below those that the kernel gives away by itself. */
enum { FIRST_PORT = 20000, PORTS_MAX = 32768 - FIRST_PORT };

/* One thread's counts: it alone writes, so plain adds suffice; on a line of its own, so that threads do not collide. */
struct tally {
    _Alignas(64) _Atomic uint64_t operations;
    _Atomic uint64_t bytes;
    _Atomic uint64_t failures;
    _Atomic uint64_t gap_ns; /* longest time between two operations that succeeded */
    struct histogram *latency; /* NULL = not kept */
};

/* A pod: its network namespace and its address. */
struct peer {
    const char *netns;
    struct in_addr address;
};

struct load {
    const char *role;
    /* options */
    const char *netns, *address, *peers_file;
    uint64_t port, parallel, length, rate, close_after, cpu, ports;
    /* state */
    struct peer peers[PEERS_MAX];
    unsigned peer_count;
};

struct tally *tally_new(bool with_latency);

static inline void tally_add(_Atomic uint64_t *counter, uint64_t count) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count, memory_order_relaxed);
}

struct sockaddr_in load_address(const struct load *load);
void start_thread(void *(*body)(void *), void *argument);

/* Servers: return when they listen. */
void serve_sink(const struct load *load);
void serve_answers(const struct load *load);
void serve_datagrams(const struct load *load);

/* Clients: return when their threads run. */
void load_streams(const struct load *load);
void load_connections(const struct load *load);
void load_requests(const struct load *load);
void load_datagrams(const struct load *load);
void load_probes(const struct load *load);
void load_held(const struct load *load);

#endif
