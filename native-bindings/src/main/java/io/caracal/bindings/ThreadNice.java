package io.caracal.bindings;

/** The niceness of the calling thread: on Linux each thread has its own. Platform threads only. */
public final class ThreadNice {
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
