package io.caracal.control.manifest;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.caracal.control.ControlException;
import io.caracal.control.Fuzzing;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Strangers' bytes: whatever a manifest holds, it compiles or is refused with {@link ControlException}. */
class ManifestFuzzTest {
    private static final String POLICIES = """
        ---
        apiVersion: projectcalico.org/v3
        kind: GlobalNetworkPolicy
        metadata: {name: g}
        spec:
          tier: default
          order: 10
          selector: app in {"a", "b"} && !has(c)
          namespaceSelector: all()
          applyOnForward: true
          types: [Ingress, Egress]
          ingress:
          - action: Deny
            protocol: 6
            notProtocol: UDP
            source: {selector: has(x) || y == 'z', notSelector: has(q), notNets: [10.0.0.0/8], ports: [1, "2:3", http]}
            destination: {services: {name: s, namespace: n}}
          - {action: Pass, ipVersion: 4, icmp: {type: 8, code: 0}}
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: k, namespace: shop}
        spec:
          podSelector: {matchLabels: {a: b}, matchExpressions: [{key: k, operator: NotIn, values: [v]}]}
          policyTypes: [Ingress]
          ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 80, endPort: 90}]}]
        ---
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata: {name: p}
        spec: {cidr: 10.65.0.0/16, vxlanMode: Always, blockSize: 26, natOutgoing: true}
        ---
        apiVersion: projectcalico.org/v3
        kind: Node
        metadata: {name: node1}
        spec: {bgp: {ipv4Address: 10.0.0.1/24}, ipv4VXLANTunnelAddr: 10.65.0.1}
        """;
    private static final List<String> TOKENS = List.of("---\n", "...\n", "[", "]", "{", "}", ": ", "- ", "&a ",
        "*a", "<<: ", "!!binary ", "!!set ", "!x ", "| \n", "> \n", "? ", "%YAML 1.1\n", "\"", "'", "\t", "\u0000",
        "\ufeff", "\ud800", "\ud83d\ude00", "null", "~", "0x1F", "1e999", "99999999999999999999", "12:30:45",
        "2026-01-01", "yes", "\n", "  ", "\\u0000", "items:\n- ", "kind: List\n", "spec:\n", "ipNetworks: ", "mac: ",
        ".inf", "0o17", "1_000", "#");

    @Test
    void shouldCompileOrRefuseButNeverThrowAnythingElse() {
        final long seed = Long.getLong("caracal.fuzz.seed", System.nanoTime());
        final Random random = new Random(seed);
        final String valid = Manifests.WEB + "---\n" + Manifests.DB + POLICIES;
        Manifests.compile(valid);
        int compiled = 0;
        int refused = 0;
        final Fuzzing until = new Fuzzing();
        for (int i = 0; until.hasTime(); i++) {
            final String text = mutate(valid, random);
            try {
                Manifests.compile(text);
                compiled++;
            } catch (final ControlException e) {
                e.problems().forEach(problem -> assertTrue(problem.place().startsWith("f.yaml"), problem.toString()));
                assertFalse(e.problems().isEmpty());
                refused++;
            } catch (final RuntimeException | StackOverflowError e) {
                fail("seed " + seed + " case " + i + ":\n" + text, e);
            }
        }
        System.out.println("manifest fuzz: seed " + seed + ", compiled " + compiled + ", refused " + refused);
        assertTrue(compiled > 0 && refused > 0, compiled + " compiled, " + refused + " refused");
    }

    private static String mutate(final String valid, final Random random) {
        final StringBuilder text = new StringBuilder(valid);
        for (int n = random.nextInt(4); n >= 0; n--) {
            final int at = random.nextInt(text.length());
            final int end = Math.min(text.length(), at + 1 + random.nextInt(12));
            switch (random.nextInt(6)) {
                case 0 -> text.delete(at, end);
                case 1 -> text.insert(at, TOKENS.get(random.nextInt(TOKENS.size())));
                case 2 -> text.replace(at, end, TOKENS.get(random.nextInt(TOKENS.size())));
                case 3 -> text.insert(at, text.substring(at, end));
                case 4 -> text.setCharAt(at, (char)random.nextInt(random.nextBoolean() ? 128 : 65536));
                default -> replaceWord(text, at, TOKENS.get(random.nextInt(TOKENS.size())));
            }
            if (text.isEmpty()) {
                return "";
            }
        }
        return text.toString();
    }

    /** Puts a token in place of a whole value, so that the decoder sees it rather than the parser. */
    private static void replaceWord(final StringBuilder text, final int at, final String token) {
        final int start = text.indexOf(": ", at);
        final int end = start < 0 ? -1 : text.indexOf("\n", start);
        if (end > 0) {
            text.replace(start + 2, end, token.strip());
        }
    }

    @Test
    void shouldRefuseNestingWithoutEnd() {
        for (final String opening : List.of("[", "{a: ", "- ")) {
            final String text = opening.repeat(100_000);
            try {
                Manifests.compile(text);
                fail("compiled " + opening);
            } catch (final ControlException e) {
                assertTrue(e.getMessage().startsWith("f.yaml"), e.getMessage());
            }
        }
    }
}
