package io.caracal.control.manifest;

import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.EndpointState;
import io.caracal.control.Ipv4Prefix;
import io.caracal.control.Ipv6Prefix;
import io.caracal.control.MacAddress;
import io.caracal.control.WorkloadEndpointId;
import io.caracal.control.manifest.ManifestModel.Host;
import io.caracal.control.manifest.ManifestModel.Workload;
import io.caracal.control.manifest.SetMembership.NamedPort;
import io.caracal.control.proto.HostEndpoint;
import io.caracal.control.proto.NatInfo;
import io.caracal.control.proto.WorkloadEndpoint;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Calico's WorkloadEndpoint, HostEndpoint, NetworkSet and GlobalNetworkSet (libcalico-go's update processors). */
final class EndpointReader {
    private static final String KUBERNETES = "k8s";
    private static final String ORCHESTRATOR_LABEL = "projectcalico.org/orchestrator";
    private static final Set<String> WORKLOAD_FIELDS = Set.of("orchestrator", "workload", "node", "containerID", "pod",
        "endpoint", "serviceAccountName", "ipNetworks", "ipNATs", "ipv4Gateway", "ipv6Gateway", "profiles",
        "interfaceName", "mac", "ports", "allowSpoofedSourcePrefixes");

    private final ManifestModel model;

    EndpointReader(final ManifestModel model) {
        this.model = model;
    }

    void readWorkload(final ManifestFields root) {
        final ManifestFields spec = root.at("/spec");
        spec.allowOnly(WORKLOAD_FIELDS);
        final String node = spec.required("node");
        final WorkloadEndpointID id = id(root.at("/metadata"), spec);
        final String interfaceName = spec.required("interfaceName");
        final String mac = spec.optional("mac");
        final MacAddress macAddress = mac.isEmpty() ? null : spec.read("/mac", mac, MacAddress::parse);
        final List<Ipv4Prefix> ipv4 = new ArrayList<>();
        final List<Ipv6Prefix> ipv6 = new ArrayList<>();
        readNetworks(spec, ipv4, ipv6);
        final List<NamedPort> ports = ports(spec);
        final List<String> spoofable = cidrs(spec, "allowSpoofedSourcePrefixes");
        if (id == null || interfaceName.isEmpty()) {
            return;
        }
        /* Its constructor knows what cannot be an interface's name. */
        spec.read("/interfaceName", interfaceName, name -> new WorkloadEndpointUpdate(new WorkloadEndpointId(
            id.getOrchestratorId(), id.getWorkloadId(), id.getEndpointId()), EndpointState.ACTIVE, name,
            Optional.ofNullable(macAddress), List.of(), List.of()));
        final WorkloadEndpoint.Builder endpoint = WorkloadEndpoint.newBuilder().setState("active")
            .setName(interfaceName).setMac(macAddress == null ? "" : macAddress.toString())
            .addAllProfileIds(spec.texts("profiles")).addAllAllowSpoofedSourcePrefixes(spoofable)
            .putAllAnnotations(root.at("/metadata").map("annotations"));
        readNats(spec, endpoint);
        final List<Prefix> nets = new ArrayList<>();
        ipv4.forEach(net -> nets.add(Prefix.parse(net.toString())));
        ipv6.forEach(net -> nets.add(Prefix.parse(net.toString())));
        ipv4.forEach(net -> endpoint.addIpv4Nets(net.toString()));
        ipv6.forEach(net -> endpoint.addIpv6Nets(CidrText.cidr(Prefix.parse(net.toString()))));
        model.workloads.add(new Workload(root.object(), node, id, endpoint.build(), new SetMembership(
            workloadLabels(root.at("/metadata"), spec), endpoint.getProfileIdsList(), nets, ports)));
    }

    /** Labels that Calico's API adds where they are missing, and none that only profiles may bring. */
    private static Map<String, String> workloadLabels(final ManifestFields metadata, final ManifestFields spec) {
        final Map<String, String> labels = new TreeMap<>(metadata.map("labels"));
        labels.keySet().removeIf(name -> name.startsWith(PeerReader.NAMESPACE_PREFIX)
            || name.startsWith(PeerReader.SERVICE_ACCOUNT_PREFIX));
        labels.put(PeerReader.NAMESPACE_LABEL, metadata.optional("namespace"));
        labels.put(ORCHESTRATOR_LABEL, spec.optional("orchestrator"));
        final String account = spec.optional("serviceAccountName");
        if (!account.isEmpty()) {
            labels.put(PeerReader.SERVICE_ACCOUNT_LABEL, account);
        }
        return labels;
    }

    private static WorkloadEndpointID id(final ManifestFields metadata, final ManifestFields spec) {
        metadata.required("name");
        final String namespace = metadata.required("namespace");
        final String orchestrator = spec.required("orchestrator");
        final String endpoint = spec.required("endpoint");
        final boolean isPod = KUBERNETES.equals(orchestrator);
        final String workload = spec.required(isPod ? "pod" : "workload");
        if (namespace.isEmpty() || orchestrator.isEmpty() || endpoint.isEmpty() || workload.isEmpty()) {
            return null;
        }
        return WorkloadEndpointID.newBuilder().setOrchestratorId(orchestrator)
            .setWorkloadId(isPod ? namespace + '/' + workload : workload).setEndpointId(endpoint).build();
    }

