package io.caracal.conntrack;

/** Hears of each flow that ends, while its record can still be read: NAT bindings, offload, flow logs. */
@FunctionalInterface
public interface FlowRemovalListener {
    /** Does nothing. */
    FlowRemovalListener NONE = (table, slot, cause) -> { };

    /**
     * A flow ends now. Called on the table's thread, within a burst cycle: allocates nothing, does not throw, does not
     * change the table.
     *
     * @param table where the flow is.
     * @param slot its slot, which may be another flow's as soon as this returns.
     * @param cause why.
     */
    void onRemoval(FlowTable table, int slot, RemovalCause cause);
}
