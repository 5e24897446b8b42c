package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.lab.LabPod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Services as kube-proxy makes them in iptables, on real kernels: who reaches which backend by which address, as whom
 * the backend sees him, and whom policy keeps away. The table's rows run in one engine, in each mode of an uplink.
 */
@Timeout(240)
class ServiceTest extends OverlayCluster {
    private static final int TIMEOUT_MS = 3000;
    /** A packet takes less than a millisecond where it passes. */
    private static final int DENIED_TIMEOUT_MS = 300;
    private static final String NONE = "nobody";

    private LabPod barred;
    private LabPod shut;

    /** One row of the table; {@code seenAs} is what the backend sees of the client, or {@link #NONE}. */
    private record Row(String client, String address, int port, String seenAs) {
    }

    ServiceTest() {
        super("service");
    }

    @BeforeEach
    void makeServicesAndPolicies() throws Exception {
        barred = node.addPod("shop", "barred");
        shut = node.addPod("shop", "shut");
        for (final LabPod pod : List.of(client, web, barred, shut)) {
            node.announce(pod, Map.of("who", pod.name()));
        }
        makeServices();
        makePolicies();
        for (final LabPod pod : List.of(client, web, far, shut)) {
            lab.own(AddressEcho.at(pod::call, PORT));
        }
        lab.own(AddressEcho.at(outside::call, PORT));
    }

    private void makeServices() throws Exception {
        final KubeProxyRules rules = new KubeProxyRules();
        final List<LabPod> pods = List.of(client, web, far, shut);
        final List<String> backends = new ArrayList<>(pods.stream().map(LabPod::ipv4).toList());
        backends.add(outside.ipv4());
        for (int number = 0; number < backends.size(); number++) {
            service(rules, 10 + number, backends.get(number), false, false);
            service(rules, 20 + number, backends.get(number), true, false);
        }
        service(rules, 30, web.ipv4(), false, true);
        service(rules, 31, shut.ipv4(), false, true);
        rules.apply(node);
    }

    /** Number N has 10.96.0.N, 192.0.2.N and node port 30000 + N. */
    private void service(final KubeProxyRules rules, final int number, final String backend, final boolean masquerade,
                         final boolean localOnly) {
        rules.service("S" + number, new String[] {cluster(number), balancer(number)}, 30_000 + number, backend, PORT,
            masquerade, localOnly);
        node.writeManifest("service-" + number + ".yaml", """
            apiVersion: v1
            kind: Service
            metadata: {name: s%1$d, namespace: shop}
            spec:
              type: LoadBalancer
              clusterIP: %2$s
              ports:
              - {name: tcp, port: 80, nodePort: %4$d, protocol: TCP}
              - {name: udp, port: 80, nodePort: %4$d, protocol: UDP}
            status: {loadBalancer: {ingress: [{ip: %3$s}]}}
            """.formatted(number, cluster(number), balancer(number), 30_000 + number));
    }

    private static String cluster(final int number) {
        return "10.96.0." + number;
    }

    private static String balancer(final int number) {
        return "192.0.2." + number;
    }

    /** "barred" may send to no backend, only to service addresses, which are never a backend; "shut" hears nobody. */
    private void makePolicies() {
        node.writeManifest("policies.yaml", """
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: barred}
            spec:
              selector: projectcalico.org/namespace == 'shop' && who == 'barred'
              types: [Egress]
              egress: [{action: Allow, destination: {nets: [10.96.0.0/24, 192.0.2.0/24, %s/32]}}]
            ---
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: shut}
            spec:
              selector: projectcalico.org/namespace == 'shop' && who == 'shut'
              types: [Ingress]
              ingress: [{action: Deny, source: {nets: [%s/32, %s/32]}}, {action: Allow}]
            """.formatted(node.ipv4(), client.ipv4(), outside.ipv4()));
    }

    private List<Row> table() {
        final List<Row> rows = new ArrayList<>();
        final String me = client.ipv4();
        final String host = node.ipv4();
        final String tunnel = "10.65.0.1";
        /* client, web, far, shut, outside: by cluster address, plain, then masqueraded. */
        rows.add(new Row("client", cluster(10), 80, host));
        rows.add(new Row("client", cluster(11), 80, me));
        rows.add(new Row("client", cluster(12), 80, me));
        rows.add(new Row("client", cluster(13), 80, NONE));
        rows.add(new Row("client", cluster(14), 80, host));
        rows.add(new Row("client", cluster(20), 80, host));
        rows.add(new Row("client", cluster(21), 80, host));
        rows.add(new Row("client", cluster(22), 80, tunnel));
        rows.add(new Row("client", cluster(23), 80, NONE));
        rows.add(new Row("client", cluster(24), 80, host));
        for (int number = 10; number < 15; number++) {
            final String seen = number == 12 ? tunnel : number == 13 ? NONE : host;
            rows.add(new Row("client", balancer(number), 80, seen));
            rows.add(new Row("client", host, 30_000 + number, seen));
            rows.add(new Row("barred", cluster(number), 80, NONE));
            rows.add(new Row("barred", cluster(number + 10), 80, NONE));
            rows.add(new Row("barred", balancer(number), 80, NONE));
            rows.add(new Row("barred", host, 30_000 + number, NONE));
            rows.add(new Row("outside", host, 30_000 + number, seen));
            rows.add(new Row("host", cluster(number), 80, number == 13 ? host : seen));
        }
        rows.add(new Row("outside", host, 30_030, outside.ipv4()));
        rows.add(new Row("outside", host, 30_031, NONE));
        rows.add(new Row("client", host, 30_030, me));
        return rows;
    }

    private AddressEcho.Place place(final String name) {
        return switch (name) {
            case "client" -> client::call;
            case "barred" -> barred::call;
            case "outside" -> outside::call;
            default -> node::call;
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "generic", "kernel", "native-copy by 3 workers", "kernel by 2 workers"})
    void shouldPoliceAndCarryServices(final String modeAndWorkers) throws Exception {
        try (EmbeddedEngine engine = launch(modeAndWorkers)) {
            final StringBuilder wanted = new StringBuilder();
            final StringBuilder got = new StringBuilder();
            for (final Row row : table()) {
                final boolean denied = NONE.equals(row.seenAs);
                wanted.append(row).append(" tcp ").append(row.seenAs).append(" udp ").append(row.seenAs).append('\n');
                final int timeoutMs = denied ? DENIED_TIMEOUT_MS : TIMEOUT_MS;
                final String tcp = AddressEcho.askTcp(place(row.client), row.address, row.port, BULK, timeoutMs);
                final String udp = AddressEcho.askUdp(place(row.client), row.address, row.port, 200, timeoutMs);
                got.append(row).append(" tcp ").append(denied && tcp.contains("imeout") ? NONE : tcp)
                    .append(" udp ").append(denied && udp.contains("imeout") ? NONE : udp).append('\n');
            }
            assertEquals(wanted.toString(), got.toString(), () -> explain(engine));
        }
    }
}
