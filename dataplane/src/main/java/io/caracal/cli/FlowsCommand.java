package io.caracal.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.conntrack.BootClock;
import io.caracal.conntrack.FlowReader;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.wire.IpProtocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code caracal flows}: the flows that the engine tracks, read from its mapped files while it goes on; it does not
 * notice. Names of pods come from the admin socket; without an engine the interfaces' numbers stand in their place.
 */
@Command(name = "flows", mixinStandardHelpOptions = true,
    description = {
        "Flows that the engine tracks: state, both ends, pods, packets and bytes each way, seconds of silence.",
        "Reads the engine's files, also those that a killed engine has left; the engine does not notice.",
        "Exits with 1 if no flow matches."},
    footer = {"", "Example:", "  caracal flows --pod shop/web --state ESTABLISHED",
        "  caracal flows --protocol tcp --port 443 --limit 0 --json | jq '.flows[].original'"})
final class FlowsCommand implements Callable<Integer> {
    private static final Map<String, Integer> PROTOCOLS = Map.of("tcp", IpProtocol.TCP, "udp", IpProtocol.UDP,
        "sctp", IpProtocol.SCTP, "icmp", IpProtocol.ICMP, "icmpv6", IpProtocol.ICMPV6);

    private static final int FLOWS_BETWEEN_CHECKS = 1024;

    @Spec
    private CommandSpec spec;
    @Mixin
    private EngineMixin engine;
    @Option(names = "--directory", paramLabel = "DIR",
        description = "where the flows are (setting conntrack-directory; default: conntrack beside the admin socket)")
    private Path directory;
    @Option(names = "--pod", paramLabel = "TEXT", description = "of pods whose name contains this")
    private String pod;
    @Option(names = "--address", paramLabel = "IP", description = "of this address, at either end")
    private String address;
    @Option(names = "--port", paramLabel = "N", description = "of this port, at either end", defaultValue = "-1")
    private int port;
    @Option(names = "--protocol", paramLabel = "NAME", description = "tcp, udp, sctp, icmp, icmpv6 or a number")
    private String protocol;
    @Option(names = "--state", paramLabel = "NAME", description = "as nf_conntrack calls it: ESTABLISHED, REPLIED, …")
    private String state;
    @Option(names = "--limit", paramLabel = "N", defaultValue = "1000",
        description = "print so many at most, 0 = all; all are counted (default: ${DEFAULT-VALUE})")
    private long limit;
    @Option(names = "--json", description = "print {\"flows\": [...], \"matched\", \"total\"}")
    private boolean json;

    private final FlowSnapshot flow = new FlowSnapshot();
    private final long nowMs = BootClock.read().bootMs(System.nanoTime());
    private long total;
    private long matched;
    private boolean readerHasGone;

    @Override
    public Integer call() throws IOException {
        final Map<Integer, String> pods = pods();
        final FlowFilter filter = filter(pods);
        final FlowText text = new FlowText(pods);
        final PrintWriter out = new PrintWriter(spec.commandLine().getOut(), false);
        out.print(json ? "{\"flows\":[" : "");
        for (final Path file : files()) {
            try (FlowReader reader = FlowReader.open(file)) {
                list(reader, filter, text, out);
            }
            if (readerHasGone) {
                return ExitCode.OK;
            }
        }
        out.println(json ? "],\"matched\":" + matched + ",\"total\":" + total + "}"
            : matched + " of " + total + " flows match"
            + (limit > 0 && matched > limit ? "; the first " + limit + " are shown (--limit 0 shows all)" : ""));
        out.flush();
        spec.commandLine().getOut().flush();
        return matched > 0 ? ExitCode.OK : ExitCode.NO;
    }

    private void list(final FlowReader reader, final FlowFilter filter, final FlowText text, final PrintWriter out) {
        final int slots = reader.slotCount();
        for (int slot = 0; slot < slots && !readerHasGone; slot++) {
            if (!reader.read(slot, flow)) {
                continue;
            }
            total++;
            if (filter.matches(flow)) {
                matched++;
                if (limit == 0 || matched <= limit) {
                    print(text, out);
                }
            }
        }
    }

    private void print(final FlowText text, final PrintWriter out) {
        /* Times of records are the low words of milliseconds since boot. */
        final long idleSeconds = TimeUnit.MILLISECONDS.toSeconds(Math.max(0, (int)nowMs - flow.lastSeenMs));
        if (json) {
            out.print(matched == 1 ? "\n" : ",\n");
            out.append(text.json(flow, idleSeconds));
        } else {
            out.append(text.line(flow, idleSeconds)).append('\n');
        }
        /* Whoever has seen enough (head, less) closes the pipe; writer and stream only tell when they are asked. */
        readerHasGone = matched % FLOWS_BETWEEN_CHECKS == 0 && (out.checkError() || System.out.checkError());
    }

    private List<Path> files() throws IOException {
        final Path folder = directory != null ? directory
            : engine.adminSocket().toAbsolutePath().resolveSibling("conntrack");
        if (!Files.isDirectory(folder)) {
            throw new IOException("no flows in " + folder + ": no engine has run here, or it keeps them elsewhere"
                + " (--directory)");
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches("ipv[46]-flows-\\d+")).sorted().toList();
        }
    }

    /** Names by interface, as far as an engine runs that knows them. */
    private Map<Integer, String> pods() throws IOException {
        final Map<Integer, String> pods = new HashMap<>();
        if (Files.exists(engine.adminSocket())) {
            for (final JsonNode workload : engine.ask("status").path("workloads")) {
                pods.put(workload.path("ifindex").asInt(), workload.path("name").asText());
            }
        }
        return pods;
    }

    private FlowFilter filter(final Map<Integer, String> pods) {
        final Set<Integer> interfaces = pod == null ? null : pods.entrySet().stream()
            .filter(each -> each.getValue().contains(pod)).map(Map.Entry::getKey).collect(Collectors.toSet());
        return new FlowFilter(protocolNumber(), port, address == null ? null : literal(), state, interfaces);
    }

    private InetAddress literal() {
        try {
            return InetAddress.ofLiteral(address);
        } catch (final IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), "--address " + address + " is no IP address", wrong);
        }
    }

    private int protocolNumber() {
        if (protocol == null) {
            return FlowFilter.ANY;
        }
        final Integer known = PROTOCOLS.get(protocol.toLowerCase(Locale.ROOT));
        if (known != null) {
            return known;
        }
        try {
            return Integer.parseInt(protocol);
        } catch (final NumberFormatException wrong) {
            throw new ParameterException(spec.commandLine(), "--protocol " + protocol + " is none of "
                + PROTOCOLS.keySet().stream().sorted().toList() + " and no number", wrong);
        }
    }
}
