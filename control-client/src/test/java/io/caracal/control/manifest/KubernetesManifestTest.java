package io.caracal.control.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.ControlException;
import io.caracal.control.felix.ChangeFeed;
import io.caracal.control.probe.Probe;
import io.caracal.control.probe.ProbeNode;
import io.caracal.control.probe.ProbeRun;
import io.caracal.control.proto.Policy;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.ToDataplane.PayloadCase;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.Prefix;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kubernetes' own kinds give what Calico's Kubernetes datastore makes of them. */
class KubernetesManifestTest {
    private static final String PODS = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: shop, labels: {team: blue}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop, labels: {app: web}}
        spec:
          nodeName: node1
          containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]
        status: {podIPs: [{ip: 10.65.0.2}, {ip: "fd00::2"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: client, namespace: shop, labels: {app: client}}
        spec: {nodeName: node1, serviceAccountName: robot}
        status: {podIP: 10.65.0.3}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: stranger, namespace: other, labels: {app: client},
          annotations: {cni.projectcalico.org/podIPs: 10.65.0.4/32}}
        spec: {nodeName: node1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: node-agent, namespace: other}
        spec: {nodeName: node1, hostNetwork: true}
        status: {podIP: 10.0.0.1}
        ---
        """;
    private static final String NETWORK_POLICY = """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: web, namespace: shop}
        spec:
          podSelector: {matchLabels: {app: web}}
          ingress:
          - from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [client]}]}}]
            ports: [{port: http}, {port: 90}, {port: 91, endPort: 95}, {protocol: UDP}]
          - from: [{ipBlock: {cidr: 172.16.0.0/12, except: [172.16.5.0/24]}}]
        """;

    private static boolean allows(final String yaml, final String from, final String to, final int protocol,
        final int port) {
        final ProbeNode node = new ProbeNode("node1", "eth0");
        final ManifestLoader.Loaded loaded = Manifests.compile(yaml);
        new ChangeFeed(node, loaded.places()).replace(loaded.state());
        assertEquals(List.of(), node.policy().problems());
        return new ProbeRun(node).decide(new Probe("", "", "", "", Prefix.parse(from), Prefix.parse(to), protocol,
            40_000, port, null)).allowed();
    }

    private static Policy policy(final String yaml, final String kind) {
        return Manifests.compile(yaml).state().messages().stream()
            .filter(message -> message.getPayloadCase() == PayloadCase.ACTIVE_POLICY_UPDATE)
            .map(ToDataplane::getActivePolicyUpdate).filter(update -> update.getId().getKind().equals(kind))
            .findFirst().orElseThrow().getPolicy();
    }

    @Test
    void shouldNameInterfacesAsTheCniPluginDoes() {
        /* Out of the recorded cluster. */
        assertEquals("cali013afae62ef", Hashes.interfaceName("cali", "app", "web-api-1"));
        assertEquals("califfdf2a2c0f6", Hashes.interfaceName("cali", "app", "db-1"));
    }

    private static String interfaceName(final String namespace, final String pod) {
        return Hashes.interfaceName("cali", namespace, pod);
    }

    @Test
    void shouldTakePodsWithAddressesAndLeaveOthersOut() {
        final Manifests.Ear ear = new Manifests.Ear();
        final ManifestLoader.Loaded loaded = Manifests.compile(PODS);
        ear.apply(new ChangeFeed(ear, loaded.places()), loaded);
        assertEquals(List.of(
            "+ k8s/other/stranger/eth0 ACTIVE " + interfaceName("other", "stranger") + " - [10.65.0.4/32] []",
            "+ k8s/shop/client/eth0 ACTIVE " + interfaceName("shop", "client") + " - [10.65.0.3/32] []",
            "+ k8s/shop/web/eth0 ACTIVE " + interfaceName("shop", "web") + " - [10.65.0.2/32] [fd00::2/128]"),
            ear.updates.stream().map(text -> text.replace("fd00:0:0:0:0:0:0:2", "fd00::2")).toList());
    }

    @ParameterizedTest(name = "{0} to {1} protocol {2} port {3}: {4}")
    @CsvSource({
        "10.65.0.3,  10.65.0.2,   6, 8080, true",
        "10.65.0.3,  10.65.0.2,   6, 90,   true",
        "10.65.0.3,  10.65.0.2,   6, 95,   true",
        "10.65.0.3,  10.65.0.2,   6, 96,   false",
        "10.65.0.3,  10.65.0.2,  17, 96,   true",
        "10.65.0.4,  10.65.0.2,   6, 8080, false",
        "172.16.1.1, 10.65.0.2, 132, 7,    true",
        "172.16.5.1, 10.65.0.2, 132, 7,    false",
        "10.65.0.4,  10.65.0.3,   6, 22,   true",
    })
    void shouldDecideAsANetworkPolicySays(final String from, final String to, final int protocol, final int port,
        final boolean allowed) {
        assertEquals(allowed, allows(PODS + NETWORK_POLICY, from, to, protocol, port));
    }

    @Test
    void shouldJoinPortsAndSortProtocolsAsCalicoDoes() {
        final Policy policy = policy(PODS + NETWORK_POLICY, "KubernetesNetworkPolicy");
        assertEquals("default", policy.getTier());
        assertEquals(List.of("tcp", "udp", ""),
            policy.getInboundRulesList().stream().map(rule -> rule.getProtocol().getName()).toList());
        assertEquals("first: 90\nlast: 95\n", policy.getInboundRules(0).getDstPorts(0).toString());
        assertEquals(1, policy.getInboundRules(0).getDstPortsCount());
        assertEquals(1, policy.getInboundRules(0).getDstNamedPortIpSetIdsCount());
        assertEquals("projectcalico.org/orchestrator == 'k8s' && app in { 'client' }",
            policy.getInboundRules(0).getOriginalSrcSelector());
        assertEquals(0, policy.getInboundRules(1).getDstPortsCount());
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "ClusterNetworkPolicy,       v1alpha2, KubernetesClusterNetworkPolicy,       kube-admin",
        "AdminNetworkPolicy,         v1alpha1, KubernetesAdminNetworkPolicy,         kube-admin",
        "BaselineAdminNetworkPolicy, v1alpha1, KubernetesBaselineAdminNetworkPolicy, kube-baseline",
    })
    void shouldPutClusterPoliciesIntoTheirTiers(final String kind, final String version, final String calicoKind,
        final String tier) {
        final String deny = """
            apiVersion: policy.networking.k8s.io/%s
            kind: %s
            metadata: {name: admin}
            spec:
              priority: 7
              subject: {namespaces: {matchLabels: {team: blue}}}
              ingress:
              - name: no-strangers
                action: Deny
                from: [{namespaces: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]
            """.formatted(version, kind);
        final Policy policy = policy(PODS + deny, calicoKind);
        assertEquals(tier, policy.getTier());
        assertEquals("no-strangers", policy.getInboundRules(0).getMetadata().getAnnotationsOrThrow("name"));
        assertTrue(!allows(PODS + deny, "10.65.0.4", "10.65.0.2", IpProtocol.TCP, 80));
        assertTrue(allows(PODS + deny, "10.65.0.3", "10.65.0.2", IpProtocol.TCP, 80));
    }

    @Test
    void shouldMatchServicesByTheirSlices() {
        final String services = """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            endpoints: [{addresses: [10.65.0.2]}]
            ports: [{port: 8080, protocol: TCP}]
            ---
            apiVersion: projectcalico.org/v3
            kind: NetworkPolicy
            metadata: {name: only-web, namespace: shop}
            spec:
              selector: app == 'client'
              types: [Egress]
              egress: [{action: Allow, destination: {services: {name: web}}}]
            """;
        assertTrue(allows(PODS + services, "10.65.0.3", "10.65.0.2", IpProtocol.TCP, 8080));
        assertTrue(!allows(PODS + services, "10.65.0.3", "10.65.0.2", IpProtocol.TCP, 8081));
        assertTrue(!allows(PODS + services, "10.65.0.3", "10.65.0.4", IpProtocol.TCP, 8080));
    }

    @Test
    void shouldNameWhatIsWrong() {
        final ControlException refusal = assertThrows(ControlException.class, () -> Manifests.compile("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: web, namespace: shop}
            spec:
              podSelector: {}
              ingress:
              - fron: []
              - from: [{podSelector: {matchExpressions: [{key: a, operator: Has}]}}]
            """));
        assertEquals("f.yaml:7: NetworkPolicy shop/web: spec.ingress.0.fron is no field of NetworkPolicy\n"
            + "f.yaml:8: NetworkPolicy shop/web: spec.ingress.1.from.0.podSelector.matchExpressions.0.operator "
            + "is none of In, NotIn, Exists, DoesNotExist", refusal.getMessage());
    }
}
