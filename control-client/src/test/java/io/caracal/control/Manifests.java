package io.caracal.control;

import java.util.List;

/** Manifests that several tests begin with. */
final class Manifests {
    static final String WEB = """
        apiVersion: projectcalico.org/v3
        kind: WorkloadEndpoint
        metadata:
          name: node1-k8s-web-eth0
          namespace: shop
        spec:
          orchestrator: k8s
          node: node1
          pod: web
          endpoint: eth0
          interfaceName: cali00000000001
          ipNetworks:
          - 10.65.0.2/32
          - fd00:10:65::2/128
          mac: 06:b8:74:2f:5a:18
        """;
    static final String DB = WEB.replace("web", "db").replace("00001", "00002").replace("5a:18", "5a:19")
        .replace("65.0.2", "65.0.3").replace("65::2", "65::3");
    static final String WEB_UPDATE =
        "+ k8s/shop/web/eth0 ACTIVE cali00000000001 06:b8:74:2f:5a:18 [10.65.0.2/32] [fd00:10:65::2/128]";
    static final String DB_UPDATE =
        "+ k8s/shop/db/eth0 ACTIVE cali00000000002 06:b8:74:2f:5a:19 [10.65.0.3/32] [fd00:10:65::3/128]";

    private Manifests() {
    }

    /** The snapshot that one file {@code f.yaml} gives node1. */
    static ManifestSnapshot compile(final String text) {
        return ManifestSnapshot.compile(ManifestParser.parse("f.yaml", text), "node1");
    }

    /** An update on one line. */
    static String show(final ControlUpdate update) {
        return switch (update) {
            case ControlUpdate.WorkloadEndpointUpdate u -> "+ " + u.id() + ' ' + u.state() + ' '
                + u.interfaceName() + ' ' + u.mac().map(MacAddress::toString).orElse("-") + ' '
                + u.ipv4Networks() + ' ' + u.ipv6Networks();
            case ControlUpdate.WorkloadEndpointRemove r -> "- " + r.id();
            case ControlUpdate.InSync ignored -> "in sync";
            case PolicyChange change -> change.toString();
            case NodeChange change -> change.toString();
        };
    }

    static List<String> show(final List<ControlUpdate> updates) {
        return updates.stream().map(Manifests::show).toList();
    }
}
