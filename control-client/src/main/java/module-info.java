/** Where workloads, policies and routes come from: the cluster, or manifests on disk. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module io.caracal.control {
    requires transitive io.caracal.policy;
    requires transitive com.google.protobuf;
    requires com.fasterxml.jackson.databind;
    requires org.yaml.snakeyaml;

    exports io.caracal.control;
    exports io.caracal.control.felix;
    exports io.caracal.control.manifest;
    exports io.caracal.control.probe;
    exports io.caracal.control.proto;
}
