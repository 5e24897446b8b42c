package io.caracal.nat;

/**
 * Is told of bindings as they come and go, so that the uplink's eBPF program can know which packets are the engine's.
 * Called on the worker's thread within a cycle: allocates nothing, does not block. The tuple is reused after the call.
 */
public interface NatBindingListener {
    /** Listens to nothing. */
    NatBindingListener NONE = new NatBindingListener() {
        @Override
        public void bound(final NatTuple incoming) {
            /* Nothing is listening. */
        }

        @Override
        public void released(final NatTuple incoming) {
            /* Nothing is listening. */
        }
    };

    /**
     * A binding has come to be.
     *
     * @param incoming what its answers look like: the remote end is the source, the node's the destination.
     */
    void bound(NatTuple incoming);

    /**
     * A binding has ended.
     *
     * @param incoming as in {@link #bound}.
     */
    void released(NatTuple incoming);
}
