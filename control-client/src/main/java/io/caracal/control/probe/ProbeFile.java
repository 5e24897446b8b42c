package io.caracal.control.probe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a file of probes: a JSON list of objects with {@code from, to, srcIp, dstIp, proto}, where the protocol has
 * them {@code sport, dport, icmpType, icmpCode}, optionally {@code fromEndpoint, toEndpoint} (objects with
 * orchestrator, workload and endpoint), and the expected verdict, {@code allow} or {@code deny}, under the node's own
 * name or {@code node1}. Other keys are left alone.
 */
public final class ProbeFile {
    /** Where the expected verdict stands if no key has the node's name. */
    public static final String EXPECTED_KEY = "node1";

    private static final int BYTE_MAX = 255;

    private ProbeFile() {
    }

    /**
     * Reads all probes.
     *
     * @param file the file.
     * @param node name of the node that decides.
     * @return the probes in the file's order.
     * @throws IOException     when the file cannot be read or is no JSON list.
     * @throws PolicyException naming probe and key that are wrong.
     */
    public static List<Probe> read(final Path file, final String node) throws IOException {
        final JsonNode root;
        try {
            root = new JsonMapper().readTree(file.toFile());
        } catch (final JsonProcessingException e) {
            throw new IOException("read probes of " + file + ": no JSON: " + e.getOriginalMessage() + " at line "
                + e.getLocation().getLineNr(), e);
        }
        if (!root.isArray()) {
            throw new IOException("read probes of " + file + ": expected a JSON list of probes");
        }
        final List<Probe> probes = new ArrayList<>(root.size());
        for (final JsonNode entry : root) {
            try {
                probes.add(probe(entry, node));
            } catch (final PolicyException e) {
                throw e.within(file + " probe " + probes.size());
            }
        }
        return probes;
    }

    private static Probe probe(final JsonNode entry, final String node) {
        final Prefix source = address(entry, "srcIp");
        final Prefix destination = address(entry, "dstIp");
        if (source.v6() != destination.v6()) {
            throw new PolicyException("dstIp", "is of another family than srcIp");
        }
        final int protocol = IpProtocol.parse(required(entry, "proto"));
        final boolean icmp = protocol == (source.v6() ? IpProtocol.ICMPV6 : IpProtocol.ICMP);
        final boolean ports = IpProtocol.hasPorts(protocol);
        final int target = icmp ? number(entry, "icmpType", BYTE_MAX) << Byte.SIZE | number(entry, "icmpCode", BYTE_MAX)
            : ports ? number(entry, "dport", PortRange.MAX_PORT) : 0;
        return new Probe(entry.path("from").asText(), entry.path("to").asText(), endpoint(entry, "fromEndpoint"),
            endpoint(entry, "toEndpoint"), source, destination, protocol,
            ports ? number(entry, "sport", PortRange.MAX_PORT) : 0, target, expected(entry, node));
    }

    private static Prefix address(final JsonNode entry, final String key) {
        final Prefix address = Prefix.parse(required(entry, key));
        if (!address.isHost()) {
            throw new PolicyException(key, "is a network; a packet has one address");
        }
        return address;
    }

    private static String required(final JsonNode entry, final String key) {
        final String text = entry.path(key).asText();
        if (text.isEmpty()) {
            throw new PolicyException(key, "is required");
        }
        return text;
    }

    private static int number(final JsonNode entry, final String key, final int max) {
        final JsonNode value = entry.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return 0;
        }
        if (!value.isIntegralNumber() || value.asLong() < 0 || value.asLong() > max) {
            throw new PolicyException(key, "is no number from 0 to " + max);
        }
        return value.asInt();
    }

    private static String endpoint(final JsonNode entry, final String key) {
        final JsonNode id = entry.path(key);
        return id.isObject() ? id.path("orchestrator").asText() + "/" + id.path("workload").asText() + "/"
            + id.path("endpoint").asText() : "";
    }

    private static Boolean expected(final JsonNode entry, final String node) {
        final String key = entry.has(node) ? node : EXPECTED_KEY;
        final String text = entry.path(key).asText();
        return switch (text) {
            case "" -> null;
            case "allow" -> Boolean.TRUE;
            case "deny" -> Boolean.FALSE;
            default -> throw new PolicyException(key, "is " + text + ", neither allow nor deny");
        };
    }
}
