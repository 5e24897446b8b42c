/** The engine put together: configuration, launch and shutdown, the command line, the demo. */
@SuppressWarnings("requires-automatic")
module io.caracal.dataplane {
    requires transitive io.caracal.bindings;
    requires transitive io.caracal.xdp;
    requires transitive io.caracal.path;
    requires transitive io.caracal.conntrack;
    requires transitive io.caracal.policy;
    requires transitive io.caracal.control;
    requires transitive com.fasterxml.jackson.databind;
    requires com.fasterxml.jackson.dataformat.yaml;
    requires transitive info.picocli;
    requires HdrHistogram;
    requires java.management;
    requires jdk.httpserver;

    exports io.caracal.cli;
    exports io.caracal.dataplane;
    exports io.caracal.lab;
}
