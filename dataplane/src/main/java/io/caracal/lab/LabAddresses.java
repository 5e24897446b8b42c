package io.caracal.lab;

/**
 * The lab's address plan. Each node has a link of its own to the router between the nodes, and pods from a range of
 * its own: node 1 is 10.99.1.2 and fd00:10:99:1::2, its pods are 10.65.0.2 on and fd00:10:65::2 on; node 2 has
 * 10.99.2.2 and 10.66.0.0/16. IPv4 ranges are private (RFC 1918), IPv6 ones unique local (RFC 4193).
 *
 * @param nodeNumber 1 to {@value #NODES_MAX}.
 */
record LabAddresses(int nodeNumber) {
    /** The second byte of the pods' range is 64 + the node's number. */
    static final int NODES_MAX = 100;
    /** Within a /16, less network, first and broadcast address. */
    static final int PODS_MAX = 65_000;
    /** The lowest pod number; .0 and .1 are no pod's, so that nobody takes them for network or gateway. */
    static final int FIRST_POD = 2;

    LabAddresses {
        if (nodeNumber < 1 || nodeNumber > NODES_MAX) {
            throw new IllegalArgumentException("node " + nodeNumber + " of a lab is not 1 to " + NODES_MAX);
        }
    }

    String nodeIpv4() {
        return "10.99." + nodeNumber + ".2";
    }

    String routerIpv4() {
        return "10.99." + nodeNumber + ".1";
    }

    String nodeIpv6() {
        return "fd00:10:99:" + Integer.toHexString(nodeNumber) + "::2";
    }

    String routerIpv6() {
        return "fd00:10:99:" + Integer.toHexString(nodeNumber) + "::1";
    }

    /** No pod's: the node's end of an overlay. */
    String tunnelIpv4() {
        return podIpv4(1);
    }

    String tunnelIpv6() {
        return podIpv6(1);
    }

    String podIpv4(final int podNumber) {
        return "10." + (64 + nodeNumber) + '.' + (podNumber >> 8) + '.' + (podNumber & 0xff);
    }

    String podIpv6(final int podNumber) {
        return "fd00:10:" + (64 + nodeNumber) + "::" + Integer.toHexString(podNumber);
    }

    String podRangeIpv4() {
        return "10." + (64 + nodeNumber) + ".0.0/16";
    }

    String podRangeIpv6() {
        return "fd00:10:" + (64 + nodeNumber) + "::/48";
    }
}
