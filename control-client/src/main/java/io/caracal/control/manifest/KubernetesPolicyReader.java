package io.caracal.control.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caracal.control.ControlProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Kubernetes' NetworkPolicy, ClusterNetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy: rewritten as the
 * Calico policies that Calico's Kubernetes datastore makes of them (libcalico-go/lib/backend/k8s/conversion), which
 * {@link PolicyReader} then reads. Lines in messages are those of the nearest part that both have.
 */
final class KubernetesPolicyReader {
    private static final int NETWORK_POLICY_ORDER = 1000;
    private static final Set<String> PEER_FIELDS =
        Set.of("namespaces", "pods", "networks", "ipBlock", "namespaceSelector", "podSelector");

    private final PolicyReader policies;
    private final List<ControlProblem> problems;

    KubernetesPolicyReader(final PolicyReader policies, final List<ControlProblem> problems) {
        this.policies = policies;
        this.problems = problems;
    }

    void readNetworkPolicy(final ManifestFields root) {
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null) {
            return;
        }
        spec.allowOnly(Set.of("podSelector", "policyTypes", "ingress", "egress"));
        final ObjectNode calico = policy(root, "KubernetesNetworkPolicy");
        final ObjectNode target = calico.putObject("spec");
        target.put("order", NETWORK_POLICY_ORDER);
        target.put("selector", LabelSelectors.pods(spec.part("podSelector")));
        final List<String> types = spec.texts("policyTypes");
        final ArrayNode targetTypes = target.putArray("types");
        (types.isEmpty() ? List.of("Ingress") : types).forEach(targetTypes::add);
        final ArrayNode ingress = target.putArray("ingress");
        spec.objects("ingress").forEach(rule -> addRules(ingress, rule, "from", true, "Allow"));
        final ArrayNode egress = target.putArray("egress");
        spec.objects("egress").forEach(rule -> addRules(egress, rule, "to", false, "Allow"));
        if (calico.path("metadata").path("namespace").asText().isEmpty()) {
            ((ObjectNode)calico.get("metadata")).put("namespace", "default");
        }
        policies.readNamespaced(fields(root, calico));
    }

    /** A policy without subject-specific kinds: v1alpha2 names its tier, the older kinds are one tier each. */
    void readClusterPolicy(final ManifestFields root) {
        final ManifestFields spec = root.requiredPart("spec");
        if (spec != null) {
            final String tier = spec.oneOf("tier", "Admin", "Baseline");
            readGlobal(root, spec, "KubernetesClusterNetworkPolicy",
                "Admin".equals(tier) ? "kube-admin" : "kube-baseline");
        }
    }

    void readAdminPolicy(final ManifestFields root) {
        final ManifestFields spec = root.requiredPart("spec");
        if (spec != null) {
            readGlobal(root, spec, "KubernetesAdminNetworkPolicy", "kube-admin");
        }
    }

    void readBaselinePolicy(final ManifestFields root) {
        final ManifestFields spec = root.requiredPart("spec");
        if (spec != null) {
            readGlobal(root, spec, "KubernetesBaselineAdminNetworkPolicy", "kube-baseline");
        }
    }

    private void readGlobal(final ManifestFields root, final ManifestFields spec, final String kind,
        final String tier) {
        spec.allowOnly(Set.of("tier", "priority", "subject", "ingress", "egress"));
        final ManifestFields subject = spec.requiredPart("subject");
        if (subject == null) {
            return;
        }
        final ObjectNode calico = policy(root, kind);
        final ObjectNode target = calico.putObject("spec");
        final Integer priority = spec.whole("priority", 0, 1000);
        target.put("tier", tier).put("order", priority == null ? 0 : priority);
        putSubject(subject, target);
        final ArrayNode types = target.putArray("types");
        final ArrayNode ingress = target.putArray("ingress");
        final ArrayNode egress = target.putArray("egress");
        spec.objects("ingress").forEach(rule -> addRules(ingress, rule, "from", true, action(rule)));
        spec.objects("egress").forEach(rule -> addRules(egress, rule, "to", false, action(rule)));
        if (!ingress.isEmpty()) {
            types.add("Ingress");
        }
        if (!egress.isEmpty()) {
            types.add("Egress");
        }
        policies.readGlobal(fields(root, calico));
    }

    private static void putSubject(final ManifestFields subject, final ObjectNode target) {
        subject.allowOnly(Set.of("namespaces", "pods"));
        final ManifestFields pods = subject.part("pods");
        if (pods != null) {
            target.put("namespaceSelector", LabelSelectors.namespaces(pods.part("namespaceSelector")));
            target.put("selector", LabelSelectors.pods(pods.part("podSelector")));
        } else if (subject.has("namespaces")) {
            target.put("namespaceSelector", LabelSelectors.namespaces(subject.part("namespaces")));
            target.put("selector", LabelSelectors.pods(null));
        } else {
            subject.refuse("/namespaces", "or pods is required");
        }
    }

    private static String action(final ManifestFields rule) {
        return switch (rule.required("action")) {
            case "Accept", "Allow" -> "Allow";
            case "Deny" -> "Deny";
            case "Pass" -> "Pass";
            default -> {
                rule.refuse("/action", "is none of Accept, Allow, Deny, Pass");
                yield "Deny";
            }
        };
    }

    /** One rule for each protocol and peer, protocols first, as Calico orders them. */
    private static void addRules(final ArrayNode target, final ManifestFields rule, final String peerField,
        final boolean ingress, final String action) {
        rule.allowOnly(Set.of("name", "action", "ports", "protocols", peerField));
        final List<ObjectNode> peers = new ArrayList<>();
        rule.objects(peerField).forEach(peer -> addPeer(peers, peer));
        if (peers.isEmpty()) {
            peers.add(JsonNodeFactory.instance.objectNode());
        }
        KubernetesPorts.of(rule).forEach((protocol, ports) -> {
            for (final ObjectNode peer : peers) {
                final ObjectNode calico = target.addObject().put("action", action);
                if (!protocol.isEmpty()) {
                    calico.put("protocol", protocol);
                }
                final ObjectNode far = peer.deepCopy();
                final ObjectNode destination = ingress ? JsonNodeFactory.instance.objectNode() : far;
                if (!ports.isEmpty()) {
                    ports.forEach(destination.putArray("ports")::add);
                }
                if (ingress) {
                    calico.set("source", far);
                }
                calico.set("destination", destination);
                if (!rule.optional("name").isEmpty()) {
                    calico.putObject("metadata").putObject("annotations")
                        .put("name", rule.optional("name"));
                }
            }
        });
    }

    private static void addPeer(final List<ObjectNode> peers, final ManifestFields peer) {
        peer.allowOnly(PEER_FIELDS);
        final ObjectNode target = JsonNodeFactory.instance.objectNode();
        final ManifestFields block = peer.part("ipBlock");
        final ManifestFields pods = peer.part("pods");
        if (block != null) {
            block.allowOnly(Set.of("cidr", "except"));
            target.putArray("nets").add(block.required("cidr"));
            block.texts("except").forEach(target.putArray("notNets")::add);
        } else if (peer.isPresent("networks")) {
            peer.texts("networks").forEach(target.putArray("nets")::add);
        } else if (pods != null) {
            target.put("selector", LabelSelectors.pods(pods.part("podSelector")));
            target.put("namespaceSelector", LabelSelectors.namespaces(pods.part("namespaceSelector")));
        } else if (peer.has("namespaces")) {
            target.put("namespaceSelector", LabelSelectors.namespaces(peer.part("namespaces")));
        } else if (peer.has("podSelector") || peer.has("namespaceSelector")) {
            target.put("selector", LabelSelectors.pods(peer.part("podSelector")));
            if (peer.has("namespaceSelector")) {
                target.put("namespaceSelector", LabelSelectors.namespaces(peer.part("namespaceSelector")));
            }
        } else {
            peer.refuse("", "selects nothing that is supported");
        }
        peers.add(target);
    }

    private static ObjectNode policy(final ManifestFields root, final String kind) {
        final ObjectNode calico = JsonNodeFactory.instance.objectNode();
        calico.put("apiVersion", "projectcalico.org/v3").put("kind", kind);
        final JsonNode metadata = root.value("metadata");
        calico.set("metadata", metadata.isObject() ? metadata.deepCopy() : JsonNodeFactory.instance.objectNode());
        return calico;
    }

    private ManifestFields fields(final ManifestFields root, final ObjectNode calico) {
        final ManifestObject origin = root.object();
        final ManifestObject rewritten = new ManifestObject(origin.file(), calico, origin.base(), origin.lines());
        return new ManifestFields(rewritten, "", problems);
    }
}
