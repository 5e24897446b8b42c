/*
 * AF_XDP sockets in copy mode over one UMEM: the C counterpart of packet-path's io.caracal.umem and io.caracal.xsk,
 * with the same frame size, the same verbs and the same memory order, so that the forwarders differ in language only.
 *
 * Kernel >= 5.10 (one UMEM for two interfaces). Needs CAP_NET_RAW, CAP_NET_ADMIN and, for the XDP program, CAP_BPF.
 */
#ifndef CARACAL_XSK_H
#define CARACAL_XSK_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

enum { FRAME_SIZE = 4096 };

/* One of the four rings. Indices run freely and wrap at 2^32; depth is a power of two. */
struct ring {
    uint32_t *producer, *consumer, *flags;
    void *descriptors;
    uint32_t depth, mask;
    uint32_t cached_producer, cached_consumer;
};

struct umem {
    uint8_t *area;
    uint64_t frame_count;
};

struct xsk_config {
    unsigned ifindex;
    uint32_t queue;
    uint32_t fill_depth, completion_depth, rx_depth, tx_depth; /* rx or tx may be 0: then there is no such ring */
    uint32_t tx_budget; /* frames that one sendto may send (kernel >= 6.17); 0 = the kernel's 32 */
};

struct xsk {
    int fd;
    struct ring fill, completion, rx, tx;
};

void umem_create(struct umem *umem, uint64_t frame_count);

/* Makes and binds a socket; the first one registers the UMEM, later ones give it as donor. */
void xsk_open(struct xsk *xsk, const struct umem *umem, const struct xsk *donor, const struct xsk_config *config);

/* Attaches an XDP program that gives queue q's packets to the socket; gone with the process. */
void xsk_attach(const struct xsk *xsk, unsigned ifindex, uint32_t queue);

/* Puts the socket into an XSKMAP that somebody else's XDP program uses, found by the map's id (CAP_SYS_ADMIN). */
void xsk_join_map(const struct xsk *xsk, uint32_t map_id, uint32_t queue);

/* The same for one that is pinned in a BPF file system. */
void xsk_join_pinned_map(const struct xsk *xsk, const char *pin, uint32_t queue);

/* Tells the kernel about filled TX descriptors until it has taken them all or has no room. */
void xsk_kick(struct xsk *xsk, uint64_t *kick_count);

/* Free slots of a producer ring (fill, tx); looks at the kernel's index only when the cached one says "too few". */
static inline uint32_t ring_free(struct ring *ring, uint32_t wanted) {
    const uint32_t free = ring->depth - (ring->cached_producer - ring->cached_consumer);
    if (free >= wanted) {
        return free;
    }
    ring->cached_consumer = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
    return ring->depth - (ring->cached_producer - ring->cached_consumer);
}

/* Makes the descriptors written since the last time visible. */
static inline void ring_submit(struct ring *ring) {
    __atomic_store_n(ring->producer, ring->cached_producer, __ATOMIC_RELEASE);
}

/* Entries of a consumer ring (rx, completion) that can be read, at most as many as wanted. */
static inline uint32_t ring_peek(struct ring *ring, uint32_t wanted) {
    uint32_t available = ring->cached_producer - ring->cached_consumer;
    if (available == 0) {
        ring->cached_producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
        available = ring->cached_producer - ring->cached_consumer;
    }
    return available < wanted ? available : wanted;
}

/* Gives the slots of what was read back to the kernel. */
static inline void ring_release(struct ring *ring, uint32_t count) {
    ring->cached_consumer += count;
    __atomic_store_n(ring->consumer, ring->cached_consumer, __ATOMIC_RELEASE);
}

static inline uint64_t *ring_address(struct ring *ring, uint32_t position) {
    return &((uint64_t *)ring->descriptors)[position & ring->mask];
}

static inline struct xdp_desc *ring_descriptor(struct ring *ring, uint32_t position) {
    return &((struct xdp_desc *)ring->descriptors)[position & ring->mask];
}

#endif
