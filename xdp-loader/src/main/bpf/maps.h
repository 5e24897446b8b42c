/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The maps of all objects. pod.bpf.o creates them, punt.bpf.o and uplink.bpf.o are given the same ones at load (by
 * name, see BpfObjectSpec), and pins carry them over a restart. The sizes here are defaults; Java sets max_entries
 * before the load.
 */
#ifndef CARACAL_MAPS_H
#define CARACAL_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "caracal.h"

#define WORKLOADS_MAX 1024
#define QUEUES_MAX 64
#define DEVICES_MAX 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct caracal_config);
} config SEC(".maps");

/*
 * Only Java inserts into the three maps by interface, a few times a second at most: not preallocated, so that a node
 * with 20 pods does not pay for 1024.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WORKLOADS_MAX);
	__type(key, __u32);
	__type(value, struct workload);
} workloads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WORKLOADS_MAX);
	__type(key, __u32);
	__type(value, struct workload_traffic);
} workload_traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEVICES_MAX);
	__type(key, __u32);
	__type(value, struct device);
} devices SEC(".maps");

/* Queue of punt1 -> AF_XDP socket. The kernel removes an entry when its socket is closed or its process dies. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

static __always_inline void count(enum caracal_counter counter)
{
	__u32 key = counter;
	__u64 *value = bpf_map_lookup_elem(&counters, &key);

	if (value)
		*value += 1;
}

static __always_inline const struct caracal_config *caracal_config(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&config, &key);
}

#endif
