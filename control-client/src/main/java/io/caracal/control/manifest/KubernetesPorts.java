package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.policy.model.PortRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Ports of Kubernetes' policies by protocol, adjoining ones joined to ranges, in Calico's notation. */
final class KubernetesPorts {
    private final Map<String, List<String>> texts = new TreeMap<>();
    private final Set<String> whole = new HashSet<>();

    private KubernetesPorts() {
    }

    /** Ports by protocol; an empty protocol for any, an empty list for all ports. */
    static Map<String, List<String>> of(final ManifestFields rule) {
        final KubernetesPorts ports = new KubernetesPorts();
        rule.objects("ports").forEach(ports::addPort);
        rule.objects("protocols").forEach(ports::addProtocol);
        if (ports.texts.isEmpty()) {
            return Map.of("", List.of());
        }
        final Map<String, List<String>> joined = new TreeMap<>();
        ports.texts.forEach((protocol, list) ->
            joined.put(protocol, ports.whole.contains(protocol) ? List.of() : joined(list)));
        return joined;
    }

    /** Of NetworkPolicy (port, endPort), or of AdminNetworkPolicy (portNumber, portRange, namedPort). */
    private void addPort(final ManifestFields entry) {
        entry.allowOnly(Set.of("protocol", "port", "endPort", "portNumber", "portRange", "namedPort"));
        final ManifestFields number = entry.part("portNumber");
        final ManifestFields range = entry.part("portRange");
        if (number != null) {
            add(protocol(number), port(number, "port"));
        } else if (range != null) {
            add(protocol(range), port(range, "start") + ":" + port(range, "end"));
        } else if (entry.isPresent("namedPort")) {
            add("", entry.optional("namedPort"));
        } else {
            final JsonNode port = entry.value("port");
            final Integer end = entry.whole("endPort", 1, PortRange.MAX_PORT);
            add(protocol(entry), !entry.has("port") ? "" : port.asText() + (end == null ? "" : ":" + end));
        }
    }

    /** Of ClusterNetworkPolicy. */
    private void addProtocol(final ManifestFields entry) {
        entry.allowOnly(Set.of("tcp", "udp", "sctp", "destinationNamedPort"));
        for (final String name : List.of("tcp", "udp", "sctp")) {
            final ManifestFields protocol = entry.part(name);
            if (protocol != null) {
                final ManifestFields port = protocol.part("destinationPort");
                final ManifestFields range = port == null ? null : port.part("range");
                add(name.toUpperCase(Locale.ROOT), port == null ? ""
                    : range == null ? port(port, "number") : port(range, "start") + ":" + port(range, "end"));
            }
        }
        if (entry.isPresent("destinationNamedPort")) {
            add("", entry.optional("destinationNamedPort"));
        }
    }

    private static String protocol(final ManifestFields fields) {
        return fields.oneOf("protocol", "TCP", "UDP", "SCTP");
    }

    private static String port(final ManifestFields fields, final String field) {
        final Integer number = fields.whole(field, 1, PortRange.MAX_PORT);
        if (number == null) {
            fields.refuse("/" + field, "is required");
        }
        return String.valueOf(number);
    }

    private void add(final String protocol, final String port) {
        texts.computeIfAbsent(protocol, key -> new ArrayList<>());
        if (port.isEmpty()) {
            whole.add(protocol);
        } else {
            texts.get(protocol).add(port);
        }
    }

    private static List<String> joined(final List<String> ports) {
        if (ports.size() <= 1) {
            return ports;
        }
        final BitSet numbers = new BitSet();
        final List<String> result = new ArrayList<>();
        for (final String port : ports) {
            if (port.matches("\\d{1,5}(:\\d{1,5})?")) {
                final int colon = port.indexOf(':');
                final int first = Integer.parseInt(colon < 0 ? port : port.substring(0, colon));
                numbers.set(first, Math.max(first, Integer.parseInt(port.substring(colon + 1))) + 1);
            } else {
                result.add(port);
            }
        }
        for (int first = numbers.nextSetBit(0); first >= 0;) {
            final int end = numbers.nextClearBit(first);
            result.add(end == first + 1 ? String.valueOf(first) : first + ":" + (end - 1));
            first = numbers.nextSetBit(end);
        }
        return result;
    }
}
