/** The eBPF programs, their maps, hooks, links and pins, and what the running kernel can do. */
@SuppressWarnings("requires-automatic")
module io.caracal.xdp {
    requires transitive io.caracal.bindings;
    requires org.agrona;

    exports io.caracal.xdp;
    exports io.caracal.xdp.cache;
    exports io.caracal.xdp.feature;
    exports io.caracal.xdp.punt;
    exports io.caracal.xdp.uplink;
}
