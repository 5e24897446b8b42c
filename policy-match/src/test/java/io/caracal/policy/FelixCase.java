package io.caracal.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.WorkloadEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** One recorded case: what Felix sent for node1, and packets with what its iptables dataplane did with them. */
final class FelixCase {
    private static final int UPLINK = 2;
    private static final int OVERLAY = 3;
    private static final List<NodeInterface> HOST_INTERFACES = List.of(
        new NodeInterface(UPLINK, "eth0", List.of(Prefix.parse("10.99.0.1"))),
        new NodeInterface(OVERLAY, "vxlan.calico", List.of(Prefix.parse("192.168.166.128"))));
    /** ICMP types that begin a connection for the kernel's tracking (nf_conntrack_proto_icmp.c). */
    private static final Set<Integer> ICMP_QUERIES = Set.of(8, 13, 15, 17);

    private final PolicySet set;
    private final JsonNode probes;

    FelixCase(final Path folder) throws IOException {
        try (InputStream in = Files.newInputStream(folder.resolve("stream.bin.gz"))) {
            set = FelixStream.read(in).policySet(HOST_INTERFACES);
        }
        probes = new ObjectMapper().readTree(folder.resolve("probes.json").toFile());
    }

    PolicySet set() {
        return set;
    }

    Iterable<JsonNode> probes() {
        return probes;
    }

    static boolean allowed(final JsonNode probe) {
        return probe.get("node1").asText().equals("allow");
    }

    /** A source that is not the pod's own is dropped before policy is asked. */
    static boolean spoofed(final JsonNode probe) {
        return probe.get("kind").asText().equals("spoof");
    }

    PolicyPacket packet(final JsonNode probe) {
        final PolicyPacket packet = new PolicyPacket();
        packet.addresses(Prefix.parse(probe.get("srcIp").asText()), Prefix.parse(probe.get("dstIp").asText()));
        final int protocol = IpProtocol.parse(probe.get("proto").asText());
        if (protocol == IpProtocol.ICMP) {
            final int type = probe.get("icmpType").asInt();
            packet.transport(protocol, 0, type << 8 | probe.get("icmpCode").asInt());
            packet.invalid = !ICMP_QUERIES.contains(type);
        } else {
            packet.transport(protocol, probe.get("sport").asInt(), probe.get("dport").asInt());
        }
        final String kind = probe.get("kind").asText();
        return switch (kind) {
            case "local" -> packet.way(pod(probe, "fromEndpoint"), pod(probe, "toEndpoint"));
            case "out" -> packet.way(pod(probe, "fromEndpoint"), OVERLAY);
            case "in" -> packet.way(OVERLAY, pod(probe, "toEndpoint"));
            case "to-host" -> packet.way(pod(probe, "fromEndpoint"), PolicyPacket.HOST);
            case "from-host" -> packet.way(PolicyPacket.HOST, pod(probe, "toEndpoint"));
            case "to-outside" -> packet.way(pod(probe, "fromEndpoint"), UPLINK);
            case "from-outside" -> packet.way(UPLINK, pod(probe, "toEndpoint"));
            case "host-outside" -> packet.way(PolicyPacket.HOST, UPLINK);
            case "outside-host" -> packet.way(UPLINK, PolicyPacket.HOST);
            default -> throw new IllegalArgumentException("kind of probe " + kind);
        };
    }

    private int pod(final JsonNode probe, final String end) {
        final JsonNode id = probe.get(end);
        final String endpointId = id.get("orchestrator").asText() + "/" + id.get("workload").asText() + "/"
            + id.get("endpoint").asText();
        final WorkloadEndpoint endpoint = set.endpoints().workloads().stream()
            .filter(w -> w.id().equals(endpointId)).findFirst().orElseThrow();
        return set.endpoints().interfaces().stream()
            .filter(node -> node.name().equals(endpoint.interfaceName())).findFirst().orElseThrow().index();
    }
}
