package io.caracal.policy.model;

/** Felix's {@code DefaultEndpointToHostAction}: packets of a pod to its own host, after the pod's egress policy. */
public enum EndpointToHostAction {
    /** Dropped. */
    DROP,
    /** Let through. */
    ACCEPT,
    /** Left to the host's own INPUT rules: for policy, let through. */
    RETURN,
    /** Dropped, with an ICMP error to the pod. */
    REJECT;

    /**
     * Reads the configuration value.
     *
     * @param word in any case.
     * @return the action.
     * @throws PolicyException if Felix has no such value.
     */
    public static EndpointToHostAction parse(final String word) {
        return switch (word.toUpperCase(java.util.Locale.ROOT)) {
            case "DROP" -> DROP;
            case "ACCEPT" -> ACCEPT;
            case "RETURN" -> RETURN;
            case "REJECT" -> REJECT;
            default -> throw new PolicyException("DefaultEndpointToHostAction " + word,
                "is none of Drop, Accept, Return, Reject");
        };
    }

    /**
     * Whether policy lets the packet go on to the host.
     *
     * @return whether it is ACCEPT or RETURN.
     */
    public boolean allows() {
        return this == ACCEPT || this == RETURN;
    }
}
