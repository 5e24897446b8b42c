package io.caracal.perf.pods;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.tool.NativeTools;

/**
 * What a path is laid for.
 *
 * @param lab whose nodes the paths stand on.
 * @param tools compiled programs.
 * @param settings where the project is.
 * @param layout what is between the pods.
 */
record PodSetting(Lab lab, NativeTools tools, BenchSettings settings, Layout layout) {
    /**
     * What is between the pods.
     *
     * @param rules of the policy; all but the last never match.
     * @param servers where they are.
     * @param isService whether the client knows only a service address, DNATed as kube-proxy does.
     */
    record Layout(int rules, Servers servers, boolean isService) {
        /** Both pods on one node, one rule. */
        static final Layout SAME_NODE = new Layout(1, Servers.SAME_NODE, false);
        /** The servers on another node. */
        static final Layout OTHER_NODE = new Layout(1, Servers.OTHER_NODE, false);
        /** No pods, but programs on a machine that is no node. */
        static final Layout OUTSIDE = new Layout(1, Servers.OUTSIDE, false);

        static Layout ofRules(final int rules) {
            return new Layout(rules, Servers.SAME_NODE, false);
        }

        static Layout ofService(final boolean isRemote) {
            return new Layout(1, isRemote ? Servers.OTHER_NODE : Servers.SAME_NODE, true);
        }

        boolean isRemote() {
            return servers == Servers.OTHER_NODE;
        }

        boolean isOutside() {
            return servers == Servers.OUTSIDE;
        }
    }

    /** Where the servers are: beside the client, on a node behind VXLAN, or behind NAT-outgoing. */
    enum Servers {
        /** The client's node. */
        SAME_NODE,
        /** Another node, which has nothing but the kernel. */
        OTHER_NODE,
        /** No node of the cluster. */
        OUTSIDE
    }
}
