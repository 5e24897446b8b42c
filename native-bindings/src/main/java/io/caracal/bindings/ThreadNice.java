package io.caracal.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The niceness of the calling thread, and how soon it runs when it wakes: on Linux each thread has its own. Platform
 * threads only.
 */
public final class ThreadNice {
    /** {@code sched_setattr}, x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
    private static final long SYS_SCHED_SETATTR = 314;
    /** {@code struct sched_attr} in its first version (include/uapi/linux/sched/types.h). */
    private static final int SCHED_ATTR_SIZE = 48;
    private static final int SCHED_ATTR_NICE_OFFSET = 16;
    private static final int SCHED_ATTR_RUNTIME_OFFSET = 24;
    /** {@code setpriority}, x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
    private static final long SYS_SETPRIORITY = 141;
    /** {@code getpriority}, likewise; it answers 20 minus the niceness, so that no answer looks like an error. */
    private static final long SYS_GETPRIORITY = 140;
    private static final int PRIO_PROCESS = 0;
    private static final int CALLING_THREAD = 0;
    private static final int ANSWER_OFFSET = 20;

    private ThreadNice() {
    }

    /**
     * Has the scheduler favour the calling thread, or the others.
     *
     * @param nice -20, most favoured, to 19; each step is a quarter more or less of the processor's time.
     * @throws NativeCallException EACCES or EPERM: less than before needs CAP_SYS_NICE.
     */
    public static void set(final int nice) {
        requirePlatformThread();
        final CallState state = new CallState();
        if (LibC.syscall(state, SYS_SETPRIORITY, PRIO_PROCESS, CALLING_THREAD, nice) < 0) {
            throw new NativeCallException("set niceness " + nice + " of", Thread.currentThread().getName(),
                state.errno(), "CAP_SYS_NICE is needed");
        }
    }

    /**
     * As {@link #set(int)}, and asks for short slices: who asks for less time at once gets it sooner after waking
     * (EEVDF; from Linux 6.12 on, before that only the niceness counts).
     *
     * @param nice -20, most favoured, to 19.
     * @param sliceNs 100,000 to 100,000,000.
     * @throws NativeCallException EPERM: less niceness than before needs CAP_SYS_NICE.
     */
    public static void set(final int nice, final long sliceNs) {
        requirePlatformThread();
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attributes = arena.allocate(SCHED_ATTR_SIZE, Long.BYTES);
            attributes.set(ValueLayout.JAVA_INT, 0, SCHED_ATTR_SIZE);
            attributes.set(ValueLayout.JAVA_INT, SCHED_ATTR_NICE_OFFSET, nice);
            attributes.set(ValueLayout.JAVA_LONG, SCHED_ATTR_RUNTIME_OFFSET, sliceNs);
            if (LibC.syscall(state, SYS_SCHED_SETATTR, CALLING_THREAD, attributes.address(), 0) < 0) {
                throw new NativeCallException("set niceness " + nice + " and slices of " + sliceNs + " ns of",
                    Thread.currentThread().getName(), state.errno(), "CAP_SYS_NICE is needed");
            }
        }
    }

    /**
     * The niceness of the calling thread.
     *
     * @return -20 to 19.
     */
    public static int get() {
        requirePlatformThread();
        return ANSWER_OFFSET
            - (int)LibC.syscall(new CallState(), SYS_GETPRIORITY, PRIO_PROCESS, CALLING_THREAD, 0);
    }

    private static void requirePlatformThread() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("the niceness of a virtual thread is its carrier's");
        }
    }
}
