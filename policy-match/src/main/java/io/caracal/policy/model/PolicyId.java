package io.caracal.policy.model;

/**
 * Felix's name of a policy.
 *
 * @param name name of the resource.
 * @param namespace its namespace; empty where the kind has none.
 * @param kind kind of the resource, as {@code NetworkPolicy} or {@code StagedGlobalNetworkPolicy}.
 */
public record PolicyId(String name, String namespace, String kind) {
    /**
     * Whether the policy is staged: listed by endpoints, but never enforced.
     *
     * @return whether the kind begins with {@code Staged} (libcalico-go {@code KindIsStaged}).
     */
    public boolean staged() {
        return kind.startsWith("Staged");
    }

    /**
     * The name with its namespace.
     *
     * @return {@code namespace/name}, or the name alone.
     */
    public String qualifiedName() {
        return namespace.isEmpty() ? name : namespace + "/" + name;
    }

    /**
     * The short form of the kind in log prefixes (felix/types/policy_id.go).
     *
     * @return the short form, or the kind itself where Felix knows none.
     */
    public String shortKind() {
        return switch (kind) {
            case "NetworkPolicy" -> "np";
            case "GlobalNetworkPolicy" -> "gnp";
            case "StagedNetworkPolicy" -> "snp";
            case "StagedGlobalNetworkPolicy" -> "sgnp";
            case "StagedKubernetesNetworkPolicy" -> "sknp";
            case "KubernetesNetworkPolicy" -> "knp";
            case "KubernetesClusterNetworkPolicy" -> "kcnp";
            default -> kind;
        };
    }

    @Override
    public String toString() {
        return "policy " + kind + " " + qualifiedName();
    }
}
