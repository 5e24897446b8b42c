package io.caracal.conntrack;

/** What became of the records that a starting process found in the file. */
public final class FlowRestoration {
    int restored;
    int torn;
    int invalid;
    int duplicate;

    FlowRestoration() {
    }

    /**
     * Flows that go on.
     *
     * @return how many.
     */
    public int restored() {
        return restored;
    }

    /**
     * Records that were being written when the process died; dropped.
     *
     * @return how many.
     */
    public int torn() {
        return torn;
    }

    /**
     * Records with numbers that no flow can have; dropped.
     *
     * @return how many.
     */
    public int invalid() {
        return invalid;
    }

    /**
     * Records whose tuple another flow has; dropped.
     *
     * @return how many.
     */
    public int duplicate() {
        return duplicate;
    }

    @Override
    public String toString() {
        return restored + " restored, " + torn + " torn, " + invalid + " invalid, " + duplicate + " duplicate";
    }
}
