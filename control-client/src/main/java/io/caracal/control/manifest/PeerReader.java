package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.control.proto.PortRange;
import io.caracal.control.proto.ServiceAccountMatch;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One side of a rule. Selector, namespace selector, service accounts and, where there is a positive selector, the
 * negated one become a single IP set; named ports become sets of their own, restricted by the positive selector.
 */
final class PeerReader {
    static final String NAMESPACE_LABEL = "projectcalico.org/namespace";
    static final String SERVICE_ACCOUNT_LABEL = "projectcalico.org/serviceaccount";
    static final String NAMESPACE_PREFIX = "pcns.";
    static final String SERVICE_ACCOUNT_PREFIX = "pcsa.";

    private static final Set<String> FIELDS = Set.of("nets", "selector", "namespaceSelector", "services", "ports",
        "notNets", "notSelector", "notPorts", "serviceAccounts");

    private final ManifestFields fields;
    private final int portProtocol;
    private final List<IpSetDefinition> sets = new ArrayList<>();
    private final List<PortRange> ports = new ArrayList<>();
    private final List<String> portNames = new ArrayList<>();
    private final List<PortRange> notPorts = new ArrayList<>();
    private final List<String> notPortNames = new ArrayList<>();
    private Selector positive;
    private Selector negative;
    private String service = "";

    /** @param fields null where the rule has no such side. */
    PeerReader(final ManifestFields fields, final String namespace, final int portProtocol) {
        this.fields = fields;
        this.portProtocol = portProtocol;
        if (fields != null) {
            fields.allowOnly(FIELDS);
            readPorts("ports", ports, portNames);
            readPorts("notPorts", notPorts, notPortNames);
            readSelectors(namespace);
            readService(namespace);
        }
    }

    private void readSelectors(final String namespace) {
        final String notText = text("notSelector");
        final String text = selectorText(namespace, notText);
        if (text == null) {
            return;
        }
        if (text.isEmpty()) {
            negative = notText.isEmpty() ? null : fields.read("/notSelector", notText, Selector::parse);
        } else {
            final String combined = notText.isEmpty() ? text : "(" + text + ") && (!(" + notText + "))";
            positive = fields.read("/selector", combined, Selector::parse);
        }
    }

    /** What updateprocessors/rules.go makes of them, text for text; null where a part cannot be read. */
    private String selectorText(final String namespace, final String notText) {
        final String namespaceText = text("namespaceSelector");
        final String own = text("selector");
        if (!isSelector("selector", own) || !isSelector("notSelector", notText)
            || !isSelector("namespaceSelector", namespaceText)) {
            return null;
        }
        final String accounts = serviceAccountSelector();
        if (accounts == null) {
            return null;
        }
        String in = namespace.isEmpty() ? "" : NAMESPACE_LABEL + " == '" + namespace + "'";
        if (!namespaceText.isEmpty()) {
            in = Selector.parse(namespaceText).prefixed(NAMESPACE_PREFIX).toString()
                .replace("all()", "has(" + NAMESPACE_LABEL + ")").replace("global()", "!has(" + NAMESPACE_LABEL + ")");
        }
        final String who = accounts.isEmpty() || own.isEmpty() ? accounts + own : "(" + accounts + ") && (" + own + ")";
        if (in.isEmpty() || who.isEmpty() && notText.isEmpty() && namespaceText.isEmpty()) {
            return who;
        }
        return who.isEmpty() ? in : "(" + in + ") && (" + who + ")";
    }

    private boolean isSelector(final String field, final String text) {
        return fields.read("/" + field, text, Selector::parse) != null;
    }

    private String serviceAccountSelector() {
        final ManifestFields accounts = fields.part("serviceAccounts");
        if (accounts == null) {
            return "";
        }
        accounts.allowOnly(Set.of("names", "selector"));
        final String text = accounts.optional("selector");
        final Selector selector = accounts.read("/selector", text, Selector::parse);
        if (selector == null) {
            return null;
        }
        final String prefixed = text.isEmpty() ? "" : selector.prefixed(SERVICE_ACCOUNT_PREFIX).toString();
        final List<String> names = accounts.texts("names");
        if (names.isEmpty()) {
            return prefixed;
        }
        final String named = Selector.parse(SERVICE_ACCOUNT_LABEL + " in { "
            + names.stream().collect(Collectors.joining("', '", "'", "'")) + " }").toString();
        return prefixed.isEmpty() ? named : "(" + prefixed + ") && (" + named + ")";
    }

