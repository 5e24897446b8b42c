package io.caracal.worker;

/**
 * Which worker owns a flow, by its tuple in either direction: the rule by which the programs deal packets of pods out,
 * so that both sides agree. Immutable; any thread; allocates nothing.
 */
public interface FlowPlacement {
    /** Of a node with one worker. */
    FlowPlacement ALONE = new FlowPlacement() {
        @Override
        public int workerOfIpv4(final int source, final int destination, final int protocol, final int ports) {
            return 0;
        }

        @Override
        public int workerOfIpv6(final long sourceHigh, final long sourceLow, final long destinationHigh,
            final long destinationLow, final int protocol, final int ports) {
            return 0;
        }
    };

    /**
     * The worker of an IPv4 flow.
     *
     * @param source host order.
     * @param destination host order.
     * @param protocol IP protocol number.
     * @param ports source in the upper, destination in the lower half; not looked at for protocols without ports.
     * @return its number.
     */
    int workerOfIpv4(int source, int destination, int protocol, int ports);

    /**
     * The worker of an IPv6 flow.
     *
     * @param sourceHigh upper half.
     * @param sourceLow lower half.
     * @param destinationHigh upper half.
     * @param destinationLow lower half.
     * @param protocol IP protocol number.
     * @param ports as {@link #workerOfIpv4} has them.
     * @return its number.
     */
    int workerOfIpv6(long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int protocol,
        int ports);
}
