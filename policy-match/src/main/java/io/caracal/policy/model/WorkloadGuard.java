package io.caracal.policy.model;

/**
 * What pods may not send whatever their policy says: the overlay's own packets.
 *
 * @param vxlanPort UDP destination port of VXLAN ({@code VXLANPort}).
 * @param allowVxlan {@code AllowVXLANPacketsFromWorkloads}.
 * @param allowIpip {@code AllowIPIPPacketsFromWorkloads}.
 */
public record WorkloadGuard(int vxlanPort, boolean allowVxlan, boolean allowIpip) {
    /** Felix's defaults. */
    public static final WorkloadGuard DEFAULTS = new WorkloadGuard(4789, false, false);
}
