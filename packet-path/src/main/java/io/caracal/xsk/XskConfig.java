package io.caracal.xsk;

/**
 * Where an AF_XDP socket is bound and how large it is.
 *
 * @param interfaceName for messages.
 * @param ifindex kernel index of the interface, in the network namespace of the thread that opens the socket.
 * @param queue receive and transmit queue, from 0.
 * @param mode how packets get into the UMEM; a socket that shares a UMEM has the mode of the first one.
 * @param depths of its rings.
 * @param bindTimeoutMs how long to try again while the queue still belongs to a socket that is being released (EBUSY):
 *     the kernel does that in a work queue, some 100 ms after a process has ended.
 * @param multiBuffer whether packets may come and go in several descriptors (XDP_USE_SG, Linux 6.6); a socket that
 *     shares a UMEM is as the first one.
 * @param busyPoll whether who uses the socket also runs the device's receive side ({@link BusyPoll}, Linux 5.11).
 */
public record XskConfig(String interfaceName, int ifindex, int queue, XskMode mode, RingDepths depths,
                        int bindTimeoutMs, boolean multiBuffer, boolean busyPoll) {
    /** Twenty times what a release was seen to take. */
    public static final int BIND_TIMEOUT_DEFAULT_MS = 2000;

    private static final int BIND_TIMEOUT_LIMIT_MS = 60_000;
    private static final int QUEUE_LIMIT = 4096;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range.
     */
    public XskConfig {
        if (interfaceName == null || interfaceName.isBlank()) {
            throw new IllegalArgumentException("interfaceName must not be blank");
        }
        if (mode == null || depths == null) {
            throw new IllegalArgumentException("mode and depths of " + interfaceName + " must be given");
        }
        requireRange("ifindex", ifindex, 1, Integer.MAX_VALUE);
        requireRange("queue", queue, 0, QUEUE_LIMIT - 1);
        requireRange("bindTimeoutMs", bindTimeoutMs, 0, BIND_TIMEOUT_LIMIT_MS);
    }

    /**
     * The defaults.
     *
     * @param interfaceName for messages.
     * @param ifindex kernel index of the interface.
     * @param queue its queue.
     * @return mode auto, default depths.
     */
    public static XskConfig of(final String interfaceName, final int ifindex, final int queue) {
        return new XskConfig(interfaceName, ifindex, queue, XskMode.AUTO, RingDepths.DEFAULT, BIND_TIMEOUT_DEFAULT_MS,
            false, false);
    }

    /**
     * The same with other rings.
     *
     * @param ringDepths of its rings.
     * @return a copy.
     */
    public XskConfig withDepths(final RingDepths ringDepths) {
        return new XskConfig(interfaceName, ifindex, queue, mode, ringDepths, bindTimeoutMs, multiBuffer, busyPoll);
    }

    /**
     * The same in another mode.
     *
     * @param xskMode how packets get into the UMEM.
     * @return a copy.
     */
    public XskConfig withMode(final XskMode xskMode) {
        return new XskConfig(interfaceName, ifindex, queue, xskMode, depths, bindTimeoutMs, multiBuffer, busyPoll);
    }

    /**
     * The same with another patience.
     *
     * @param timeoutMs how long to try again while the queue is busy.
     * @return a copy.
     */
    public XskConfig withBindTimeoutMs(final int timeoutMs) {
        return new XskConfig(interfaceName, ifindex, queue, mode, depths, timeoutMs, multiBuffer, busyPoll);
    }

    /**
     * The same for packets of one buffer or of several.
     *
     * @param several whether a packet may have several descriptors.
     * @return a copy.
     */
    public XskConfig withMultiBuffer(final boolean several) {
        return new XskConfig(interfaceName, ifindex, queue, mode, depths, bindTimeoutMs, several, busyPoll);
    }

    /**
     * The same, driven by interrupts or by who uses it.
     *
     * @param polled whether who uses the socket also runs the device's receive side.
     * @return a copy.
     */
    public XskConfig withBusyPoll(final boolean polled) {
        return new XskConfig(interfaceName, ifindex, queue, mode, depths, bindTimeoutMs, multiBuffer, polled);
    }

    /**
     * The place, for messages.
     *
     * @return such as {@code punt1 queue 0}.
     */
    public String place() {
        return interfaceName + " queue " + queue;
    }

    private static void requireRange(final String name, final int value, final int min, final int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be within " + min + " and " + max + ": " + value);
        }
    }
}
