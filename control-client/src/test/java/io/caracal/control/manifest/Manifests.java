package io.caracal.control.manifest;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.MacAddress;
import io.caracal.control.NodeChange;
import io.caracal.control.PolicyChange;
import io.caracal.control.felix.ChangeFeed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Manifests that several tests begin with. */
public final class Manifests {
    public static final String WEB = """
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
    public static final String DB = WEB.replace("web", "db").replace("00001", "00002").replace("5a:18", "5a:19")
        .replace("65.0.2", "65.0.3").replace("65::2", "65::3");
    public static final String WEB_UPDATE =
        "+ k8s/shop/web/eth0 ACTIVE cali00000000001 06:b8:74:2f:5a:18 [10.65.0.2/32] [fd00:10:65::2/128]";
    public static final String DB_UPDATE =
        "+ k8s/shop/db/eth0 ACTIVE cali00000000002 06:b8:74:2f:5a:19 [10.65.0.3/32] [fd00:10:65::3/128]";

    private Manifests() {
    }

    /** What one file {@code f.yaml} gives node1. */
    static ManifestLoader.Loaded compile(final String text) {
        return ManifestLoader.compile(ManifestParser.parse("f.yaml", text), "node1", Map.of());
    }

    /** The same, for those who want to know only whether it is refused. */
    public static void compileText(final String text) {
        compile(text);
    }

    /** Hears of workloads' attachments and of problems alone. */
    static final class Ear implements ControlListener {
        final List<String> updates = new ArrayList<>();
        List<String> problems = List.of();

        @Override
        public void onUpdate(final ControlUpdate update) {
            if (isAttachment(update)) {
                updates.add(show(update));
            }
        }

        @Override
        public void onProblems(final List<ControlProblem> found) {
            problems = found.stream().map(ControlProblem::toString).toList();
        }

        void apply(final ChangeFeed feed, final ManifestLoader.Loaded loaded) {
            updates.clear();
            feed.replace(loaded.state());
        }
    }

    /** Whether an update is about the interface of a workload. */
    public static boolean isAttachment(final ControlUpdate update) {
        return update instanceof ControlUpdate.WorkloadEndpointUpdate
            || update instanceof ControlUpdate.WorkloadEndpointRemove;
    }

    /** An update on one line. */
    public static String show(final ControlUpdate update) {
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

    public static List<String> show(final List<ControlUpdate> updates) {
        return updates.stream().map(Manifests::show).toList();
    }
}
