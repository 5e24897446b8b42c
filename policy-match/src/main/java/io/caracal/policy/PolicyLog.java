package io.caracal.policy;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Packets that log rules matched, on their way from one worker to the log thread: a ring of rows made once. The worker
 * offers and never waits, a full ring is counted; the log thread takes. Writing text, and limiting how much, is
 * {@link PolicyLogFormat}'s and the log thread's.
 */
public final class PolicyLog {
    private static final VarHandle INDEX;

    static {
        try {
            INDEX = MethodHandles.lookup().findVarHandle(Index.class, "value", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Row[] rows;
    private final Index offered = new Index();
    private final Index taken = new Index();
    private final Index lost = new Index();

    private static final class Index {
        private long value;
    }

    private static final class Row {
        private final PolicyPacket packet = new PolicyPacket();
        private RulePlace place;
        private String tier;
    }

    /** Takes what a log rule matched. */
    @FunctionalInterface
    public interface Reader {
        /**
         * Takes one packet.
         *
         * @param packet the packet; used again after the call.
         * @param place the log rule.
         * @param tier name of the tier; empty for a profile.
         */
        void log(PolicyPacket packet, RulePlace place, String tier);
    }

    /**
     * Makes an empty ring.
     *
     * @param depth rows, a power of two.
     */
    public PolicyLog(final int depth) {
        if (Integer.bitCount(depth) != 1) {
            throw new IllegalArgumentException("policy log depth " + depth + " is no power of two");
        }
        rows = new Row[depth];
        for (int i = 0; i < depth; i++) {
            rows[i] = new Row();
        }
    }

    /** Offers a packet. The worker only. */
    void offer(final PolicyPacket packet, final RuleIndex.Line line) {
        final long position = offered.value;
        if (position - (long)INDEX.getAcquire(taken) >= rows.length) {
            INDEX.setOpaque(lost, lost.value + 1);
            return;
        }
        final Row row = rows[(int)position & rows.length - 1];
        row.packet.copyFrom(packet);
        row.place = line.place();
        row.tier = line.tier();
        INDEX.setRelease(offered, position + 1);
    }

    /**
     * Takes what was offered. The log thread only.
     *
     * @param reader takes each.
     * @return how many there were.
     */
    public int drain(final Reader reader) {
        final long end = (long)INDEX.getAcquire(offered);
        final int count = (int)(end - taken.value);
        for (long position = taken.value; position < end; position++) {
            final Row row = rows[(int)position & rows.length - 1];
            reader.log(row.packet, row.place, row.tier);
            row.place = null;
        }
        INDEX.setRelease(taken, end);
        return count;
    }

    /**
     * Packets that found the ring full. Any thread.
     *
     * @return a counter.
     */
    public long lost() {
        return (long)INDEX.getOpaque(lost);
    }
}
