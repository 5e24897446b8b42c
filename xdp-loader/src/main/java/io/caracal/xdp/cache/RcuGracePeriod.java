package io.caracal.xdp.cache;

import io.caracal.bindings.CallState;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;

/**
 * Waits until every eBPF program that runs now has ended: what it may have read before a change, none has read after.
 *
 * <p>{@code membarrier(2)} with MEMBARRIER_CMD_GLOBAL is {@code synchronize_rcu()} (kernel/sched/membarrier.c), which
 * since Linux 4.20 also waits for softirqs; tc and XDP programs run in one, inside {@code rcu_read_lock()}. It takes 8
 * to 24 ms, so it is nothing for a worker. No privilege; refused (EINVAL) where the kernel has CPUs without a tick
 * (nohz_full).</p>
 */
public final class RcuGracePeriod {
    private static final int CMD_QUERY = 0;
    private static final int CMD_GLOBAL = 1;

    private RcuGracePeriod() {
    }

    /**
     * Whether this kernel can wait so.
     *
     * @return false with nohz_full, or without membarrier.
     */
    public static boolean isAvailable() {
        return (call(new CallState(), CMD_QUERY) & CMD_GLOBAL) != 0;
    }

    /**
     * Waits.
     *
     * @throws io.caracal.bindings.NativeCallException EINVAL, ENOSYS where {@link #isAvailable} says no.
     */
    public static void await() {
        final CallState state = new CallState();
        if (call(state, CMD_GLOBAL) != 0) {
            throw state.failure("wait for", "the end of running eBPF programs (membarrier)");
        }
    }

    private static int call(final CallState state, final int command) {
        return (int)LibC.syscall(state, Posix.SYS_membarrier, command, 0, 0);
    }
}
