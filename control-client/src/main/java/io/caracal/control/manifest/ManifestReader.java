package io.caracal.control.manifest;

import io.caracal.control.ControlException;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlProblem.Kind;
import io.caracal.control.manifest.ManifestModel.Workload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Objects → resources: each by the reader of its kind; all that is wrong is told together. */
final class ManifestReader {
    private static final String CALICO = "projectcalico.org/v3";
    private static final String CORE = "v1";
    private static final Set<String> TOP_FIELDS = Set.of("apiVersion", "kind", "metadata", "spec", "status");

    private final ManifestModel model = new ManifestModel();
    private final List<ControlProblem> problems = new ArrayList<>();
    private final Map<String, Consumer<ManifestFields>> readers = new HashMap<>();

    private ManifestReader() {
        final PolicyReader policies = new PolicyReader(model);
        final EndpointReader endpoints = new EndpointReader(model);
        final NodeReader nodes = new NodeReader(model);
        final FelixSettingsReader settings = new FelixSettingsReader(model);
        kubernetes(policies);
        calico("NetworkPolicy", policies::readNamespaced);
        calico("StagedNetworkPolicy", policies::readNamespaced);
        calico("GlobalNetworkPolicy", policies::readGlobal);
        calico("StagedGlobalNetworkPolicy", policies::readGlobal);
        calico("Tier", policies::readTier);
        calico("Profile", policies::readProfile);
        calico("WorkloadEndpoint", endpoints::readWorkload);
        calico("HostEndpoint", endpoints::readHost);
        calico("NetworkSet", fields -> endpoints.readNetworkSet(fields, true));
        calico("GlobalNetworkSet", fields -> endpoints.readNetworkSet(fields, false));
        calico("Node", nodes::readNode);
        calico("IPPool", nodes::readPool);
        calico("BlockAffinity", nodes::readBlockAffinity);
        calico("BGPConfiguration", nodes::readBgpConfiguration);
        calico("FelixConfiguration", settings::readFelixConfiguration);
        calico("ClusterInformation", settings::readClusterInformation);
    }

    private void kubernetes(final PolicyReader policies) {
        final KubernetesReader core = new KubernetesReader(model);
        readers.put(CORE + " Pod", core::readPod);
        readers.put(CORE + " Namespace", core::readNamespace);
        readers.put(CORE + " ServiceAccount", core::readServiceAccount);
        readers.put(CORE + " Service", core::readService);
        readers.put("discovery.k8s.io/v1 EndpointSlice", core::readEndpointSlice);
        final KubernetesPolicyReader rules = new KubernetesPolicyReader(policies, problems);
        readers.put("networking.k8s.io/v1 NetworkPolicy", rules::readNetworkPolicy);
        for (final String version : List.of("v1alpha1", "v1alpha2", "v1beta1")) {
            final String api = "policy.networking.k8s.io/" + version + " ";
            readers.put(api + "AdminNetworkPolicy", rules::readAdminPolicy);
            readers.put(api + "BaselineAdminNetworkPolicy", rules::readBaselinePolicy);
            readers.put(api + "ClusterNetworkPolicy", rules::readClusterPolicy);
        }
    }

    private void calico(final String kind, final Consumer<ManifestFields> reader) {
        readers.put(CALICO + " " + kind, reader);
    }

    /**
     * What was read.
     *
     * @param model all resources.
     * @param notes objects and fields that nothing is done about.
     */
    record Resources(ManifestModel model, List<ControlProblem> notes) {
    }

    /**
     * Reads all objects.
     *
     * @throws ControlException with every reason for which any object is refused.
     */
    static Resources read(final List<ManifestObject> objects) {
        final ManifestReader reader = new ManifestReader();
        final Map<String, ManifestObject> seen = new HashMap<>();
        objects.forEach(object -> {
            if (reader.isNew(object, seen)) {
                reader.read(object);
            }
        });
        reader.refuseDoubleEndpoints();
        final List<ControlProblem> distinct = reader.problems.stream().distinct().toList();
        final List<ControlProblem> refused = distinct.stream().filter(each -> each.kind() == Kind.REFUSED).toList();
        if (!refused.isEmpty()) {
            throw new ControlException(refused);
        }
        return new Resources(reader.model, distinct);
    }

    private void read(final ManifestObject object) {
        if (object.kind().isEmpty() || object.apiVersion().isEmpty()) {
            problems.add(object.problem(Kind.REFUSED, "", "apiVersion and kind are required"));
            return;
        }
        final Consumer<ManifestFields> reader = readers.get(object.apiVersion() + " " + object.kind());
        if (reader == null) {
            problems.add(object.problem(Kind.NOT_APPLIED, "/kind", "objects of kind " + object.kind() + " ("
                + object.apiVersion() + ") are not supported by this version"));
            return;
        }
        final ManifestFields root = new ManifestFields(object, "", problems);
        if (object.apiVersion().equals(CALICO)) {
            root.allowOnly(TOP_FIELDS);
        }
        reader.accept(root);
    }

    /** Two objects of one name: which of them holds would depend on the files' names. */
    private boolean isNew(final ManifestObject object, final Map<String, ManifestObject> seen) {
        if (object.text("/metadata/name").isEmpty()) {
            return true;
        }
        final ManifestObject first = seen.putIfAbsent(object.identity(), object);
        if (first != null) {
            problems.add(object.problem(Kind.REFUSED, "/metadata/name", "is there twice; first at " + first.place("")));
        }
        return first == null;
    }

    private void refuseDoubleEndpoints() {
        final Map<String, Workload> seen = new HashMap<>();
        for (final Workload workload : model.workloads) {
            final Workload first = seen.putIfAbsent(workload.node() + "/" + workload.key(), workload);
            if (first != null) {
                problems.add(workload.object().problem(Kind.REFUSED, "/spec", "is the same endpoint " + workload.key()
                    + " as " + first.object().title() + " at " + first.object().place("")));
            }
        }
    }
}
