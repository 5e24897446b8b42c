/** A packet's way through Java: UMEM, rings, header views, stages, ports and workers. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module io.caracal.path {
    requires transitive io.caracal.bindings;
    requires transitive org.agrona;
    requires jdk.management;
    requires org.jctools.core.jdk11;

    exports io.caracal.burst;
    exports io.caracal.nat;
    exports io.caracal.port;
    exports io.caracal.route;
    exports io.caracal.stage;
    exports io.caracal.umem;
    exports io.caracal.wire;
    exports io.caracal.worker;
    exports io.caracal.xsk;
}
