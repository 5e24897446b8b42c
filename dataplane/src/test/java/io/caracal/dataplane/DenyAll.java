package io.caracal.dataplane;

import java.io.IOException;
import java.nio.file.Files;

import io.caracal.lab.LabNode;

/** A policy for every pod of a node that lets nothing in and nothing out. */
final class DenyAll {
    static final String NAME = "deny-all";
    private static final String FILE = NAME + ".yaml";

    private DenyAll() {
    }

    /** Among the node's manifests; whether an engine has read it is another matter. */
    static void write(final LabNode node) {
        node.writeManifest(FILE, """
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: %s}
            spec: {selector: all(), types: [Ingress, Egress]}
            """.formatted(NAME));
    }

    static void remove(final LabNode node) throws IOException {
        Files.delete(node.manifests().resolve(FILE));
    }
}
