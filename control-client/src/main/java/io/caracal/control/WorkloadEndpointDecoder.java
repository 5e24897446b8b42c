package io.caracal.control;

import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A Calico v3 {@code WorkloadEndpoint} (api/pkg/apis/projectcalico/v3 and libcalico-go's conversion to what Felix
 * reads) → the update that Felix would send for it. Wrong fields are refused together; fields that this version does
 * nothing about are named.
 */
final class WorkloadEndpointDecoder {
    static final String KIND = "WorkloadEndpoint";
    static final String API_VERSION = "projectcalico.org/v3";

    private static final String KUBERNETES = "k8s";
    private static final Set<String> TOP_FIELDS = Set.of("apiVersion", "kind", "metadata", "spec");
    private static final Set<String> SPEC_FIELDS = Set.of("orchestrator", "workload", "node", "containerID", "pod",
        "endpoint", "serviceAccountName", "ipNetworks", "ipNATs", "ipv4Gateway", "ipv6Gateway", "profiles",
        "interfaceName", "mac", "ports", "allowSpoofedSourcePrefixes");

    private final ManifestObject object;
    private final List<ControlProblem> problems;
    private final ManifestFields spec;
    private final ManifestFields metadata;

    WorkloadEndpointDecoder(final ManifestObject object, final List<ControlProblem> problems) {
        this.object = object;
        this.problems = problems;
        this.spec = new ManifestFields(object, "/spec", problems);
        this.metadata = new ManifestFields(object, "/metadata", problems);
    }

    /** The endpoint and the node it is on; empty where something was refused (the problems say what). */
    Optional<PlacedEndpoint> decode() {
        final int problemsBefore = refusedCount();
        new ManifestFields(object, "", problems).allowOnly(TOP_FIELDS);
        spec.allowOnly(SPEC_FIELDS);
        final String node = spec.required("node");
        final Optional<WorkloadEndpointId> id = id();
        final String interfaceName = spec.required("interfaceName");
        final String mac = spec.optional("mac");
        final MacAddress macAddress = mac.isEmpty() ? null : spec.read("/mac", mac, MacAddress::parse);
        final List<Ipv4Prefix> ipv4Networks = new ArrayList<>();
        final List<Ipv6Prefix> ipv6Networks = new ArrayList<>();
        readNetworks(ipv4Networks, ipv6Networks);
        if (refusedCount() > problemsBefore) {
            return Optional.empty();
        }
        noteUnsupported();
        final WorkloadEndpointUpdate update = spec.read("/interfaceName", interfaceName,
            name -> new WorkloadEndpointUpdate(id.orElseThrow(), EndpointState.ACTIVE, name,
                Optional.ofNullable(macAddress), ipv4Networks, ipv6Networks));
        return update == null ? Optional.empty() : Optional.of(new PlacedEndpoint(object, node, update));
    }

    private int refusedCount() {
        return (int)problems.stream().filter(problem -> problem.kind() == ControlProblem.Kind.REFUSED).count();
    }

    private Optional<WorkloadEndpointId> id() {
        metadata.required("name");
        final String namespace = metadata.required("namespace");
        final String orchestrator = spec.required("orchestrator");
        final String endpoint = spec.required("endpoint");
        final boolean isPod = KUBERNETES.equals(orchestrator);
        final String workload = spec.required(isPod ? "pod" : "workload");
        if (namespace.isEmpty() || orchestrator.isEmpty() || endpoint.isEmpty() || workload.isEmpty()) {
            return Optional.empty();
        }
        final String workloadId = isPod ? namespace + '/' + workload : workload;
        return Optional.of(new WorkloadEndpointId(orchestrator, workloadId, endpoint));
    }

    private void readNetworks(final List<Ipv4Prefix> ipv4Networks, final List<Ipv6Prefix> ipv6Networks) {
        final List<String> networks = spec.texts("ipNetworks");
        if (networks.isEmpty() && !spec.isPresent("ipNetworks")) {
            spec.refuse("/ipNetworks", "needs at least one address");
        }
        for (int i = 0; i < networks.size(); i++) {
            final String at = "/ipNetworks/" + i;
            final String network = networks.get(i);
            final boolean added = network.indexOf(':') < 0
                ? addOnce(at, spec.read(at, network, Ipv4Prefix::parse), ipv4Networks, Ipv4Prefix.MAX_LENGTH)
                : addOnce(at, spec.read(at, network, Ipv6Prefix::parse), ipv6Networks, Ipv6Prefix.MAX_LENGTH);
            assert added || refusedCount() > 0;
        }
    }

    private <T> boolean addOnce(final String at, final T prefix, final List<T> networks, final int addressLength) {
        if (prefix == null) {
            return false;
        }
        if (!prefix.toString().endsWith("/" + addressLength)) {
            spec.refuse(at, prefix + " holds more than one address: a workload has /" + addressLength);
            return false;
        }
        if (networks.contains(prefix)) {
            spec.refuse(at, prefix + " is listed twice");
            return false;
        }
        return networks.add(prefix);
    }

    private void noteUnsupported() {
        if (spec.isPresent("profiles")) {
            spec.notApplied("profiles",
                "name policy, which this version does not enforce: its traffic is not restricted");
        }
        if (spec.isPresent("ipNATs")) {
            spec.notApplied("ipNATs", "(floating addresses) are not supported by this version");
        }
        if (spec.isPresent("allowSpoofedSourcePrefixes")) {
            spec.notApplied("allowSpoofedSourcePrefixes",
                "is not supported by this version: only the endpoint's own addresses may be sources");
        }
    }

    /**
     * An endpoint with the node it is on.
     *
     * @param object where it was written.
     * @param node   {@code spec.node}.
     * @param update what Felix would send.
     */
    record PlacedEndpoint(ManifestObject object, String node, WorkloadEndpointUpdate update) {
    }
}
