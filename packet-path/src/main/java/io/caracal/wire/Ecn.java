package io.caracal.wire;

/**
 * What a tunnel does with congestion marks (RFC 6040): on the way in the outer header copies them, on the way out both
 * headers are combined. Stateless; any thread.
 *
 * <pre>
 *            outer   Not-ECT   ECT(0)    ECT(1)    CE
 *  inner Not-ECT     Not-ECT   Not-ECT   Not-ECT   drop
 *        ECT(0)      ECT(0)    ECT(0)    ECT(1)    CE
 *        ECT(1)      ECT(1)    ECT(1)    ECT(1)    CE
 *        CE          CE        CE        CE        CE          (RFC 6040 figure 4)
 * </pre>
 */
public final class Ecn {
    /** The bits in a type of service or traffic class. */
    public static final int MASK = 3;
    /** Not capable of congestion marks. */
    public static final int NOT_ECT = 0;
    /** Capable, codepoint 1. */
    public static final int ECT_1 = 1;
    /** Capable, codepoint 0. */
    public static final int ECT_0 = 2;
    /** Congestion experienced. */
    public static final int CE = 3;
    /** The result of {@link #combine} for a packet that must be dropped. */
    public static final int DROP = -1;

    private Ecn() {
    }

    /**
     * The inner mark after decapsulation.
     *
     * @param inner mark of the inner header.
     * @param outer mark of the outer header.
     * @return the mark to forward with, or {@link #DROP}.
     */
    public static int combine(final int inner, final int outer) {
        if (outer == CE) {
            return inner == NOT_ECT ? DROP : CE;
        }
        return outer == ECT_1 && inner == ECT_0 ? ECT_1 : inner;
    }
}
