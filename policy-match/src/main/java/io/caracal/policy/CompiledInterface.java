package io.caracal.policy;

/**
 * What policy knows of an interface. Immutable; any thread.
 *
 * @param index its ifindex.
 * @param name its name.
 * @param refused whether it is a workload interface without an endpoint.
 * @param workload the pod behind it; null if it is none.
 * @param ownHost the host endpoint for this interface alone; null if there is none.
 * @param host the host endpoint that covers it, its own or the one for all; null if there is none.
 */
record CompiledInterface(int index, String name, boolean refused, CompiledEndpoint workload, CompiledEndpoint ownHost,
    CompiledEndpoint host) {
}
