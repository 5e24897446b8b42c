package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.control.proto.HTTPMatch;
import io.caracal.control.proto.IPVersion;
import io.caracal.control.proto.IcmpTypeAndCode;
import io.caracal.control.proto.Protocol;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.RuleMetadata;
import io.caracal.control.proto.ServiceAccountMatch;
import io.caracal.policy.model.IpProtocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Rules of Calico's own kinds → messages (felix/calc/rule_scanner.go, libcalico-go
 * syncersv1/updateprocessors/rules.go). One reader reads one list; what is wrong is noted with its line, and the rule
 * is left out.
 */
final class RuleReader {
    private static final Set<String> RULE_FIELDS = Set.of("action", "ipVersion", "protocol", "notProtocol", "icmp",
        "notICMP", "source", "destination", "http", "metadata");
    private static final Map<String, String> PROTOCOLS = Map.of("TCP", "tcp", "UDP", "udp", "ICMP", "icmp", "ICMPV6",
        "icmpv6", "SCTP", "sctp", "UDPLITE", "udplite");
    private static final int ICMP_MAX = 255;

    private final String namespace;
    private final List<Rule> rules = new ArrayList<>();
    private final List<IpSetDefinition> sets = new ArrayList<>();

    private RuleReader(final String namespace) {
        this.namespace = namespace;
    }

    /** The rules of a list, for a policy in a namespace (empty for global ones and for profiles). */
    static CompiledRules read(final List<ManifestFields> list, final String namespace) {
        final RuleReader reader = new RuleReader(namespace);
        list.forEach(reader::read);
        return new CompiledRules(List.copyOf(reader.rules), List.copyOf(reader.sets));
    }

    private void read(final ManifestFields fields) {
        fields.allowOnly(RULE_FIELDS);
        final Rule.Builder rule = Rule.newBuilder().setAction(action(fields));
        final Protocol protocol = protocol(fields, "protocol");
        if (protocol != null) {
            rule.setProtocol(protocol);
        }
        final Protocol notProtocol = protocol(fields, "notProtocol");
        if (notProtocol != null) {
            rule.setNotProtocol(notProtocol);
        }
        rule.setIpVersion(ipVersion(fields, protocol));
        readIcmp(fields, rule);
        final int portProtocol = protocol == null ? IpSetDefinition.ANY_PROTOCOL : portProtocol(protocol);
        final PeerReader source = new PeerReader(fields.part("source"), namespace, portProtocol);
        final PeerReader destination = new PeerReader(fields.part("destination"), namespace, portProtocol);
        putSource(rule, source);
        putDestination(rule, destination);
        readLayer7(fields, rule);
        sets.addAll(source.sets());
        sets.addAll(destination.sets());
        rules.add(rule.build());
    }

    private static String action(final ManifestFields fields) {
        final String action = fields.required("action");
        return switch (action) {
            case "Allow", "Deny", "Log" -> action.toLowerCase(Locale.ROOT);
            case "Pass" -> "next-tier";
            default -> {
                if (!action.isEmpty()) {
                    fields.refuse("/action", "is " + action + ", none of Allow, Deny, Log, Pass");
                }
                yield "deny";
            }
        };
    }

    /** A name in any case, or a number. */
    private static Protocol protocol(final ManifestFields fields, final String field) {
        final JsonNode value = fields.value(field);
        if (value.isIntegralNumber() && value.asLong() >= 1 && value.asLong() <= IpProtocol.MAX) {
            return Protocol.newBuilder().setNumber(value.asInt()).build();
        }
        final String name = PROTOCOLS.get(value.asText().toUpperCase(Locale.ROOT));
        if (name != null && value.isTextual()) {
            return Protocol.newBuilder().setName(name).build();
        }
        if (fields.has(field)) {
            fields.refuse("/" + field, "is " + value.asText()
                + ", neither TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite nor a number from 1 to 255");
        }
        return null;
    }

    /** Named ports know three protocols, and Felix takes every other for TCP (ipset_port_protocol.go). */
    private static int portProtocol(final Protocol protocol) {
        final int number = protocol.hasName() ? IpProtocol.parse(protocol.getName()) : protocol.getNumber();
        return number == IpProtocol.UDP || number == IpProtocol.SCTP ? number : IpProtocol.TCP;
    }

    private static IPVersion ipVersion(final ManifestFields fields, final Protocol protocol) {
        final Integer version = fields.whole("ipVersion", 4, 6);
        if (version == null) {
            final String name = protocol == null ? "" : protocol.getName();
            return "icmp".equals(name) ? IPVersion.IPV4 : "icmpv6".equals(name) ? IPVersion.IPV6 : IPVersion.ANY;
        }
        if (version == 5) {
            fields.refuse("/ipVersion", "must be 4 or 6");
        }
        return version == 4 ? IPVersion.IPV4 : IPVersion.IPV6;
    }

