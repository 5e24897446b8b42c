package io.caracal.control.manifest;

import static io.caracal.control.manifest.Manifests.DB;
import static io.caracal.control.manifest.Manifests.DB_UPDATE;
import static io.caracal.control.manifest.Manifests.WEB;
import static io.caracal.control.manifest.Manifests.WEB_UPDATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caracal.control.ControlException;
import io.caracal.control.ControlProblem;
import io.caracal.control.felix.ChangeFeed;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ManifestLoaderTest {

    static Stream<Arguments> acceptedManifests() {
        return Stream.of(
            row("nothing", "", List.of(), List.of()),
            row("only comments and empty documents", "# a\n---\n---\n# b\n", List.of(), List.of()),
            row("one endpoint", WEB, List.of(WEB_UPDATE), List.of()),
            row("two documents, in the order of their ids", WEB + "---\n" + DB,
                List.of(DB_UPDATE, WEB_UPDATE), List.of()),
            row("an empty document between", WEB + "---\n---\n" + DB, List.of(DB_UPDATE, WEB_UPDATE), List.of()),
            row("a list", "apiVersion: projectcalico.org/v3\nkind: WorkloadEndpointList\nitems:\n- "
                + WEB.indent(2).strip(), List.of(WEB_UPDATE), List.of()),
            row("JSON, which is YAML", """
                {"apiVersion": "projectcalico.org/v3", "kind": "WorkloadEndpoint",
                 "metadata": {"name": "a", "namespace": "n"}, "spec": {"orchestrator": "k8s", "node": "node1",
                 "pod": "p", "endpoint": "eth0", "interfaceName": "cali1", "ipNetworks": ["10.0.0.1"]}}
                """, List.of("+ k8s/n/p/eth0 ACTIVE cali1 - [10.0.0.1/32] []"), List.of()),
            row("an endpoint of another node", WEB.replace("node: node1", "node: node2"), List.of(), List.of()),
            row("another orchestrator's", WEB.replace("orchestrator: k8s", "orchestrator: lab")
                .replace("pod: web", "workload: w1"), List.of(WEB_UPDATE.replace("k8s/shop/web", "lab/w1")), List.of()),
            row("without MAC, as the Kubernetes datastore has it", WEB.replace("  mac: 06:b8:74:2f:5a:18\n", ""),
                List.of(WEB_UPDATE.replace("06:b8:74:2f:5a:18", "-")), List.of()),
            row("fields without effect on the dataplane", WEB
                + "  containerID: abc\n  serviceAccountName: default\n  profiles: []\n  ports: []\n",
                List.of(WEB_UPDATE), List.of()),
            row("floating addresses and spoofing", WEB
                + "  ipNATs:\n  - internalIP: 10.65.0.2\n    externalIP: 9.9.9.9\n"
                + "  allowSpoofedSourcePrefixes: [10.9.0.0/16]\n", List.of(WEB_UPDATE), List.of(
                "f.yaml:1: workload endpoint k8s/shop/web/eth0: floating addresses (ipv4_nat, ipv6_nat) are not "
                + "translated (not applied)")),
            row("kinds that are nothing to a dataplane, by name", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
                + "  name: web\n  namespace: shop\n---\n" + WEB,
                List.of(WEB_UPDATE), List.of(
                "f.yaml:2: Deployment shop/web: objects of kind Deployment (apps/v1) are not supported by this version "
                + "(not applied)")),
            row("one interface claimed twice", WEB + "---\n" + DB.replace("00002", "00001"),
                List.of(DB_UPDATE.replace("00002", "00001")), List.of(
                "f.yaml:1: workload endpoint k8s/shop/web/eth0: interface cali00000000001 is also that of "
                + "k8s/shop/db/eth0, whose id is lower (shadowed)")));
    }

    static Stream<Arguments> refusedManifests() {
        final String web = "WorkloadEndpoint shop/node1-k8s-web-eth0: ";
        return Stream.of(
            row("no YAML", "a: [b\n", List.of("f.yaml:2: not readable as YAML: while parsing a flow "
                + "sequence: expected ',' or ']', but got <stream end>")),
            row("a key twice", WEB + "  mac: 06:b8:74:2f:5a:20\n",
                List.of("f.yaml:16: not readable as YAML: Duplicate field 'mac'")),
            row("an alias", "a: &x 1\nb: *x\n",
                List.of("f.yaml:2: aliases (*x) are not supported: write the value out")),
            row("text", "hello\n", List.of("f.yaml:1: expected an object with apiVersion and kind")),
            row("no kind", "metadata: {name: x}\n", List.of("f.yaml:1: x: apiVersion and kind are required")),
            row("no MAC", WEB.replace("06:b8:74:2f:5a:18", "06:b8"), List.of("f.yaml:15: " + web
                + "spec.mac MAC address '06:b8' is not six hexadecimal bytes with colons")),
            row("a multicast MAC", WEB.replace("06:b8", "07:b8"), List.of("f.yaml:15: " + web
                + "spec.mac MAC address 07:b8:74:2f:5a:18 is not a station's (zero, multicast or broadcast)")),
            row("a misspelt field", WEB.replace("interfaceName", "interfacename"), List.of(
                "f.yaml:11: " + web + "spec.interfacename is no field of WorkloadEndpoint",
                "f.yaml:6: " + web + "spec.interfaceName is required")),
            row("an interface name too long", WEB.replace("cali00000000001", "cali000000000012"), List.of("f.yaml:11: "
                + web + "spec.interfaceName interface name 'cali000000000012' cannot be a network interface's: 1 to 15 "
                + "printable ASCII characters other than '/' and ':'")),
            row("several at once", WEB.replace("10.65.0.2/32", "10.65.0.0/24").replace("65::2/128", "65::g/128")
                .replace("node: node1", "node: 1"), List.of(
                "f.yaml:8: " + web + "spec.node must be text: put it in quotes",
                "f.yaml:13: " + web + "spec.ipNetworks.0 10.65.0.0/24 holds more than one address: a workload has /32",
                "f.yaml:14: " + web + "spec.ipNetworks.1 'fd00:10:65::g/128' is not an IPv6 address or prefix")),
            row("an address twice", WEB.replace("fd00:10:65::2/128", "10.65.0.2"), List.of(
                "f.yaml:14: " + web + "spec.ipNetworks.1 10.65.0.2/32 is listed twice")),
            row("no address", WEB.replace("  - 10.65.0.2/32\n  - fd00:10:65::2/128\n", ""), List.of(
                "f.yaml:12: " + web + "spec.ipNetworks needs at least one address")),
            row("no spec", WEB.substring(0, WEB.indexOf("spec:")), List.of(
                "f.yaml:1: " + web + "spec is missing or no object", "f.yaml:1: " + web + "spec.node is required",
                "f.yaml:1: " + web + "spec.orchestrator is required", "f.yaml:1: " + web + "spec.endpoint is required",
                "f.yaml:1: " + web + "spec.workload is required", "f.yaml:1: " + web + "spec.interfaceName is required",
                "f.yaml:1: " + web + "spec.ipNetworks needs at least one address")),
            row("an object twice", WEB + "---\n" + WEB, List.of(
                "f.yaml:20: " + web + "is there twice; first at f.yaml:1")),
            row("an endpoint twice", WEB + "---\n" + WEB.replace("k8s-web", "k8s-copy"), List.of(
                "f.yaml:22: WorkloadEndpoint shop/node1-k8s-copy-eth0: is the same endpoint k8s/shop/web/eth0 as "
                + "WorkloadEndpoint shop/node1-k8s-web-eth0 at f.yaml:1")),
            row("one wrong among right ones", WEB + "---\n" + DB.replace("pod: db", "pod: ''"), List.of(
                "f.yaml:25: WorkloadEndpoint shop/node1-k8s-db-eth0: spec.pod is required")));
    }

    private static Arguments row(final Object... columns) {
        return Arguments.of(columns);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("acceptedManifests")
    void shouldCompileToUpdates(final String name, final String yaml, final List<String> updates,
                                final List<String> problems) {
        final ManifestLoader.Loaded loaded = Manifests.compile(yaml);
        final Manifests.Ear ear = new Manifests.Ear();
        ear.apply(new ChangeFeed(ear, loaded.places()), loaded);
        assertEquals(updates, ear.updates, name);
        final List<String> all = new ArrayList<>(loaded.notes().stream().map(ControlProblem::toString).toList());
        all.addAll(ear.problems);
        assertEquals(problems, all, name);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refusedManifests")
    void shouldRefuseWithPlaceAndObject(final String name, final String yaml, final List<String> problems) {
        final ControlException refusal = assertThrows(ControlException.class, () -> Manifests.compile(yaml), name);
        assertEquals(problems, refusal.problems().stream().map(ControlProblem::toString).toList(), name);
        assertEquals(String.join("\n", problems), refusal.getMessage());
    }

    @Test
    void shouldGiveOnlyDifferences() {
        final Manifests.Ear ear = new Manifests.Ear();
        final ChangeFeed feed = new ChangeFeed(ear, key -> "f.yaml");
        ear.apply(feed, Manifests.compile(WEB + "---\n" + DB));
        ear.apply(feed, Manifests.compile(WEB + "---\n" + DB));
        assertEquals(List.of(), ear.updates);
        ear.apply(feed, Manifests.compile(WEB.replace("65.0.2", "65.0.9")));
        assertEquals(List.of(WEB_UPDATE.replace("65.0.2", "65.0.9"), "- k8s/shop/db/eth0"), ear.updates);
    }

    @Test
    void shouldHandAnInterfaceToTheShadowedEndpointWhenItsOwnerGoes() {
        final Manifests.Ear ear = new Manifests.Ear();
        final ChangeFeed feed = new ChangeFeed(ear, key -> "f.yaml");
        ear.apply(feed, Manifests.compile(WEB + "---\n" + DB.replace("00002", "00001")));
        ear.apply(feed, Manifests.compile(WEB));
        assertEquals(List.of("- k8s/shop/db/eth0", WEB_UPDATE), ear.updates);
    }
}
