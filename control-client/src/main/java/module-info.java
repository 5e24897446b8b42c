/** Where workloads, policies and routes come from: the cluster, or manifests on disk. */
module io.caracal.control {
    requires transitive io.caracal.policy;
    requires com.fasterxml.jackson.databind;
    requires com.fasterxml.jackson.dataformat.yaml;
    requires org.yaml.snakeyaml;

    exports io.caracal.control;
}
