package io.caracal.xsk;

import io.caracal.bindings.Fd;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;

/**
 * Preferred busy polling of a socket: each {@code recvfrom} and {@code sendto} on it runs the NAPI of its queue, which
 * is what the driver does with what has come, in the thread that calls (net/xdp/xsk.c, {@code sk_busy_loop}). The
 * device's interrupts stay off meanwhile only if its settings {@link #DEFER_HARD_IRQS} and {@link #GRO_FLUSH_TIMEOUT}
 * are set too (Documentation/networking/napi.rst). Linux 5.11; CAP_NET_ADMIN. Where the kernel does not
 * know the queue's NAPI ({@link XskSocket#isPollable}), the calls do nothing.
 */
public final class BusyPoll {
    /** The device's setting, below {@code /sys/class/net}: timer rounds without packets before interrupts come back. */
    public static final String DEFER_HARD_IRQS = "napi_defer_hard_irqs";
    /** The device's setting: nanoseconds until the timer runs its NAPI, unless somebody has polled since. */
    public static final String GRO_FLUSH_TIMEOUT = "gro_flush_timeout";
    /**
     * What the commit that brought preferred busy polling (7fd3253a7de6) recommends. At 0 there is no timer and each
     * poll that finds nothing turns interrupts on; more keeps a device, whose worker sleeps, on the timer for longer.
     */
    public static final int DEFER_HARD_IRQS_COUNT = 2;
    /**
     * From the same place. It must be longer than a worker is busy with a burst (some 10 us, and 50 us of spinning),
     * or the kernel polls beside it; and it is how late a packet can be that comes just after the worker went to sleep.
     */
    public static final int GRO_FLUSH_TIMEOUT_NS = 200_000;

    /**
     * Microseconds that a call that waits may poll. Ours do not wait, so all it says is "not 0", without which nothing
     * is polled; 20 is what DPDK's driver and the kernel's example set.
     */
    private static final int BUSY_POLL_US = 20;
    /**
     * Packets of one poll: a worker's burst, and a driver's usual weight (NAPI_POLL_WEIGHT). With the default of 8 a
     * full burst takes eight calls; more would stay in the ring for the next cycle.
     */
    private static final int BUDGET_PACKETS = 64;

    private BusyPoll() {
    }

    /**
     * Switches it on.
     *
     * @param socket an AF_XDP socket, bound or not.
     * @throws NativeCallException ENOPROTOOPT before Linux 5.11 or without CONFIG_NET_RX_BUSY_POLL, EPERM.
     */
    static void enable(final Fd socket) {
        socket.setOption(Posix.SOL_SOCKET, Posix.SO_PREFER_BUSY_POLL, 1);
        socket.setOption(Posix.SOL_SOCKET, Posix.SO_BUSY_POLL, BUSY_POLL_US);
        socket.setOption(Posix.SOL_SOCKET, Posix.SO_BUSY_POLL_BUDGET, BUDGET_PACKETS);
    }
}
