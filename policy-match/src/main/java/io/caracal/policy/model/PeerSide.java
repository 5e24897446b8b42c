package io.caracal.policy.model;

/** Which end of the packet a match looks at. */
public enum PeerSide {
    /** Source address and port. */
    SOURCE,
    /** Destination address and port. */
    DESTINATION;

    /**
     * The word for rules in text.
     *
     * @return {@code src} or {@code dst}.
     */
    public String word() {
        return this == SOURCE ? "src" : "dst";
    }
}
