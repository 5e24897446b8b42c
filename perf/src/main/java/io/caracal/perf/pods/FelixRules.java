package io.caracal.perf.pods;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

import io.caracal.perf.tool.NamespaceCommand;

/**
 * The rules and sets that a real Felix had put into a node's kernel ({@code iptables-legacy-save}, {@code ipset save}),
 * for a cluster with the demo's policy, restored on a node of the lab: the addresses are the lab's, all else is as it
 * was recorded.
 */
final class FelixRules {
    private static final String RULES = "node1.iptables-save";
    private static final String SETS = "node1.ipset-save";
    /** The recorded policy's chain; its one rule is the last that the lab's policy has too. */
    private static final String POLICY_CHAIN = "-A cali-pi-_LLtil-7nSgDhtQvXB9q ";

    private FelixRules() {
    }

    /** Puts them into the node's kernel. */
    static void restore(final PodNode pods, final int rules) throws InterruptedException {
        final String namespace = pods.node().namespace().name();
        NamespaceCommand.run(namespace, List.of("ipset", "restore"), sets(pods));
        NamespaceCommand.run(namespace, List.of("iptables-legacy-restore"), withRules(recorded(RULES), rules));
    }

    private static String sets(final PodNode pods) {
        return recorded(SETS)
            .replace("192.168.0.0/16", "10.64.0.0/12")
            .replace("192.168.166.129", pods.client().ipv4())
            .replace("10.99.0.1\n", pods.node().ipv4() + '\n')
            .replace("10.99.0.2\n", pods.far().ipv4() + '\n');
    }

    /** More rules in the policy's chain, each in Felix's manner: a mark for what it allows, and the way back. */
    static String withRules(final String recorded, final int rules) {
        final StringBuilder more = new StringBuilder();
        for (int rule = 1; rule < rules; rule++) {
            more.append(POLICY_CHAIN).append("-p tcp -s ").append(PolicyText.stranger(rule))
                .append("/32 -m multiport --dports ").append(PodPath.API_PORT)
                .append(" -j MARK --set-xmark 0x10000/0x10000\n")
                .append(POLICY_CHAIN).append("-m mark --mark 0x10000/0x10000 -j RETURN\n");
        }
        final int place = recorded.indexOf(POLICY_CHAIN);
        return recorded.substring(0, place) + more + recorded.substring(place);
    }

    /** A recorded file without its comments. */
    static String recorded(final String name) {
        try (InputStream file = FelixRules.class.getResourceAsStream("/io/caracal/perf/felix/" + name)) {
            if (file == null) {
                throw new IllegalStateException("the jar has no " + name);
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines()
                .filter(line -> !line.startsWith("#")).collect(Collectors.joining("\n", "", "\n"));
        } catch (final IOException e) {
            throw new UncheckedIOException("read " + name, e);
        }
    }
}
