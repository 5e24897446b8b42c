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
     * @param isRemote whether the servers are on another node, behind VXLAN.
     * @param isService whether the client knows only a service address, DNATed as kube-proxy does.
     */
    record Layout(int rules, boolean isRemote, boolean isService) {
        /** Both pods on one node, one rule. */
        static final Layout SAME_NODE = new Layout(1, false, false);
        /** The servers on another node. */
        static final Layout OTHER_NODE = new Layout(1, true, false);

        static Layout ofRules(final int rules) {
            return new Layout(rules, false, false);
        }

        static Layout ofService(final boolean isRemote) {
            return new Layout(1, isRemote, true);
        }
    }
}
