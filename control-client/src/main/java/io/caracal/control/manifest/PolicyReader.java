package io.caracal.control.manifest;

import io.caracal.control.manifest.ManifestModel.Application;
import io.caracal.control.manifest.ManifestModel.PolicyResource;
import io.caracal.control.manifest.ManifestModel.ProfileResource;
import io.caracal.control.manifest.ManifestModel.TierResource;
import io.caracal.policy.model.PolicyId;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Calico's policies, staged ones too, tiers and profiles (libcalico-go syncersv1/updateprocessors). */
final class PolicyReader {
    static final String DEFAULT_TIER = "default";
    /** What Calico's API stores for a tier without order; the default tier has the same. */
    static final double TIER_ORDER_DEFAULT = 1_000_000;

    private static final Set<String> NAMESPACED_FIELDS = Set.of("tier", "order", "ingress", "egress", "selector",
        "types", "serviceAccountSelector", "performanceHints", "stagedAction");
    private static final Set<String> GLOBAL_FIELDS = Set.of("tier", "order", "ingress", "egress", "selector", "types",
        "serviceAccountSelector", "performanceHints", "stagedAction", "namespaceSelector", "doNotTrack", "preDNAT",
        "applyOnForward");

    private final ManifestModel model;

    PolicyReader(final ManifestModel model) {
        this.model = model;
    }

    /** NetworkPolicy, StagedNetworkPolicy. */
    void readNamespaced(final ManifestFields root) {
        final ManifestFields metadata = root.at("/metadata");
        final String name = metadata.required("name");
        final String namespace = metadata.required("namespace");
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null || isDeletion(spec)) {
            return;
        }
        spec.allowOnly(NAMESPACED_FIELDS);
        final String own = "projectcalico.org/namespace == '" + namespace + "'";
        final String selector = spec.optional("selector");
        final String text = selector.isEmpty() ? own : "(" + selector + ") && " + own;
        if (spec.read("/selector", selector, Selector::parse) != null) {
            add(root, spec, new PolicyId(name, namespace, root.object().kind()), withAccounts(spec, text));
        }
    }

    /** GlobalNetworkPolicy, StagedGlobalNetworkPolicy. */
    void readGlobal(final ManifestFields root) {
        final String name = root.at("/metadata").required("name");
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null || isDeletion(spec)) {
            return;
        }
        spec.allowOnly(GLOBAL_FIELDS);
        final String selector = spec.optional("selector");
        final Selector namespaces =
            spec.read("/namespaceSelector", spec.optional("namespaceSelector"), Selector::parse);
        if (namespaces == null || spec.read("/selector", selector, Selector::parse) == null) {
            return;
        }
        String text = selector;
        if (!spec.optional("namespaceSelector").isEmpty()) {
            text = and(text, namespaces.prefixed(PeerReader.NAMESPACE_PREFIX).toString())
                .replace("all()", "has(" + PeerReader.NAMESPACE_LABEL + ")");
        }
        final boolean accounts = !spec.optional("serviceAccountSelector").isEmpty();
        text = withAccounts(spec, text);
        add(root, spec, new PolicyId(name, "", root.object().kind()),
            accounts && text != null ? text.replace("all()", "has(" + PeerReader.SERVICE_ACCOUNT_LABEL + ")") : text);
    }

    private static boolean isDeletion(final ManifestFields spec) {
        return "Delete".equals(spec.oneOf("stagedAction", "Set", "Delete", "Learn", "Ignore"));
    }

    private static String and(final String left, final String right) {
        return left.isEmpty() ? right : "(" + left + ") && " + right;
    }

    private static String withAccounts(final ManifestFields spec, final String text) {
        final String accounts = spec.optional("serviceAccountSelector");
        if (accounts.isEmpty()) {
            return text;
        }
        final Selector selector = spec.read("/serviceAccountSelector", accounts, Selector::parse);
        return selector == null ? null : and(text, selector.prefixed(PeerReader.SERVICE_ACCOUNT_PREFIX).toString());
    }

    private void add(final ManifestFields root, final ManifestFields spec, final PolicyId id,
        final String selectorText) {
        final Selector selector =
            selectorText == null ? null : spec.read("/selector", selectorText, Selector::parse);
        final Double order = spec.decimal("order");
        final List<ManifestFields> ingress = spec.objects("ingress");
        final List<ManifestFields> egress = spec.objects("egress");
        final List<String> types = types(spec, ingress.isEmpty(), egress.isEmpty());
        final CompiledRules ingressRules = RuleReader.read(ingress, id.namespace());
        final CompiledRules egressRules = RuleReader.read(egress, id.namespace());
        final String tier = spec.optional("tier");
        if (selector != null) {
            model.policies.add(new PolicyResource(root.object(), id, tier.isEmpty() ? DEFAULT_TIER : tier,
                order == null ? Double.POSITIVE_INFINITY : order, selector, types.contains("Ingress"),
                types.contains("Egress"), application(spec), ingressRules, egressRules,
                spec.texts("performanceHints")));
        }
    }

    private static Application application(final ManifestFields spec) {
        final boolean untracked = spec.flag("doNotTrack");
        final boolean preDnat = spec.flag("preDNAT");
        if (untracked && preDnat) {
            spec.refuse("/preDNAT", "cannot be together with doNotTrack");
        }
        return untracked ? Application.UNTRACKED : preDnat ? Application.PRE_DNAT
            : spec.flag("applyOnForward") ? Application.NORMAL_AND_FORWARD : Application.NORMAL;
    }

    /** Where a policy does not say, the rules do, as Calico's API decides when it stores the policy. */
    private static List<String> types(final ManifestFields spec, final boolean noIngress, final boolean noEgress) {
        final List<String> types = spec.texts("types");
        for (int i = 0; i < types.size(); i++) {
            if (!List.of("Ingress", "Egress").contains(types.get(i))) {
                spec.refuse("/types/" + i, "is " + types.get(i) + ", neither Ingress nor Egress");
            }
        }
        if (!types.isEmpty()) {
            return types;
        }
        return noEgress ? List.of("Ingress") : noIngress ? List.of("Egress") : List.of("Ingress", "Egress");
    }

    void readTier(final ManifestFields root) {
        final String name = root.at("/metadata").required("name");
        final ManifestFields spec = root.part("spec");
        if (spec == null) {
            model.tiers.put(name, new TierResource(TIER_ORDER_DEFAULT, "Deny"));
            return;
        }
        spec.allowOnly(Set.of("order", "defaultAction"));
        final Double order = spec.decimal("order");
        model.tiers.put(name, new TierResource(order == null ? TIER_ORDER_DEFAULT : order,
            spec.oneOf("defaultAction", "Deny", "Pass")));
    }

    void readProfile(final ManifestFields root) {
        final String name = root.at("/metadata").required("name");
        final ManifestFields spec = root.part("spec");
        if (spec == null) {
            model.profiles.put(name,
                new ProfileResource(root.object(), Map.of(), CompiledRules.NONE, CompiledRules.NONE));
            return;
        }
        spec.allowOnly(Set.of("ingress", "egress", "labelsToApply"));
        model.profiles.put(name, new ProfileResource(root.object(), spec.map("labelsToApply"),
            RuleReader.read(spec.objects("ingress"), ""), RuleReader.read(spec.objects("egress"), "")));
    }
}
