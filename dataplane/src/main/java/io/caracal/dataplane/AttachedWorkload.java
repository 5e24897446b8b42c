package io.caracal.dataplane;

/**
 * A workload under the engine.
 *
 * @param workload what runs there.
 * @param ifindex of the host's end of its veth.
 */
record AttachedWorkload(LocalWorkload workload, int ifindex) {
}
