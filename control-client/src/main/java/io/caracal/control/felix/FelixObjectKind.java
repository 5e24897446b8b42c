package io.caracal.control.felix;

/**
 * The kinds of objects that Felix tells of, in the order in which they are put: what is named comes before what names
 * it. Removals go the other way.
 */
public enum FelixObjectKind {
    /** Felix's settings: one object. */
    CONFIG("configuration"),
    /** IP sets by id. */
    IP_SET("IP set"),
    /** Policies by kind, namespace and name. */
    POLICY("policy"),
    /** Profiles by name. */
    PROFILE("profile"),
    /** Workload endpoints of this node. */
    WORKLOAD_ENDPOINT("workload endpoint"),
    /** Host endpoints of this node. */
    HOST_ENDPOINT("host endpoint"),
    /** Service accounts by namespace and name. */
    SERVICE_ACCOUNT("service account"),
    /** Namespaces by name. */
    NAMESPACE("namespace"),
    /** VXLAN tunnel endpoints by node. */
    VTEP("VXLAN tunnel endpoint"),
    /** Routes by destination. */
    ROUTE("route"),
    /** WireGuard peers by node. */
    WIREGUARD("WireGuard endpoint"),
    /** WireGuard peers for IPv6 by node. */
    WIREGUARD_V6("WireGuard IPv6 endpoint"),
    /** Nodes by name. */
    HOST("node"),
    /** Address pools by id. */
    POOL("address pool"),
    /** Which encapsulations are in use: one object. */
    ENCAPSULATION("encapsulation"),
    /** BGP settings: one object. */
    BGP_CONFIG("BGP configuration"),
    /** Services by namespace and name. */
    SERVICE("service");

    private final String word;

    FelixObjectKind(final String word) {
        this.word = word;
    }

    /**
     * The kind for people.
     *
     * @return its name in running text.
     */
    public String word() {
        return word;
    }
}
