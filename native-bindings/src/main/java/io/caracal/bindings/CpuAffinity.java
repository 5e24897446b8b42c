package io.caracal.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/**
 * On which processors the calling platform thread may run ({@code sched_setaffinity(2)}). A pinned thread keeps its
 * pinning until it ends, and threads that it starts inherit it. Never call it on a virtual thread: its carrier would
 * be pinned for all that run on it.
 */
public final class CpuAffinity {
    /** As many processors as the kernel may be built for on x86-64 (CONFIG_NR_CPUS). */
    private static final int MAX_CPUS = 8192;
    private static final int MASK_LENGTH = MAX_CPUS / Byte.SIZE;
    private static final int CALLING_THREAD = 0;

    private CpuAffinity() {
    }

    /**
     * Pins the calling thread to one processor.
     *
     * @param cpu number of the processor, from 0.
     * @throws NativeCallException EINVAL where there is no such processor or the cpuset does not allow it.
     */
    public static void pin(final int cpu) {
        if (cpu < 0 || cpu >= MAX_CPUS) {
            throw new IllegalArgumentException("no processor: " + cpu);
        }
        final BitSet cpus = new BitSet();
        cpus.set(cpu);
        allow(cpus);
    }

    /**
     * Lets the calling thread run on these processors only.
     *
     * @param cpus bit n stands for processor n; at least one that exists and that the cpuset allows.
     * @throws NativeCallException EINVAL where none of them may be used.
     */
    public static void allow(final BitSet cpus) {
        requirePlatformThread();
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment mask = arena.allocate(MASK_LENGTH).fill((byte)0);
            final byte[] bytes = cpus.toByteArray();
            if (bytes.length > MASK_LENGTH) {
                throw new IllegalArgumentException("processors beyond " + MAX_CPUS + ": " + cpus);
            }
            MemorySegment.copy(bytes, 0, mask, ValueLayout.JAVA_BYTE, 0, bytes.length);
            if (LibC.schedSetaffinity(state, CALLING_THREAD, MASK_LENGTH, mask) < 0) {
                throw new NativeCallException("pin thread to processors", cpus.toString(), state.errno(),
                    "this thread may use " + allowed());
            }
        }
    }

    /**
     * The processors that the calling thread may run on.
     *
     * @return bit n stands for processor n.
     */
    public static BitSet allowed() {
        requirePlatformThread();
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment mask = arena.allocate(MASK_LENGTH).fill((byte)0);
            if (LibC.schedGetaffinity(state, CALLING_THREAD, MASK_LENGTH, mask) < 0) {
                throw state.failure("read processors of", "the calling thread");
            }
            return BitSet.valueOf(mask.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private static void requirePlatformThread() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("the processors of a virtual thread are its carrier's");
        }
    }
}
