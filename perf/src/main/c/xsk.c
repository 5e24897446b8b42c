#define _GNU_SOURCE
#include "xsk.h"
#include "system.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's header is older than the kernels that know this option (6.17). */
enum { XDP_MAX_TX_SKB_BUDGET_OPTION = 9 };

/* The kernel frees a dead socket's pool in a work queue: its queue stays EBUSY for some 100 ms. */
enum { BIND_ATTEMPTS = 100, BIND_PAUSE_US = 50000 };

/* A kick ends after this many calls even if the kernel keeps saying "again", so that reception goes on. */
enum { KICK_ATTEMPTS = 64 };

void umem_create(struct umem *umem, uint64_t frame_count) {
    const size_t huge_page_size = 2u << 20;
    const size_t size = (frame_count * FRAME_SIZE + huge_page_size - 1) & ~(huge_page_size - 1);
    const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
    void *area = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
    if (area == MAP_FAILED) {
        area = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    }
    if (area == MAP_FAILED) {
        die_errno("map", "UMEM", "is there enough memory?");
    }
    umem->area = area;
    umem->frame_count = frame_count;
}

static void set_option(int fd, int option, const void *value, socklen_t length, const char *thing) {
    if (setsockopt(fd, SOL_XDP, option, value, length) != 0) {
        die_errno("set AF_XDP option", thing, "");
    }
}

static void map_ring(struct ring *ring, int fd, uint32_t depth, const struct xdp_ring_offset *offset,
                     size_t entry_size, uint64_t page_offset) {
    const size_t size = offset->desc + depth * entry_size;
    uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)page_offset);
    if (map == MAP_FAILED) {
        die_errno("map", "AF_XDP ring", "");
    }
    ring->producer = (uint32_t *)(map + offset->producer);
    ring->consumer = (uint32_t *)(map + offset->consumer);
    ring->flags = (uint32_t *)(map + offset->flags);
    ring->descriptors = map + offset->desc;
    ring->depth = depth;
    ring->mask = depth - 1;
    ring->cached_producer = *ring->producer;
    ring->cached_consumer = *ring->consumer;
}