    private static void readNetworks(final ManifestFields spec, final List<Ipv4Prefix> ipv4,
        final List<Ipv6Prefix> ipv6) {
        final List<String> networks = spec.texts("ipNetworks");
        if (networks.isEmpty() && !spec.isPresent("ipNetworks")) {
            spec.refuse("/ipNetworks", "needs at least one address");
        }
        for (int i = 0; i < networks.size(); i++) {
            final String at = "/ipNetworks/" + i;
            final String network = networks.get(i);
            if (network.indexOf(':') < 0) {
                addOnce(spec, at, spec.read(at, network, Ipv4Prefix::parse), ipv4, Ipv4Prefix.MAX_LENGTH);
            } else {
                addOnce(spec, at, spec.read(at, network, Ipv6Prefix::parse), ipv6, Ipv6Prefix.MAX_LENGTH);
            }
        }
    }

    private static <T> void addOnce(final ManifestFields spec, final String at, final T prefix, final List<T> networks,
        final int addressLength) {
        if (prefix == null) {
            return;
        }
        if (!prefix.toString().endsWith("/" + addressLength)) {
            spec.refuse(at, prefix + " holds more than one address: a workload has /" + addressLength);
        } else if (networks.contains(prefix)) {
            spec.refuse(at, prefix + " is listed twice");
        } else {
            networks.add(prefix);
        }
    }

    private static void readNats(final ManifestFields spec, final WorkloadEndpoint.Builder endpoint) {
        for (final ManifestFields nat : spec.objects("ipNATs")) {
            nat.allowOnly(Set.of("internalIP", "externalIP"));
            final NatInfo info = NatInfo.newBuilder().setIntIp(nat.required("internalIP"))
                .setExtIp(nat.required("externalIP")).build();
            if (info.getIntIp().indexOf(':') < 0) {
                endpoint.addIpv4Nat(info);
            } else {
                endpoint.addIpv6Nat(info);
            }
        }
    }

    /** Named ports; a workload's may be without a name, which is left out. */
    private static List<NamedPort> ports(final ManifestFields spec) {
        final List<NamedPort> ports = new ArrayList<>();
        for (final ManifestFields port : spec.objects("ports")) {
            port.allowOnly(Set.of("name", "port", "protocol", "hostPort", "hostIP"));
            final Integer number = port.whole("port", 0, PortRange.MAX_PORT);
            final Integer protocol = port.read("/protocol", port.value("protocol").asText(), EndpointReader::protocol);
            if (number != null && protocol != null && !port.optional("name").isEmpty()) {
                ports.add(new NamedPort(port.optional("name"), protocol, number));
            }
        }
        return ports;
    }

    private static Integer protocol(final String text) {
        try {
            return IpProtocol.parse(text);
        } catch (final PolicyException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    static List<String> cidrs(final ManifestFields fields, final String field) {
        return prefixes(fields, field).stream().map(CidrText::cidr).toList();
    }

    static List<Prefix> prefixes(final ManifestFields fields, final String field) {
        final List<Prefix> prefixes = new ArrayList<>();
        final List<String> texts = fields.texts(field);
        for (int i = 0; i < texts.size(); i++) {
            final Prefix prefix = fields.read("/" + field + "/" + i, texts.get(i), EndpointReader::prefix);
            if (prefix != null) {
                prefixes.add(prefix);
            }
        }
        return prefixes;
    }

    static Prefix prefix(final String text) {
        try {
            return Prefix.parse(text);
        } catch (final PolicyException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    void readHost(final ManifestFields root) {
        final String name = root.at("/metadata").required("name");
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null) {
            return;
        }
        spec.allowOnly(Set.of("node", "interfaceName", "expectedIPs", "profiles", "ports"));
        final String node = spec.required("node");
        final HostEndpoint.Builder endpoint = HostEndpoint.newBuilder().setName(spec.optional("interfaceName"))
            .addAllProfileIds(spec.texts("profiles"));
        final List<Prefix> addresses = prefixes(spec, "expectedIPs");
        for (final Prefix address : addresses) {
            if (address.v6()) {
                endpoint.addExpectedIpv6Addrs(CidrText.address(address));
            } else {
                endpoint.addExpectedIpv4Addrs(CidrText.address(address));
            }
        }
        if (endpoint.getName().isEmpty() && addresses.isEmpty()) {
            spec.refuse("/interfaceName", "or expectedIPs is required");
        }
        model.hosts.add(new Host(root.object(), node, name, endpoint.build(), new SetMembership(
            root.at("/metadata").map("labels"), endpoint.getProfileIdsList(), addresses, ports(spec))));
    }

    /** NetworkSet, whose namespace's labels it inherits, and GlobalNetworkSet. */
    void readNetworkSet(final ManifestFields root, final boolean namespaced) {
        final ManifestFields metadata = root.at("/metadata");
        metadata.required("name");
        final Map<String, String> labels = metadata.map("labels");
        final List<String> profiles = new ArrayList<>();
        if (namespaced) {
            final String namespace = metadata.required("namespace");
            labels.put(PeerReader.NAMESPACE_LABEL, namespace);
            profiles.add("kns." + namespace);
        }
        final ManifestFields spec = root.part("spec");
        final List<Prefix> nets = new ArrayList<>();
        if (spec != null) {
            spec.allowOnly(Set.of("nets"));
            prefixes(spec, "nets").forEach(net -> nets.addAll(halves(net)));
        }
        model.networkSets.add(new SetMembership(labels, profiles, nets, List.of()));
    }

    /** Felix tells a set that holds every address as its two halves, since ipset cannot hold a /0. */
    private static List<Prefix> halves(final Prefix net) {
        if (net.length() != 0) {
            return List.of(net);
        }
        return List.of(new Prefix(net.v6(), 0, 0, 1), new Prefix(net.v6(), Long.MIN_VALUE, 0, 1));
    }
}
