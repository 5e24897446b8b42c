package io.caracal.policy;

import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** A ClassBench rule set as one policy of one pod, whose rules allow, and its trace of headers with expected rules. */
final class ClassBenchSet {
    static final int POD = 10;
    private static final int UPLINK = 2;
    private static final PolicyId ID = new PolicyId("classbench", "", "GlobalNetworkPolicy");

    private final List<Rule> rules = new ArrayList<>();
    private final List<long[]> headers = new ArrayList<>();

    static ClassBenchSet read(final Path folder, final String name) throws IOException {
        final ClassBenchSet set = new ClassBenchSet();
        for (final String line : lines(folder.resolve(name + ".rules.gz"))) {
            set.rules.add(rule(line.substring(1).split("\t")));
        }
        for (final String line : lines(folder.resolve(name + ".trace.gz"))) {
            final String[] words = line.trim().split("\\s+");
            final long[] header = new long[words.length];
            for (int i = 0; i < words.length; i++) {
                header[i] = Long.parseLong(words[i]);
            }
            set.headers.add(header);
        }
        return set;
    }

    private static List<String> lines(final Path file) throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
            new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.US_ASCII))) {
            return reader.lines().filter(line -> !line.isBlank()).toList();
        }
    }

    /** The format's ports hold for any protocol; a rule without protocol and ports keeps neither criterion. */
    private static Rule rule(final String[] words) {
        final RuleFields fields = new RuleFields();
        nets(fields, PeerSide.SOURCE, words[0]);
        nets(fields, PeerSide.DESTINATION, words[1]);
        final String[] protocol = words[4].split("/");
        if (!protocol[1].equals("0x00")) {
            fields.protocol(Integer.toString(Integer.decode(protocol[0])), false);
        }
        ports(fields, PeerSide.SOURCE, words[2]);
        ports(fields, PeerSide.DESTINATION, words[3]);
        return fields.rule();
    }

    private static void nets(final RuleFields fields, final PeerSide side, final String cidr) {
        if (!cidr.endsWith("/0")) {
            fields.nets(side, List.of(cidr), false);
        }
    }

    private static void ports(final RuleFields fields, final PeerSide side, final String range) {
        final String[] ends = range.split(" : ");
        final PortRange ports = new PortRange(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
        if (ports.first() > 0 || ports.last() < PortRange.MAX_PORT) {
            fields.ports(side, List.of(ports), List.of(), false);
        }
    }

    int ruleCount() {
        return rules.size();
    }

    int headerCount() {
        return headers.size();
    }

    /** Index of the rule that must match, -1 for none. */
    int expected(final int header) {
        return (int)headers.get(header)[5];
    }

    PolicyPacket packet(final int header) {
        final long[] row = headers.get(header);
        final PolicyPacket packet = new PolicyPacket();
        packet.sourceHigh = row[0] << 32;
        packet.destinationHigh = row[1] << 32;
        return packet.transport((int)row[4], (int)row[2], (int)row[3]).way(UPLINK, POD);
    }

    PolicySet policySet() {
        final Tier tier = new Tier("default", List.of(ID), List.of(), false);
        final WorkloadEndpoint pod =
            new WorkloadEndpoint("k8s/bench/pod/eth0", "caliBench", true, List.of(), List.of(tier), List.of());
        return new PolicySet(PolicyConfig.DEFAULTS,
            new PolicyObjects(List.of(), List.of(new Policy(ID, "default", rules, List.of())), List.of()),
            new EndpointSet(List.of(pod), List.of(), List.of(new NodeInterface(UPLINK, "eth0", List.of()),
                new NodeInterface(POD, "caliBench", List.of()))));
    }
}
