package io.caracal.perf.policy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

import io.caracal.policy.PolicyPacket;
import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;

/**
 * A rule set in ClassBench's format with a trace of headers, each with the index of the rule that must match. For
 * Caracal it is one policy of one pod whose rules allow. Immutable after reading.
 */
public final class ClassBenchSet {
    private static final int POD = 10;
    private static final int UPLINK = 2;
    private static final int HEADER_WORDS = 6;
    private static final int RULE_WORDS = 5;
    private static final PolicyId ID = new PolicyId("classbench", "", "GlobalNetworkPolicy");

    private final String name;
    private final List<String[]> rules = new ArrayList<>();
    private final List<long[]> headers = new ArrayList<>();

    private ClassBenchSet(final String name) {
        this.name = name;
    }

    /**
     * Reads a set.
     *
     * @param name what to call it.
     * @param rulesFile one rule a line, maybe gzipped.
     * @param traceFile one header a line, maybe gzipped.
     * @return the set.
     * @throws IOException if a file cannot be read or a line has another form, naming file and line.
     */
    public static ClassBenchSet read(final String name, final Path rulesFile, final Path traceFile)
        throws IOException {
        final ClassBenchSet set = new ClassBenchSet(name);
        for (final String line : lines(rulesFile)) {
            final String[] words = line.substring(1).split("\t");
            if (line.charAt(0) != '@' || words.length < RULE_WORDS) {
                throw new IOException(rulesFile + " line " + (set.rules.size() + 1) + ": no ClassBench rule: " + line);
            }
            set.rules.add(words);
        }
        for (final String line : lines(traceFile)) {
            set.headers.add(header(traceFile, set.headers.size() + 1, line.trim().split("\\s+")));
        }
        return set;
    }

    private static long[] header(final Path file, final int line, final String[] words) throws IOException {
        if (words.length < HEADER_WORDS) {
            throw new IOException(file + " line " + line + ": " + words.length + " numbers; a header has five and the "
                + "expected rule");
        }
        final long[] header = new long[HEADER_WORDS];
        try {
            for (int i = 0; i < HEADER_WORDS; i++) {
                header[i] = Long.parseLong(words[i]);
            }
        } catch (final NumberFormatException e) {
            throw new IOException(file + " line " + line + ": " + e.getMessage(), e);
        }
        return header;
    }

    private static List<String> lines(final Path file) throws IOException {
        try (InputStream raw = Files.newInputStream(file);
            InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
            BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            return reader.lines().filter(line -> !line.isBlank()).toList();
        }
    }

    /**
     * What to call it.
     *
     * @return its name, as {@code acl1_1k}.
     */
    public String name() {
        return name;
    }

    /**
     * How many rules it has.
     *
     * @return rules.
     */
    public int ruleCount() {
        return rules.size();
    }

    /**
     * How many headers its trace has.
     *
     * @return headers.
     */
    public int headerCount() {
        return headers.size();
    }

    /**
     * The rule that must match.
     *
     * @param header index of the header.
     * @return index of the rule, -1 for none.
     */
    public int expected(final int header) {
        return (int)headers.get(header)[HEADER_WORDS - 1];
    }

    /**
     * A header as it stands in the trace.
     *
     * @param header index of the header.
     * @return source and destination address, source and destination port, protocol, expected rule; not to be changed.
     */
    public long[] header(final int header) {
        return headers.get(header);
    }

    /**
     * A header as a packet to the pod.
     *
     * @param header index of the header.
     * @return a new packet.
     */
    public PolicyPacket packet(final int header) {
        final long[] row = headers.get(header);
        final PolicyPacket packet = new PolicyPacket();
        packet.sourceHigh = row[0] << Integer.SIZE;
        packet.destinationHigh = row[1] << Integer.SIZE;
        return packet.transport((int)row[4], (int)row[2], (int)row[3]).way(UPLINK, POD);
    }

    /**
     * Rules as text, for other programs.
     *
     * @return lines of the format.
     */
    public List<String> ruleLines() {
        return rules.stream().map(words -> "@" + String.join("\t", words)).toList();
    }

    /**
     * Fields of a rule as text.
     *
     * @param rule its index.
     * @return source and destination prefix, source and destination ports, protocol with mask; not to be changed.
     */
    String[] words(final int rule) {
        return rules.get(rule);
    }

    /**
     * The rules as policy objects.
     *
     * @return a new set with one pod.
     */
    public PolicySet policySet() {
        final List<Rule> allowing = rules.stream().map(ClassBenchSet::rule).toList();
        final Tier tier = new Tier("default", List.of(ID), List.of(), false);
        final WorkloadEndpoint pod =
            new WorkloadEndpoint("k8s/bench/pod/eth0", "caliBench", true, List.of(), List.of(tier), List.of());
        return new PolicySet(PolicyConfig.DEFAULTS,
            new PolicyObjects(List.of(), List.of(new Policy(ID, "default", allowing, List.of())), List.of()),
            new EndpointSet(List.of(pod), List.of(), List.of(new NodeInterface(UPLINK, "eth0", List.of()),
                new NodeInterface(POD, "caliBench", List.of()))));
    }

    /** The format's ports hold for any protocol; what covers everything becomes no criterion. */
    private static Rule rule(final String[] words) {
        final RuleFields fields = new RuleFields();
        nets(fields, PeerSide.SOURCE, words[0]);
        nets(fields, PeerSide.DESTINATION, words[1]);
        final String[] protocol = words[4].trim().split("/");
        if (Integer.decode(protocol[1]) != 0) {
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

    private static void ports(final RuleFields fields, final PeerSide side, final String text) {
        final PortRange ports = range(text);
        if (ports.first() > 0 || ports.last() < PortRange.MAX_PORT) {
            fields.ports(side, List.of(ports), List.of(), false);
        }
    }

    static PortRange range(final String text) {
        final String[] ends = text.trim().split(" *: *");
        return new PortRange(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
    }
}
