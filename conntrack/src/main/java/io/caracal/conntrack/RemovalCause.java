package io.caracal.conntrack;

/** Why a flow ended. */
public enum RemovalCause {
    /** Idle for longer than its state allows. */
    EXPIRED("idle for longer than its state allows"),
    /** Made room for a new flow. */
    EVICTED("made room for a new flow while the table, or its endpoint's share, was full"),
    /** One of its endpoints has gone. */
    ENDPOINT_REMOVED("one of its endpoints has gone"),
    /** A pod has come to an address that was nobody's here: its policy was never asked about the flow. */
    ENDPOINT_ARRIVED("a pod has come to one of its addresses"),
    /** A new connection uses its tuple. */
    REOPENED("a new connection uses its addresses and ports"),
    /** The only answer to its first packet was a RST. */
    REFUSED("the only answer was a RST"),
    /** Policy has judged it anew, and denies it now. */
    DENIED("policy has judged it anew, and denies it now"),
    /** Ended on request. */
    FLUSHED("ended on request");

    private final String sentence;

    RemovalCause(final String sentence) {
        this.sentence = sentence;
    }

    /**
     * What it means.
     *
     * @return a sentence for people.
     */
    public String sentence() {
        return sentence;
    }
}
