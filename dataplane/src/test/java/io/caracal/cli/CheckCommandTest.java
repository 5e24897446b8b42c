package io.caracal.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code check} and {@code explain} on a small cluster in one file. */
class CheckCommandTest {
    private static final String CLUSTER = """
        apiVersion: projectcalico.org/v3
        kind: Profile
        metadata: {name: kns.app}
        spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
        ---
        apiVersion: projectcalico.org/v3
        kind: WorkloadEndpoint
        metadata: {name: n1-k8s-front-eth0, namespace: app, labels: {app: frontend}}
        spec: {node: node1, orchestrator: k8s, pod: front, endpoint: eth0, interfaceName: cali1, profiles: [kns.app],
          ipNetworks: [192.168.0.2/32]}
        ---
        apiVersion: projectcalico.org/v3
        kind: WorkloadEndpoint
        metadata: {name: n1-k8s-api-eth0, namespace: app, labels: {app: web-api}}
        spec: {node: node1, orchestrator: k8s, pod: api, endpoint: eth0, interfaceName: cali2, profiles: [kns.app],
          ipNetworks: [192.168.0.3/32]}
        ---
        apiVersion: projectcalico.org/v3
        kind: NetworkPolicy
        metadata: {name: allow-frontend-to-api, namespace: app}
        spec:
          selector: app == "web-api"
          types: [Ingress]
          ingress:
          - action: Allow
            protocol: TCP
            source: {selector: app == "frontend"}
            destination: {ports: [8080]}
        """;
    private static final String PROBE = "{\"from\": \"app/front\", \"to\": \"app/api\", \"srcIp\": \"192.168.0.2\","
        + " \"dstIp\": \"192.168.0.3\", \"proto\": \"tcp\", \"sport\": 40000, \"dport\": %d, \"node1\": \"%s\"}";

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(final String... arguments) {
        final CommandLine line = CaracalCommand.commandLine();
        line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return line.execute(arguments);
    }

    private String cluster() throws IOException {
        return Files.writeString(directory.resolve("cluster.yaml"), CLUSTER).toString();
    }

    private String probes(final String... probes) throws IOException {
        return Files.writeString(directory.resolve("probes.json"), "[" + String.join(",", probes) + "]").toString();
    }

    @Test
    void shouldAgreeWithWhatTheFileExpects() throws IOException {
        final int code = run("check", "--manifests", cluster(), "--node", "node1", "--probes",
            probes(PROBE.formatted(8080, "allow"), PROBE.formatted(8081, "deny")));
        assertEquals("2 probes, 2 agree, 0 differ", out.toString().strip(), err.toString());
        assertEquals(ExitCode.OK, code);
    }

    @Test
    void shouldNameTierPolicyAndRuleWhereItDiffers() throws IOException {
        final int code = run("check", "--manifests", cluster(), "--node", "node1", "--json", "--probes",
            probes(PROBE.formatted(8080, "deny"), PROBE.formatted(8081, "allow")));
        final JsonNode answer = new JsonMapper().readTree(out.toString());
        assertEquals(2, answer.get("probes").asInt());
        assertEquals(0, answer.get("agree").asInt());
        final JsonNode first = answer.get("differ").get(0);
        assertEquals("allow", first.get("verdict").asText());
        assertEquals("default", first.get("tier").asText());
        assertEquals("policy NetworkPolicy app/allow-frontend-to-api", first.get("policy").asText());
        assertEquals(0, first.get("rule").asInt());
        assertEquals("deny", answer.get("differ").get(1).get("verdict").asText());
        assertEquals(-1, answer.get("differ").get(1).get("rule").asInt());
        assertEquals(ExitCode.NO, code);
    }

    @Test
    void shouldRefuseWrongUseAndWrongInput() throws IOException {
        final String probes = probes(PROBE.formatted(8080, "allow"));
        assertEquals(ExitCode.WRONG_USE, run("check", "--node", "node1", "--probes", probes));
        assertTrue(err.toString().contains("give either --stream FILE or --manifests PATH"), err.toString());
        final Path broken = Files.writeString(directory.resolve("broken.yaml"),
            CLUSTER.replace("action: Allow\n    proto", "action: Permit\n    proto"));
        assertEquals(ExitCode.ENVIRONMENT, run("check", "--manifests", broken.toString(), "--node", "node1", "--probes",
            probes));
        assertTrue(err.toString().contains("broken.yaml:25: NetworkPolicy app/allow-frontend-to-api: "
            + "spec.ingress.0.action is Permit, none of Allow, Deny, Log, Pass"), err.toString());
        assertEquals(ExitCode.ENVIRONMENT, run("check", "--manifests", cluster(), "--node", "node1", "--probes",
            probes("{\"srcIp\": \"10.0.0.1\", \"dstIp\": \"10.0.0.2\"}")));
        assertTrue(err.toString().contains("probe 0: proto: is required"), err.toString());
    }

    @Test
    void shouldExplainStepByStep() throws IOException {
        assertEquals(ExitCode.OK, run("explain", "--manifests", cluster(), "--node", "node1", "--from", "app/front",
            "--to", "app/api", "--protocol", "tcp", "--dport", "8080"));
        assertTrue(out.toString().contains("profile kns.app, rule 0: allow all"), out.toString());
        assertTrue(out.toString().contains(
            "tier default, policy NetworkPolicy app/allow-frontend-to-api, rule 0: allow"), out.toString());
        assertTrue(out.toString().strip().endsWith("allow"), out.toString());
        assertEquals(ExitCode.NO, run("explain", "--manifests", cluster(), "--node", "node1", "--from", "203.0.113.7",
            "--to", "app/api", "--dport", "8080"));
        assertTrue(out.toString().strip().endsWith("deny"), out.toString());
    }
}
