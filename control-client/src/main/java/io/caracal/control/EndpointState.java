package io.caracal.control;

/** Felix's {@code WorkloadEndpoint.state}. Anything but active means: drop all (felix/rules/endpoints.go). */
public enum EndpointState {
    /** Traffic passes as policy says. */
    ACTIVE,
    /** Nothing passes. */
    INACTIVE
}