static void make_rings(struct xsk *xsk, const struct xsk_config *config) {
    set_option(xsk->fd, XDP_UMEM_FILL_RING, &config->fill_depth, sizeof(uint32_t), "fill ring");
    set_option(xsk->fd, XDP_UMEM_COMPLETION_RING, &config->completion_depth, sizeof(uint32_t), "completion ring");
    struct xdp_mmap_offsets offsets;
    if (config->rx_depth != 0) {
        set_option(xsk->fd, XDP_RX_RING, &config->rx_depth, sizeof(uint32_t), "rx ring");
    }
    if (config->tx_depth != 0) {
        set_option(xsk->fd, XDP_TX_RING, &config->tx_depth, sizeof(uint32_t), "tx ring");
    }
    socklen_t length = sizeof(offsets);
    if (getsockopt(xsk->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0) {
        die_errno("read", "AF_XDP ring offsets", "");
    }
    map_ring(&xsk->fill, xsk->fd, config->fill_depth, &offsets.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
    map_ring(&xsk->completion, xsk->fd, config->completion_depth, &offsets.cr, sizeof(uint64_t),
        XDP_UMEM_PGOFF_COMPLETION_RING);
    if (config->rx_depth != 0) {
        map_ring(&xsk->rx, xsk->fd, config->rx_depth, &offsets.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
    }
    if (config->tx_depth != 0) {
        map_ring(&xsk->tx, xsk->fd, config->tx_depth, &offsets.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
    }
}

static void bind_socket(const struct xsk *xsk, const struct xsk *donor, const struct xsk_config *config) {
    /* Beside XDP_SHARED_UMEM no other flag is allowed: copy mode is inherited from the donor. */
    const struct sockaddr_xdp address = {
        .sxdp_family = AF_XDP,
        .sxdp_flags = (uint16_t)(donor != NULL ? XDP_SHARED_UMEM : XDP_COPY | XDP_USE_NEED_WAKEUP),
        .sxdp_ifindex = config->ifindex,
        .sxdp_queue_id = config->queue,
        .sxdp_shared_umem_fd = donor != NULL ? (uint32_t)donor->fd : 0,
    };
    for (int attempt = 0; bind(xsk->fd, (const struct sockaddr *)&address, sizeof(address)) != 0; attempt++) {
        if (errno != EBUSY || attempt == BIND_ATTEMPTS) {
            char thing[64];
            snprintf(thing, sizeof(thing), "interface %u queue %u", config->ifindex, config->queue);
            die_errno("bind AF_XDP socket to", thing, "EBUSY: another socket owns this queue");
        }
        usleep(BIND_PAUSE_US);
    }
}

void xsk_open(struct xsk *xsk, const struct umem *umem, const struct xsk *donor, const struct xsk_config *config) {
    memset(xsk, 0, sizeof(*xsk));
    xsk->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (xsk->fd < 0) {
        die_errno("open", "AF_XDP socket", "needs CONFIG_XDP_SOCKETS and CAP_NET_RAW");
    }
    if (donor == NULL) {
        const struct xdp_umem_reg region = {
            .addr = (uint64_t)umem->area,
            .len = umem->frame_count * FRAME_SIZE,
            .chunk_size = FRAME_SIZE,
        };
        set_option(xsk->fd, XDP_UMEM_REG, &region, sizeof(region), "UMEM");
    }
    make_rings(xsk, config);
    if (config->tx_depth != 0) {
        /* In copy mode packets on their way count against the send buffer; the default allows 92 of 1500 bytes. */
        const uint32_t send_buffer_size = config->tx_depth * FRAME_SIZE;
        if (setsockopt(xsk->fd, SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer_size, sizeof(send_buffer_size)) != 0) {
            die_errno("set send buffer of", "AF_XDP socket", "needs CAP_NET_ADMIN");
        }
    }
    if (config->tx_budget != 0) {
        /* A kernel before 6.17 refuses it and sends 32 a call: xsk_kick calls again. */
        (void)setsockopt(xsk->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET_OPTION, &config->tx_budget, sizeof(uint32_t));
    }
    bind_socket(xsk, donor, config);
}

void xsk_kick(struct xsk *xsk, uint64_t *kick_count) {
    for (int attempt = 0; attempt < KICK_ATTEMPTS; attempt++) {
        ++*kick_count;
        if (sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0) {
            return;
        }
        if (errno != EAGAIN && errno != EBUSY && errno != ENOBUFS && errno != EINTR) {
            die_errno("transmit on", "AF_XDP socket", "has the interface gone away or down?");
        }
        if (__atomic_load_n(xsk->tx.consumer, __ATOMIC_ACQUIRE) == xsk->tx.cached_producer) {
            return;
        }
    }
}

static long bpf_call(int command, union bpf_attr *attributes, size_t size, const char *act) {
    const long result = syscall(SYS_bpf, command, attributes, size);
    if (result < 0) {
        die_errno(act, "by bpf(2)", "needs CAP_BPF and CAP_NET_ADMIN");
    }
    return result;
}

static void put_socket(int map_fd, const struct xsk *xsk, uint32_t queue) {
    const uint32_t socket_fd = (uint32_t)xsk->fd;
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.map_fd = (uint32_t)map_fd;
    attributes.key = (uint64_t)&queue;
    attributes.value = (uint64_t)&socket_fd;
    bpf_call(BPF_MAP_UPDATE_ELEM, &attributes, sizeof(attributes), "put AF_XDP socket into XSKMAP");
}

void xsk_join_map(const struct xsk *xsk, uint32_t map_id, uint32_t queue) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.map_id = map_id;
    const int map_fd = (int)bpf_call(BPF_MAP_GET_FD_BY_ID, &attributes, sizeof(attributes), "open XSKMAP");
    put_socket(map_fd, xsk, queue);
    close(map_fd);
}

void xsk_join_pinned_map(const struct xsk *xsk, const char *pin, uint32_t queue) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.pathname = (uint64_t)pin;
    const int map_fd = (int)bpf_call(BPF_OBJ_GET, &attributes, sizeof(attributes), "open pinned XSKMAP");
    put_socket(map_fd, xsk, queue);
    close(map_fd);
}

static int load_redirect_program(int map_fd) {
    const struct bpf_insn instructions[] = {
        /* r2 = ctx->rx_queue_index */
        { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1, .off = 16 },
        /* r1 = map */
        { .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map_fd },
        { 0 },
        /* r3 = XDP_DROP, where the map has no socket */
        { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_DROP },
        { .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
        { .code = BPF_JMP | BPF_EXIT },
    };
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.prog_type = BPF_PROG_TYPE_XDP;
    attributes.insns = (uint64_t)instructions;
    attributes.insn_cnt = sizeof(instructions) / sizeof(instructions[0]);
    attributes.license = (uint64_t)"GPL";
    return (int)bpf_call(BPF_PROG_LOAD, &attributes, sizeof(attributes), "load XDP program");
}

void xsk_attach(const struct xsk *xsk, unsigned ifindex, uint32_t queue) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.map_type = BPF_MAP_TYPE_XSKMAP;
    attributes.key_size = sizeof(uint32_t);
    attributes.value_size = sizeof(uint32_t);
    attributes.max_entries = queue + 1;
    const int map_fd = (int)bpf_call(BPF_MAP_CREATE, &attributes, sizeof(attributes), "create XSKMAP");
    put_socket(map_fd, xsk, queue);

    const int program_fd = load_redirect_program(map_fd);
    memset(&attributes, 0, sizeof(attributes));
    attributes.link_create.prog_fd = (uint32_t)program_fd;
    attributes.link_create.target_ifindex = ifindex;
    attributes.link_create.attach_type = BPF_XDP;
    attributes.link_create.flags = XDP_FLAGS_DRV_MODE;
    /* The link's fd stays open on purpose: its end is the program's end, also after kill -9. */
    bpf_call(BPF_LINK_CREATE, &attributes, sizeof(attributes), "attach XDP program");
}
