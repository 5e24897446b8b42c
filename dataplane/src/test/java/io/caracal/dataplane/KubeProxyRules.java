package io.caracal.dataplane;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

import io.caracal.lab.LabNode;

/**
 * The nat table of a node as kube-proxy writes it in its iptables mode: the same chains, in the same order, and its mark
 * for what is to be masqueraded (kubernetes, pkg/proxy/iptables/proxier.go). One backend for each service.
 */
final class KubeProxyRules {
    private static final String CLUSTER_CIDR = "10.64.0.0/12";

    private final StringBuilder rules = new StringBuilder("""
        *nat
        :KUBE-SERVICES - [0:0]
        :KUBE-NODEPORTS - [0:0]
        :KUBE-POSTROUTING - [0:0]
        :KUBE-MARK-MASQ - [0:0]
        -A PREROUTING -j KUBE-SERVICES
        -A OUTPUT -j KUBE-SERVICES
        -A POSTROUTING -j KUBE-POSTROUTING
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
        -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
        -A KUBE-POSTROUTING -j MASQUERADE
        """);

    /**
     * Adds a service, over TCP and UDP.
     *
     * @param name short, unique.
     * @param addresses its cluster address, then that of a load balancer.
     * @param nodePort its port on this node.
     * @param backend the pod or host behind it.
     * @param backendPort its port.
     * @param masquerade whether everything is (--masquerade-all), or only what comes from outside the cluster.
     * @param localOnly externalTrafficPolicy Local: what comes from outside keeps its address.
     */
    KubeProxyRules service(final String name, final String[] addresses, final int nodePort, final String backend,
                           final int backendPort, final boolean masquerade, final boolean localOnly) {
        for (final String protocol : new String[] {"tcp", "udp"}) {
            final String id = (name + '-' + protocol).toUpperCase(java.util.Locale.ROOT);
            final String match = "-p " + protocol + " -m " + protocol;
            rules.append("""
                :KUBE-SVC-%1$s - [0:0]
                :KUBE-EXT-%1$s - [0:0]
                :KUBE-SEP-%1$s - [0:0]
                -A KUBE-SERVICES -d %2$s/32 %4$s --dport 80 -j KUBE-SVC-%1$s
                -A KUBE-SERVICES -d %3$s/32 %4$s --dport 80 -j KUBE-EXT-%1$s
                -A KUBE-NODEPORTS %4$s --dport %5$d -j KUBE-EXT-%1$s
                """.formatted(id, addresses[0], addresses[1], match, nodePort));
            rules.append(localOnly ? "-A KUBE-EXT-%1$s -s %2$s -j KUBE-SVC-%1$s%n".formatted(id, CLUSTER_CIDR)
                : "-A KUBE-EXT-%1$s -j KUBE-MARK-MASQ%n".formatted(id));
            rules.append("-A KUBE-EXT-%1$s -j KUBE-SVC-%1$s%n".formatted(id));
            rules.append("-A KUBE-SVC-%1$s %2$s-d %3$s/32 %4$s --dport 80 -j KUBE-MARK-MASQ%n".formatted(
                id, masquerade ? "" : "! -s " + CLUSTER_CIDR + " ", addresses[0], match));
            rules.append("""
                -A KUBE-SVC-%1$s -j KUBE-SEP-%1$s
                -A KUBE-SEP-%1$s -s %2$s/32 -j KUBE-MARK-MASQ
                -A KUBE-SEP-%1$s %3$s -j DNAT --to-destination %2$s:%4$d
                """.formatted(id, backend, match, backendPort));
        }
        return this;
    }

    /** Puts the rules in place, node ports last, as kube-proxy does. */
    void apply(final LabNode node) throws Exception {
        final Process restore = new ProcessBuilder(node.command("iptables-restore")).redirectErrorStream(true).start();
        try (OutputStream in = restore.getOutputStream()) {
            in.write((rules + "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\nCOMMIT\n")
                .getBytes(StandardCharsets.US_ASCII));
        }
        final String said = new String(restore.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!restore.waitFor(20, TimeUnit.SECONDS) || restore.exitValue() != 0) {
            throw new IllegalStateException("iptables-restore: " + said + "\n" + rules);
        }
    }
}
