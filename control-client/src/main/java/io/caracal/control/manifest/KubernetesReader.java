package io.caracal.control.manifest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.control.manifest.ManifestModel.Backends;
import io.caracal.control.manifest.ManifestModel.ProfileResource;
import io.caracal.control.manifest.ManifestModel.Workload;
import io.caracal.control.manifest.SetMembership.NamedPort;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.ServicePort;
import io.caracal.control.proto.ServiceUpdate;
import io.caracal.control.proto.WorkloadEndpoint;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Kubernetes' Pod, Namespace, ServiceAccount, Service and EndpointSlice as Calico's Kubernetes datastore takes them
 * (libcalico-go/lib/backend/k8s/conversion). Only the fields that matter are read: these kinds have hundreds.
 */
final class KubernetesReader {
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final String SOURCES_ANNOTATION = "cni.projectcalico.org/allowedSourcePrefixes";
    private static final String ADDRESSES_ANNOTATION = "cni.projectcalico.org/podIPs";
    private static final CompiledRules ALLOW =
        new CompiledRules(List.of(Rule.newBuilder().setAction("allow").build()), List.of());

    private final ManifestModel model;

    KubernetesReader(final ManifestModel model) {
        this.model = model;
    }

    void readPod(final ManifestFields root) {
        final ManifestFields metadata = root.at("/metadata");
        final String name = metadata.required("name");
        final String namespace = namespace(metadata);
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null || spec.flag("hostNetwork")) {
            return;
        }
        final String node = spec.optional("nodeName");
        final List<Prefix> addresses = addresses(root);
        if (node.isEmpty() || addresses.isEmpty()) {
            root.notApplied("spec/nodeName", "or an address is missing: the pod is not on a node yet");
            return;
        }
        final String account = spec.optional("serviceAccountName").isEmpty() ? "default"
            : spec.optional("serviceAccountName");
        final List<String> profiles = List.of("kns." + namespace, "ksa." + namespace + "." + account);
        final Map<String, String> labels = new TreeMap<>(metadata.map("labels"));
        labels.put(PeerReader.NAMESPACE_LABEL, namespace);
        labels.put("projectcalico.org/orchestrator", "k8s");
        labels.put(PeerReader.SERVICE_ACCOUNT_LABEL, account);
        final WorkloadEndpoint.Builder endpoint = WorkloadEndpoint.newBuilder().setState("active")
            .setName(Hashes.interfaceName("cali", namespace, name)).addAllProfileIds(profiles)
            .addAllAllowSpoofedSourcePrefixes(texts(metadata, SOURCES_ANNOTATION));
        for (final Prefix address : addresses) {
            if (address.v6()) {
                endpoint.addIpv6Nets(CidrText.cidr(address));
            } else {
                endpoint.addIpv4Nets(CidrText.cidr(address));
            }
        }
        model.workloads.add(new Workload(root.object(), node, WorkloadEndpointID.newBuilder().setOrchestratorId("k8s")
            .setWorkloadId(namespace + "/" + name).setEndpointId("eth0").build(), endpoint.build(),
            new SetMembership(labels, profiles, addresses, ports(spec))));
        addNamespace(root.object(), namespace, Map.of());
        addServiceAccount(root.object(), namespace, account, Map.of());
    }

    private static String namespace(final ManifestFields metadata) {
        return metadata.optional("namespace").isEmpty() ? "default" : metadata.optional("namespace");
    }

    /** As the CNI plugin notes them, else as kubelet does. A pod that has ended has none. */
    private static List<Prefix> addresses(final ManifestFields root) {
        final List<Prefix> addresses = new ArrayList<>();
        final ManifestFields status = root.part("status");
        final String phase = status == null ? "" : status.optional("phase");
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            return addresses;
        }
        final String noted = root.at("/metadata").map("annotations").getOrDefault(ADDRESSES_ANNOTATION, "");
        for (final String text : noted.split(",")) {
            addAddress(root, text.strip(), addresses);
        }
        if (status != null && addresses.isEmpty()) {
            status.objects("podIPs").forEach(entry -> addAddress(entry, entry.optional("ip"), addresses));
            if (addresses.isEmpty()) {
                addAddress(status, status.optional("podIP"), addresses);
            }
        }
        return addresses;
    }

    private static void addAddress(final ManifestFields fields, final String text, final List<Prefix> addresses) {
        final Prefix address = text.isEmpty() ? null : fields.read("", text, EndpointReader::prefix);
        if (address != null) {
            addresses.add(address);
        }
    }

    /** An annotation that holds a JSON list of texts. */
    private static List<String> texts(final ManifestFields metadata, final String annotation) {
        final String json = metadata.map("annotations").getOrDefault(annotation, "");
        final List<String> texts = new ArrayList<>();
        try {
            final JsonNode list = json.isEmpty() ? null : new JsonMapper().readTree(json);
            if (list != null) {
                list.forEach(text -> texts.add(CidrText.cidr(EndpointReader.prefix(text.asText()))));
            }
        } catch (final JsonProcessingException | IllegalArgumentException e) {
            metadata.refuse("/annotations", annotation + " is no JSON list of CIDRs: " + e.getMessage());
        }
        return texts;
    }

    private static List<NamedPort> ports(final ManifestFields spec) {
        final List<NamedPort> ports = new ArrayList<>();
        for (final String list : List.of("containers", "initContainers")) {
            for (final ManifestFields container : spec.objects(list)) {
                for (final ManifestFields port : container.objects("ports")) {
                    final Integer number = port.whole("containerPort", 0, PortRange.MAX_PORT);
                    if (number != null && !port.optional("name").isEmpty()) {
                        ports.add(new NamedPort(port.optional("name"), protocol(port), number));
                    }
                }
            }
        }
        return ports;
    }

    private static int protocol(final ManifestFields port) {
        return switch (port.oneOf("protocol", "TCP", "UDP", "SCTP")) {
            case "UDP" -> IpProtocol.UDP;
            case "SCTP" -> IpProtocol.SCTP;
            default -> IpProtocol.TCP;
        };
    }

    void readNamespace(final ManifestFields root) {
        final ManifestFields metadata = root.at("/metadata");
        addNamespace(root.object(), metadata.required("name"), metadata.map("labels"));
    }

    /** A namespace's profile allows everything and brings its labels; one that a pod only implies has no labels. */
    private void addNamespace(final ManifestObject origin, final String name, final Map<String, String> labels) {
        final Map<String, String> applied = new TreeMap<>();
        applied.put(PeerReader.NAMESPACE_PREFIX + "kubernetes.io/metadata.name", name);
        labels.forEach((label, value) -> applied.put(PeerReader.NAMESPACE_PREFIX + label, value));
        applied.put(PeerReader.NAMESPACE_PREFIX + "projectcalico.org/name", name);
        addProfile("kns." + name, new ProfileResource(origin, applied, ALLOW, ALLOW), origin);
    }

    void readServiceAccount(final ManifestFields root) {
        final ManifestFields metadata = root.at("/metadata");
        addServiceAccount(root.object(), namespace(metadata), metadata.required("name"), metadata.map("labels"));
    }

    private void addServiceAccount(final ManifestObject origin, final String namespace, final String name,
        final Map<String, String> labels) {
        final Map<String, String> applied = new TreeMap<>();
        labels.forEach((label, value) -> applied.put(PeerReader.SERVICE_ACCOUNT_PREFIX + label, value));
        applied.put(PeerReader.SERVICE_ACCOUNT_PREFIX + "projectcalico.org/name", name);
        addProfile("ksa." + namespace + "." + name,
            new ProfileResource(origin, applied, CompiledRules.NONE, CompiledRules.NONE), origin);
    }

    /** What an object of its own says goes before what pods imply, whichever comes first. */
    private void addProfile(final String name, final ProfileResource profile, final ManifestObject origin) {
        if ("Pod".equals(origin.kind())) {
            model.profiles.putIfAbsent(name, profile);
        } else {
            model.profiles.put(name, profile);
        }
    }

    void readService(final ManifestFields root) {
        final ManifestFields metadata = root.at("/metadata");
        final String namespace = namespace(metadata);
        final String name = metadata.required("name");
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null) {
            return;
        }
        final List<String> clusterAddresses = spec.texts("clusterIPs");
        final String only = spec.optional("clusterIP");
        final ServiceUpdate.Builder service = ServiceUpdate.newBuilder().setName(name).setNamespace(namespace)
            .setType(spec.oneOf("type", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"))
            .addAllClusterIps(clusterAddresses.isEmpty() && !only.isEmpty() ? List.of(only) : clusterAddresses)
            .setLoadbalancerIp(spec.optional("loadBalancerIP")).addAllExternalIps(spec.texts("externalIPs"));
        for (final ManifestFields port : spec.objects("ports")) {
            final Integer number = port.whole("port", 1, PortRange.MAX_PORT);
            final Integer nodePort = port.whole("nodePort", 0, PortRange.MAX_PORT);
            service.addPorts(ServicePort.newBuilder().setProtocol(port.oneOf("protocol", "TCP", "UDP", "SCTP"))
                .setPort(number == null ? 0 : number).setNodePort(nodePort == null ? 0 : nodePort));
        }
        final ManifestFields balancer = root.at("/status").part("loadBalancer");
        if (balancer != null) {
            balancer.objects("ingress").forEach(entry -> service.addLoadbalancerIngressIps(entry.optional("ip")));
        }
        model.services.put(namespace + "/" + name, service.build());
    }

    void readEndpointSlice(final ManifestFields root) {
        final ManifestFields metadata = root.at("/metadata");
        final String service = metadata.map("labels").getOrDefault(SERVICE_LABEL, "");
        if (service.isEmpty() || "FQDN".equals(root.optional("addressType"))) {
            return;
        }
        final List<Prefix> addresses = new ArrayList<>();
        root.objects("endpoints").forEach(entry -> addresses.addAll(EndpointReader.prefixes(entry, "addresses")));
        final List<NamedPort> ports = new ArrayList<>();
        for (final ManifestFields port : root.objects("ports")) {
            final Integer number = port.whole("port", 0, PortRange.MAX_PORT);
            if (number != null) {
                ports.add(new NamedPort(port.optional("name"), protocol(port), number));
            }
        }
        model.backends.add(new Backends(namespace(metadata) + "/" + service, addresses, ports));
    }
}
