package io.caracal.policy;

/** Why a step of the evaluation ended as it did. */
public enum DecisionReason {
    /** A rule matched. */
    RULE("a rule matched"),
    /** A tier with policies ended without a match. */
    END_OF_TIER("no policy of the tier matched and its default action is Deny"),
    /** No profile matched. */
    NO_PROFILE_MATCHED("no tier decided and no profile matched"),
    /** A profile that the endpoint names does not exist. */
    PROFILE_MISSING("the profile does not exist, which denies everything"),
    /** The endpoint is not active. */
    ENDPOINT_DOWN("the endpoint is not active"),
    /** A workload interface without endpoint, or an interface that is not known. */
    INTERFACE_UNKNOWN("the interface belongs to no known endpoint"),
    /** Connection tracking calls the packet invalid. */
    CONNECTION_INVALID("the packet belongs to no connection and cannot begin one"),
    /** A failsafe port. */
    FAILSAFE("a failsafe port of the host"),
    /** A pod sends packets of the overlay. */
    TUNNEL_FROM_WORKLOAD("a pod may not send packets of the overlay"),
    /** The chain ended without a match, which goes on. */
    NO_MATCH("nothing matched, which lets the packet go on here"),
    /** The setting for packets from pods to their host. */
    ENDPOINT_TO_HOST("DefaultEndpointToHostAction"),
    /** Neighbour discovery from a pod to its host. */
    NEIGHBOUR_DISCOVERY("neighbour or multicast listener discovery from a pod to its host"),
    /** The host's own packet to its own pod. */
    HOST_TO_WORKLOAD("the host's own packets to its own pods are not policed"),
    /** No host endpoint. */
    NO_HOST_ENDPOINT("no host endpoint covers the interface"),
    /** Every endpoint on the way let it pass. */
    FORWARDED("every endpoint on its way lets it pass");

    private final String sentence;

    DecisionReason(final String sentence) {
        this.sentence = sentence;
    }

    /**
     * For people.
     *
     * @return a sentence without its full stop.
     */
    public String sentence() {
        return sentence;
    }
}