    private void readService(final String namespace) {
        final ManifestFields services = fields.part("services");
        if (services != null) {
            services.allowOnly(Set.of("name", "namespace"));
            final String in = services.optional("namespace").isEmpty() ? namespace : services.optional("namespace");
            service = in + "/" + services.required("name");
        }
    }

    private void readPorts(final String field, final List<PortRange> ranges, final List<String> names) {
        final JsonNode list = fields.value(field);
        if (fields.isPresent(field) && !list.isArray()) {
            fields.refuse("/" + field, "must be a list");
            return;
        }
        for (int i = 0; i < list.size(); i++) {
            final String text = list.get(i).isValueNode() ? list.get(i).asText().strip() : "";
            final PortRange range = range(text);
            if (range != null) {
                ranges.add(range);
            } else if (text.matches("[a-zA-Z][a-zA-Z0-9_.-]{0,127}")) {
                names.add(text);
            } else {
                fields.refuse("/" + field + "/" + i,
                    "is '" + text + "', neither a port, a range as 80:90 nor the name of a port");
            }
        }
    }

    private static PortRange range(final String text) {
        if (!text.matches("\\d{1,5}(:\\d{1,5})?")) {
            return null;
        }
        final int colon = text.indexOf(':');
        final int first = Integer.parseInt(colon < 0 ? text : text.substring(0, colon));
        final int last = Integer.parseInt(text.substring(colon + 1));
        return first > last || last > io.caracal.policy.model.PortRange.MAX_PORT ? null
            : PortRange.newBuilder().setFirst(first).setLast(last).build();
    }

    private List<String> nets(final String field) {
        final List<String> nets = new ArrayList<>();
        if (fields == null) {
            return nets;
        }
        final List<String> texts = fields.texts(field);
        for (int i = 0; i < texts.size(); i++) {
            try {
                nets.add(CidrText.cidr(Prefix.parse(texts.get(i))));
            } catch (final PolicyException e) {
                fields.refuse("/" + field + "/" + i, e.getMessage());
            }
        }
        return nets;
    }

    private List<String> namedPorts(final List<String> names) {
        final List<String> ids = new ArrayList<>(names.size());
        for (final String name : names) {
            ids.add(add(IpSetDefinition.namedPort(positive == null ? Selector.ALL : positive, portProtocol, name)));
        }
        return ids;
    }

    /** Notes that the rule needs a set. */
    String add(final IpSetDefinition set) {
        sets.add(set);
        return set.id();
    }

    List<String> nets() {
        return nets("nets");
    }

    List<String> notNets() {
        return nets("notNets");
    }

    List<PortRange> ports() {
        return ports;
    }

    List<PortRange> notPorts() {
        return notPorts;
    }

    List<String> namedPortSets() {
        return namedPorts(portNames);
    }

    List<String> notNamedPortSets() {
        return namedPorts(notPortNames);
    }

    /** A set for the selector; none where named ports alone say it already. */
    List<String> selectorSets() {
        final boolean needed = positive != null && (!ports.isEmpty() || portNames.isEmpty());
        return needed ? List.of(add(IpSetDefinition.selected(positive))) : List.of();
    }

    List<String> notSelectorSets() {
        return negative == null ? List.of() : List.of(add(IpSetDefinition.selected(negative)));
    }

    /** A field's text; empty where the side is not there. */
    String text(final String field) {
        return fields == null ? "" : fields.optional(field);
    }

    String service() {
        return service;
    }

    String serviceName() {
        return service.substring(service.indexOf('/') + 1);
    }

    String serviceNamespace() {
        return service.substring(0, service.indexOf('/'));
    }

    ServiceAccountMatch serviceAccounts() {
        final ManifestFields accounts = fields == null ? null : fields.part("serviceAccounts");
        if (accounts == null) {
            return null;
        }
        final List<String> names = accounts.texts("names");
        final String selector = accounts.optional("selector");
        return names.isEmpty() && selector.isEmpty() ? null
            : ServiceAccountMatch.newBuilder().addAllNames(names).setSelector(selector).build();
    }

    /** Every set that was asked for. */
    List<IpSetDefinition> sets() {
        return sets;
    }
}
