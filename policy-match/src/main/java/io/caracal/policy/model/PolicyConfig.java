package io.caracal.policy.model;

import java.util.List;

/**
 * Felix's settings that decide about packets.
 *
 * @param interfacePrefixes {@code InterfacePrefix}: how names of workload interfaces begin.
 * @param endpointToHost {@code DefaultEndpointToHostAction}.
 * @param failsafes the failsafe ports.
 * @param guard what pods may never send.
 * @param denyInvalid whether packets that connection tracking calls invalid are dropped: the contrary of
 *     {@code DisableConntrackInvalidCheck}.
 */
public record PolicyConfig(List<String> interfacePrefixes, EndpointToHostAction endpointToHost, FailsafePorts failsafes,
    WorkloadGuard guard, boolean denyInvalid) {
    /** Felix's defaults. */
    public static final PolicyConfig DEFAULTS = new PolicyConfig(List.of("cali"), EndpointToHostAction.DROP,
        FailsafePorts.DEFAULTS, WorkloadGuard.DEFAULTS, true);

    /** Copies the list. */
    public PolicyConfig {
        interfacePrefixes = List.copyOf(interfacePrefixes);
    }

    /**
     * The same with another action for packets from pods to their host.
     *
     * @param action the action.
     * @return a changed copy.
     */
    public PolicyConfig withEndpointToHost(final EndpointToHostAction action) {
        return new PolicyConfig(interfacePrefixes, action, failsafes, guard, denyInvalid);
    }

    /**
     * Whether an interface belongs to a pod, known or not.
     *
     * @param interfaceName its name.
     * @return whether it begins with one of the prefixes.
     */
    public boolean isWorkloadInterface(final String interfaceName) {
        return interfacePrefixes.stream().anyMatch(interfaceName::startsWith);
    }
}