    private static void readIcmp(final ManifestFields fields, final Rule.Builder rule) {
        final IcmpTypeAndCode icmp = icmp(fields.part("icmp"));
        if (icmp != null && icmp.getCode() < 0) {
            rule.setIcmpType(icmp.getType());
        } else if (icmp != null) {
            rule.setIcmpTypeCode(icmp);
        }
        final IcmpTypeAndCode notIcmp = icmp(fields.part("notICMP"));
        if (notIcmp != null && notIcmp.getCode() < 0) {
            rule.setNotIcmpType(notIcmp.getType());
        } else if (notIcmp != null) {
            rule.setNotIcmpTypeCode(notIcmp);
        }
    }

    /** Type and code; a code of -1 where there is only a type; null where there is neither. */
    private static IcmpTypeAndCode icmp(final ManifestFields fields) {
        if (fields == null) {
            return null;
        }
        fields.allowOnly(Set.of("type", "code"));
        final Integer type = fields.whole("type", 0, ICMP_MAX);
        final Integer code = fields.whole("code", 0, ICMP_MAX);
        if (type == null && code != null) {
            fields.refuse("/type", "is required with a code");
        }
        return type == null ? null
            : IcmpTypeAndCode.newBuilder().setType(type).setCode(code == null ? -1 : code).build();
    }

    private static void putSource(final Rule.Builder rule, final PeerReader peer) {
        rule.addAllSrcNet(peer.nets()).addAllSrcPorts(peer.ports()).addAllSrcNamedPortIpSetIds(peer.namedPortSets())
            .addAllSrcIpSetIds(peer.selectorSets()).addAllNotSrcNet(peer.notNets()).addAllNotSrcPorts(peer.notPorts())
            .addAllNotSrcNamedPortIpSetIds(peer.notNamedPortSets()).addAllNotSrcIpSetIds(peer.notSelectorSets())
            .setOriginalSrcSelector(peer.text("selector"))
            .setOriginalSrcNamespaceSelector(peer.text("namespaceSelector"))
            .setOriginalNotSrcSelector(peer.text("notSelector"));
        if (!peer.service().isEmpty()) {
            rule.addSrcIpSetIds(peer.add(IpSetDefinition.serviceAddresses(peer.service())))
                .setOriginalSrcService(peer.serviceName()).setOriginalSrcServiceNamespace(peer.serviceNamespace());
        }
        final ServiceAccountMatch accounts = peer.serviceAccounts();
        if (accounts != null) {
            rule.setSrcServiceAccountMatch(accounts);
        }
    }

    private static void putDestination(final Rule.Builder rule, final PeerReader peer) {
        rule.addAllDstNet(peer.nets()).addAllDstPorts(peer.ports()).addAllDstNamedPortIpSetIds(peer.namedPortSets())
            .addAllDstIpSetIds(peer.selectorSets()).addAllNotDstNet(peer.notNets()).addAllNotDstPorts(peer.notPorts())
            .addAllNotDstNamedPortIpSetIds(peer.notNamedPortSets()).addAllNotDstIpSetIds(peer.notSelectorSets())
            .setOriginalDstSelector(peer.text("selector"))
            .setOriginalDstNamespaceSelector(peer.text("namespaceSelector"))
            .setOriginalNotDstSelector(peer.text("notSelector"));
        if (!peer.service().isEmpty()) {
            rule.addDstIpPortSetIds(peer.add(IpSetDefinition.servicePorts(peer.service())))
                .setOriginalDstService(peer.serviceName()).setOriginalDstServiceNamespace(peer.serviceNamespace());
        }
        final ServiceAccountMatch accounts = peer.serviceAccounts();
        if (accounts != null) {
            rule.setDstServiceAccountMatch(accounts);
        }
    }

    /** Passed on as Felix does, and refused by name where rules are enforced. */
    private static void readLayer7(final ManifestFields fields, final Rule.Builder rule) {
        final ManifestFields http = fields.part("http");
        if (http != null) {
            http.allowOnly(Set.of("methods", "paths"));
            rule.setHttpMatch(HTTPMatch.newBuilder().addAllMethods(http.texts("methods")));
        }
        final ManifestFields metadata = fields.part("metadata");
        if (metadata != null) {
            metadata.allowOnly(Set.of("annotations"));
            rule.setMetadata(RuleMetadata.newBuilder().putAllAnnotations(metadata.map("annotations")));
        }
    }
}
