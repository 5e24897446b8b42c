/*
 * A socket under a forwarder's cycle, and the frames that are nobody's: what io.caracal.port.XskPort and
 * io.caracal.umem.FramePool do, in the same order, with the same limits.
 */
#ifndef CARACAL_PORT_H
#define CARACAL_PORT_H

#include "burst.h"
#include "system.h"
#include "xsk.h"

#include <stdlib.h>

/* As io.caracal.xsk.RingDepths and io.caracal.port.XskPort have it. */
enum { RING_DEPTH = 2048, REFILL_MIN = 16 };

/* Each frame is in the pool, in a ring or in the burst: so many fill the rings of two ports and leave a burst over. */
enum { PORTS = 2, FRAME_COUNT = PORTS * 4 * RING_DEPTH + BURST_PACKETS };

struct frame_pool {
    uint64_t free_frames[FRAME_COUNT];
    uint32_t free_count;
};

struct port {
    struct xsk xsk;
    uint32_t actions; /* rows that leave by it, a bit for each enum egress_action */
    uint32_t fill_outstanding, tx_outstanding;
    uint64_t received, received_bytes, transmitted, transmitted_bytes, kicks;
};

static inline void pool_give(struct frame_pool *pool, uint64_t address) {
    pool->free_frames[pool->free_count++] = address & ~(uint64_t)(FRAME_SIZE - 1);
}

static inline void pool_create(struct frame_pool *pool) {
    for (uint64_t frame = FRAME_COUNT; frame-- > 0;) {
        pool_give(pool, frame * FRAME_SIZE);
    }
}

/* Opens the sockets of one or two ports on a queue of an interface each, over one UMEM. */
static inline void ports_open(struct port ports[PORTS], const unsigned ifindexes[PORTS], uint32_t count,
                              uint32_t queue, const struct umem *umem) {
    for (uint32_t i = 0; i < count; i++) {
        const struct xsk_config config = {
            .ifindex = ifindexes[i], .queue = queue, .fill_depth = RING_DEPTH, .completion_depth = RING_DEPTH,
            .rx_depth = RING_DEPTH, .tx_depth = RING_DEPTH, .tx_budget = RING_DEPTH,
        };
        xsk_open(&ports[i].xsk, umem, i == 0 ? NULL : &ports[0].xsk, &config);
    }
}

static inline void port_reclaim(struct port *port, struct frame_pool *pool) {
    if (port->tx_outstanding == 0) {
        return;
    }
    struct ring *completion = &port->xsk.completion;
    const uint32_t count = ring_peek(completion, BURST_PACKETS);
    for (uint32_t i = 0; i < count; i++) {
        pool_give(pool, *ring_address(completion, completion->cached_consumer + i));
    }
    if (count > 0) {
        ring_release(completion, count);
        port->tx_outstanding -= count;
    }
}

static inline void port_refill(struct port *port, struct frame_pool *pool) {
    struct ring *fill = &port->xsk.fill;
    uint32_t count = RING_DEPTH - port->fill_outstanding;
    if (count < REFILL_MIN) {
        return;
    }
    count = count < BURST_PACKETS ? count : BURST_PACKETS;
    count = count < pool->free_count ? count : pool->free_count;
    const uint32_t room = ring_free(fill, count);
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++) {
        *ring_address(fill, fill->cached_producer++) = pool->free_frames[--pool->free_count];
    }
    ring_submit(fill);
    port->fill_outstanding += count;
}

/* Packets that come before there are frames to receive into would be lost. */
static inline void port_fill(struct port *port, struct frame_pool *pool) {
    while (port->fill_outstanding <= RING_DEPTH - REFILL_MIN) {
        port_refill(port, pool);
    }
}

/* Adds to the burst what has come; a row's direction is that of the port until its header says more. */
static inline void port_receive(struct port *port, struct burst *burst, enum direction direction) {
    struct ring *rx = &port->xsk.rx;
    const uint32_t count = ring_peek(rx, BURST_PACKETS - burst->count);
    for (uint32_t i = 0; i < count; i++) {
        const struct xdp_desc *descriptor = ring_descriptor(rx, rx->cached_consumer + i);
        const uint32_t row = burst->count + i;
        burst->address[row] = descriptor->addr;
        burst->length[row] = descriptor->len;
        burst->direction[row] = (uint8_t)direction;
        burst->verdict[row] = UNDECIDED;
        burst->flags[row] = 0;
        port->received_bytes += descriptor->len;
    }
    if (count > 0) {
        ring_release(rx, count);
        burst->count += count;
        port->fill_outstanding -= count;
        port->received += count;
    }
}

static inline void port_transmit(struct port *port, struct burst *burst) {
    struct ring *tx = &port->xsk.tx;
    const uint32_t room = ring_free(tx, burst->count);
    uint32_t taken = 0;
    for (uint32_t row = 0; row < burst->count; row++) {
        if (burst->verdict[row] != TRANSMIT || (port->actions >> burst->egress_action[row] & 1) == 0) {
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
        burst->verdict[row] = SENT;
        port->transmitted_bytes += burst->length[row];
        taken++;
    }
    tx->cached_producer += taken;
    ring_submit(tx);
    port->tx_outstanding += taken;
    port->transmitted += taken;
}

static inline void port_kick(struct port *port) {
    if (port->tx_outstanding > 0
        && __atomic_load_n(port->xsk.tx.consumer, __ATOMIC_ACQUIRE) != port->xsk.tx.cached_producer) {
        xsk_kick(&port->xsk, &port->kicks);
    }
}

/* Gives the frames of rows that nobody has sent back, counted by reason, and empties the burst. */
static inline void burst_dispose(struct burst *burst, struct frame_pool *pool, uint64_t drops[DROP_REASONS]) {
    for (uint32_t row = 0; row < burst->count; row++) {
        if (burst->verdict[row] != SENT) {
            drops[burst->drop_reason[row]]++;
            pool_give(pool, burst->address[row]);
        }
    }
    burst->count = 0;
}

#endif
