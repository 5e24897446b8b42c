package io.caracal.policy.model;

/** What the members of an IP set are. Felix's third kind, IP, is never sent (calico.md P15); it is taken as NET. */
public enum IpSetKind {
    /** Addresses and CIDRs. */
    NET,
    /** Address, protocol and port. */
    IP_AND_PORT
}
