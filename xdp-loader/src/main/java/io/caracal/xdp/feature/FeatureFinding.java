package io.caracal.xdp.feature;

/**
 * What trying a feature has shown.
 *
 * @param feature what was tried.
 * @param presence whether it is there.
 * @param detail what the kernel said when it is not there or could not be tried; empty otherwise.
 */
public record FeatureFinding(KernelFeature feature, Presence presence, String detail) {
    /** The three answers. */
    public enum Presence {
        /** It worked. */
        PRESENT,
        /** The kernel refused it. */
        ABSENT,
        /** It could not be tried: this process lacks a capability. */
        UNKNOWN
    }

    /**
     * Whether it worked.
     *
     * @return false also when it could not be tried.
     */
    public boolean isPresent() {
        return presence == Presence.PRESENT;
    }
}
