package io.caracal.policy.model;

/** Which way a packet passes an endpoint. */
public enum PolicyDirection {
    /** Towards the endpoint. */
    INGRESS,
    /** From the endpoint. */
    EGRESS
}
